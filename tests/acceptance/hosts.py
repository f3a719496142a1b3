"""Hosts for shards, of this machine: each a network namespace with a Docker engine and a worker of Dask's in it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import docker

from heartbed.places import ROOT
from heartbed.waiting import Deadline, until

NEEDED = ("ip", "nsenter", "dockerd")
UP_S = 60.0
LOAD_S = 300.0
DASK = Path(sys.executable).with_name("dask")


def lacking() -> str:
    """Why there can be no such hosts here; empty where there can."""
    missing = [each for each in NEEDED if shutil.which(each) is None]
    if missing:
        return f"there is no {', '.join(missing)} here"
    return "" if os.geteuid() == 0 else "network namespaces and engines need root"


@dataclass
class Host:
    """One of them. Its engine has its own folders, its own containerd and its own images."""

    number: int
    folder: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of its namespace, and of its end of the cable."""
        return f"hbhost{self.number}"

    @property
    def gateway(self) -> str:
        """Where it finds this machine."""
        return f"10.213.{self.number}.1"

    @property
    def address(self) -> str:
        """Where it is found."""
        return f"10.213.{self.number}.2"

    @property
    def docker(self) -> str:
        """Its engine's address."""
        return f"unix://{self.folder}/docker.sock"

    def containers(self) -> list[str]:
        """What its engine runs now."""
        with contextlib.closing(docker.DockerClient(self.docker)) as client:
            return [str(each.name) for each in client.containers.list(ignore_removed=True)]

    def cable(self) -> None:
        """Its namespace, joined to this machine by a pair of interfaces."""
        _run("ip", "netns", "add", self.name)
        _run("ip", "link", "add", self.name, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _run("ip", "addr", "add", f"{self.gateway}/30", "dev", self.name)
        _run("ip", "link", "set", self.name, "up")
        for command in (
            ("ip", "link", "set", "lo", "up"),
            ("ip", "addr", "add", f"{self.address}/30", "dev", "eth0"),
            ("ip", "link", "set", "eth0", "up"),
            ("ip", "route", "add", "default", "via", self.gateway),
        ):
            _run(*self.inside(*command))

    def inside(self, *command: str) -> list[str]:
        """A command in its network, and in nothing else of its own: what is mounted here an engine needs, too."""
        return ["nsenter", f"--net=/run/netns/{self.name}", *command]

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start something in its network, whose words go into its folder."""
        log = (self.folder / f"{Path(command[0]).name}.log").open("ab")
        environ = {**os.environ, "DOCKER_HOST": self.docker, "HEARTBED_RUNS": str(self.folder / "runs")}
        process = subprocess.Popen(
            self.inside(*command), cwd=ROOT, env=environ, stdout=log, stderr=log, start_new_session=True
        )
        self.running.append(process)
        return process

    def engine(self, driver: str) -> None:
        """Start its engine, with this machine's way of storing images."""
        settings = self.folder / "daemon.json"
        told = {
            "hosts": [self.docker],
            "data-root": str(self.folder / "data"),
            "exec-root": str(self.folder / "exec"),
            "pidfile": str(self.folder / "pid"),
            "storage-driver": driver,
            "containerd-namespace": self.name,
        }
        settings.write_text(json.dumps(told))
        self.start("dockerd", "--config-file", str(settings), "--containerd-plugins-namespace", f"{self.name}.plugins")

        def answers() -> bool:
            with contextlib.suppress(docker.errors.DockerException):
                return bool(self.containers() == [])
            return False

        until(answers, Deadline(UP_S), partial(_failed, self.folder), "no engine answers")

    def load(self, images: Path) -> None:
        """Give it images."""
        command = ["docker", "--host", self.docker, "load", "--quiet", "--input", str(images)]
        subprocess.run(command, check=True, timeout=LOAD_S, stdout=subprocess.DEVNULL)

    def work(self, port: int) -> subprocess.Popen[bytes]:
        """Start a worker of the scheduler on that port of this machine."""
        where = ["--local-directory", str(self.folder), "--no-nanny", "--no-dashboard"]
        return self.start(str(DASK), "worker", f"tcp://{self.gateway}:{port}", "--nthreads", "1", *where)

    def serve_ssh(self, home: Path) -> None:
        """Let whoever has the key in a home folder in, with this host's engine for theirs."""
        key, settings = self.folder / "key", self.folder / "sshd_config"
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
        told = {
            "HostKey": key,
            "PidFile": "none",
            "AuthorizedKeysFile": home / ".ssh" / "id_ed25519.pub",
            "StrictModes": "no",
            "UsePAM": "no",
            "SetEnv": f"DOCKER_HOST={self.docker}",
        }
        settings.write_text("".join(f"{name} {value}\n" for name, value in told.items()))
        with (home / ".ssh" / "known_hosts").open("a") as known:
            known.write(f"{self.address} {key.with_suffix('.pub').read_text()}")
        Path("/run/sshd").mkdir(exist_ok=True)
        self.start(shutil.which("sshd") or "sshd", "-D", "-e", "-f", str(settings))

    def remove(self) -> None:
        """End and remove all of it."""
        with (
            contextlib.suppress(docker.errors.DockerException),
            contextlib.closing(docker.DockerClient(self.docker)) as c,
        ):
            for each in c.containers.list(all=True, ignore_removed=True):
                each.remove(force=True)
        for process in reversed(self.running):
            end(process)
        for mounted in sorted(self.folder.glob("exec/netns/*")):
            subprocess.run(["umount", str(mounted)], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)
        subprocess.run(["ip", "link", "del", self.name], check=False, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def end(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    """End a process and those that it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, how)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def hosts(images: Sequence[str]) -> Iterator[list[Host]]:
    """Two of them, which have these images of this machine's engine, by all the names that they have here."""
    with contextlib.ExitStack() as stack, contextlib.closing(docker.from_env()) as here:
        # The path of a socket is short.
        place = Path(tempfile.mkdtemp(prefix="hb", dir="/tmp"))
        stack.callback(shutil.rmtree, place, ignore_errors=True)
        archive = place / "images.tar"
        names = [tag for image in images for tag in here.images.get(image).tags]
        subprocess.run(["docker", "save", "--output", str(archive), *names], check=True, timeout=LOAD_S)
        made = []
        for each in (1, 2):
            host = Host(each, place / str(each))
            host.folder.mkdir()
            stack.callback(host.remove)
            host.cable()
            host.engine(here.info()["Driver"])
            host.load(archive)
            made.append(host)
        join(*made)
        yield made


def join(one: Host, other: Host) -> None:
    """A cable between the two, so that the workers of one find a scheduler on the other."""
    _run(
        "ip", "link", "add", "direct", "netns", one.name, "type", "veth", "peer", "name", "direct", "netns", other.name
    )
    ends = (one, "10.213.0.1", "10.213.0.2", other), (other, "10.213.0.2", "10.213.0.1", one)
    for host, mine, theirs, beyond in ends:
        _run(*host.inside("ip", "addr", "add", f"{mine}/30", "dev", "direct"))
        _run(*host.inside("ip", "link", "set", "direct", "up"))
        _run(*host.inside("ip", "route", "add", beyond.address, "via", theirs))


@contextlib.contextmanager
def scheduler(folder: Path) -> Iterator[int]:
    """The port of a scheduler on all addresses of this machine."""
    told = folder / "scheduler.json"
    command = [str(DASK), "scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(told)]
    with (folder / "scheduler.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        until(told.is_file, Deadline(UP_S), partial(_failed, folder), "no scheduler comes up")
        yield int(json.loads(told.read_text())["address"].rpartition(":")[2])
    finally:
        end(process)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def _failed(folder: Path, what: str) -> AssertionError:
    logs = "\n".join(path.read_text(errors="replace")[-3000:] for path in folder.glob("*.log"))
    return AssertionError(f"{what}\n{logs}")
