"""The stack by hand: its .env is read as Compose reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed.errors import InputError
from heartbed.testbed.by_hand import PORTS, ByHand, ensure_password, read_env

AMQP = "HEARTBED_AMQP_PORT"


@pytest.fixture(autouse=True)
def _unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PORTS, "HEARTBED_PASSWORD"):
        monkeypatch.delenv(name, raising=False)


def ports(tmp_path: Path, line: str) -> dict[str, int]:
    (tmp_path / ".env").write_text(line)
    return ByHand(tmp_path).ports()


@pytest.mark.parametrize(
    "line",
    [
        f"{AMQP}=8090",
        f'{AMQP}="8090"',
        f"{AMQP}='8090'",
        f"{AMQP}=8090  # the broker",
        f'{AMQP}="8090" # the broker',
        f"export {AMQP}=8090",
        f"  {AMQP} = 8090\r\n",
        f"OTHER=8090\n{AMQP}=${{OTHER}}",
    ],
)
def test_a_port_is_read_as_compose_reads_it(tmp_path: Path, line: str) -> None:
    assert ports(tmp_path, line)[AMQP] == 8090


@pytest.mark.parametrize("value", ["x", "80", "70000", "9" * 5000, "²", "8090.0"])
def test_a_port_that_is_none_is_wrong_input(tmp_path: Path, value: str) -> None:
    with pytest.raises(InputError, match=f"{AMQP}=.* is not a port"):
        ports(tmp_path, f"{AMQP}={value}\n")


def test_what_the_shell_has_comes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(AMQP, "8091")
    assert ports(tmp_path, f"{AMQP}=8090\n")[AMQP] == 8091


def test_without_a_file_each_has_its_usual_port(tmp_path: Path) -> None:
    assert ByHand(tmp_path).ports() == PORTS


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_cannot_be_read_is_wrong_input(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / ".env"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"cannot read|is not a file but a folder"):
        read_env(path)


def test_a_password_is_made_once_and_other_lines_stay(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(f"{AMQP}=8090  # mine\n")
    ensure_password(path)
    made = read_env(path)["HEARTBED_PASSWORD"]
    ensure_password(path)
    assert path.read_text().startswith(f"{AMQP}=8090  # mine\n")
    assert read_env(path)["HEARTBED_PASSWORD"] == made
    assert path.stat().st_mode & 0o077 == 0
