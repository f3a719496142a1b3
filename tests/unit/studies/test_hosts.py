"""Hosts that are reached by SSH: each is asked before anything is started on any. The server is a real one."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from heartbed.errors import TestbedError
from heartbed.studies import hosts


async def _obey(process: Any) -> None:
    """Do what the client asks for, as a shell."""
    done = await asyncio.create_subprocess_shell(
        process.command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await done.communicate()
    process.stdout.write(out.decode())
    process.stderr.write(err.decode())
    process.exit(done.returncode)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for name in ("host", "user"):
        key = asyncssh.generate_private_key("ssh-ed25519")
        key.write_private_key(str(folder / name))
        key.write_public_key(str(folder / f"{name}.pub"))
    return folder


@pytest.fixture(scope="module")
def port(keys: Path) -> Iterator[int]:
    """Where the server listens."""
    loop = asyncio.new_event_loop()
    serving = threading.Thread(target=loop.run_forever, daemon=True)
    serving.start()

    async def listen() -> asyncssh.SSHAcceptor:
        host_keys, clients = [str(keys / "host")], str(keys / "user.pub")
        return await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=host_keys, authorized_client_keys=clients, process_factory=_obey
        )

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result(10)
    yield server.get_port()
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    serving.join(10)


@pytest.fixture(autouse=True)
def _config(tmp_path: Path, keys: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """This user's way to the hosts ``a`` and ``b``; ``c`` is there and does not listen."""
    folder = tmp_path / ".ssh"
    folder.mkdir()
    host_key = (keys / "host.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}")
    ways = [f"Host {name}\n HostName 127.0.0.1\n Port {at}\n" for name, at in (("a", port), ("b", port), ("c", 1))]
    (folder / "config").write_text("".join(f"{way} IdentityFile {keys / 'user'}\n" for way in ways))
    monkeypatch.setenv("HOME", str(tmp_path))


def asked(names: list[str], python: str = sys.executable) -> None:
    asyncio.run(hosts._all_let_in(names, python))


def test_hosts_that_have_heartbed_can_play() -> None:
    asked(["a", "b", "a"])


def test_each_host_that_cannot_is_named_with_its_reason() -> None:
    with pytest.raises(TestbedError, match=r"^1 of 2 hosts cannot play$") as raised:
        asked(["a", "c"])
    (line,) = raised.value.log
    assert line.startswith("c: ")
    assert "Connect call failed" in line


@pytest.mark.parametrize(("python", "why"), [("/nothing/python3", "nothing/python3"), ("false", "false ended with 1")])
def test_what_a_host_says_of_a_python_that_has_no_heartbed_is_told(python: str, why: str) -> None:
    with pytest.raises(TestbedError, match=r"^1 of 1 host cannot play$") as raised:
        asked(["a"], python)
    assert why in raised.value.log[0]
    assert python in (raised.value.hint or "")


def test_nothing_is_started_where_one_of_them_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        pytest.fail("a cluster was begun")

    monkeypatch.setattr("distributed.SSHCluster", started)
    monkeypatch.setenv(hosts.REMOTE_PYTHON, sys.executable)
    with pytest.raises(TestbedError, match="cannot play"), hosts.connected("a,c"):
        pass
