"""What a testbed is, whatever it is made of: the services of one run, and the engine that makes them.

``heartbed.testbed.containers`` makes it of Docker's containers. The unit tests make one of this process's own
threads (``tests/unit/bench.py``), by which every ending of a run is tested without Docker.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from heartbed.errors import TestbedError
from heartbed.testbed.labels import Labels

LOG_LINES = 25
HELD, LETS_GO = "HEARTBED_HELD", "CONT"
"""The variable by which the RPC server and the controls are held before they connect, and the signal that lets them go
(``wsgi_app.gate``)."""


@dataclass(frozen=True)
class Address:
    """Where a started service is: its address on the run's network, its id, and its first process on the host.

    ``host_pid`` is 0 for one that has ended; ``ip`` is empty for one that lives in the network of another.
    """

    ip: str
    container: str
    host_pid: int


class LogFeed(Protocol):
    """A log as it comes, each line behind its time; closed by whoever does not want more of it."""

    def __iter__(self) -> Iterator[bytes]:
        """Pieces of any length."""

    def close(self) -> None:
        """End it, from any thread."""


@dataclass(frozen=True)
class Change:
    """What has been done to a service's container, by whomever; ``t`` is the engine's time, epoch seconds."""

    t: float
    service: str
    action: str


class ChangeFeed(Protocol):
    """Changes as they come; closed by whoever does not want more of them."""

    def __iter__(self) -> Iterator[Change]:
        """Each as it comes."""

    def close(self) -> None:
        """End it, from any thread."""


class Testbed(Protocol):
    """The services of one run."""

    def create(self, services: Sequence[str] = ()) -> None:
        """Make these services, or all that are not made yet, starting none. Raises ``TestbedError``."""

    def start(self, service: str) -> None:
        """Start one service. Raises ``TestbedError`` when it cannot start."""

    def running(self, service: str) -> bool:
        """Whether it runs at this moment."""

    def on_end(self, service: str, tell: Callable[[], None]) -> None:
        """Have ``tell`` called, in a thread of its own, when a started service ends."""

    def address(self, service: str) -> Address:
        """Where a started service is."""

    def url(self, service: str) -> str:
        """Where a cell answers, as seen from this machine. Raises ``TestbedError`` for one that has ended."""

    def amqp_port(self) -> int:
        """Where the broker answers on 127.0.0.1. Raises ``TestbedError``."""

    def log(self, service: str, lines: int = LOG_LINES) -> list[str]:
        """The last lines of a service's log; none where it cannot be had."""

    def follow(self, service: str) -> LogFeed:
        """The log of a service from its beginning, and on as it grows."""

    def changes(self) -> ChangeFeed:
        """What is done to the services from now on: paused, taken off the network, ended."""

    def inside(self, service: str, *command: str) -> list[str]:
        """The command of this machine that runs ``command`` inside a started service, with its standard streams."""

    def pause(self, service: str) -> None:
        """Let the processes of a started service stand still. Raises ``TestbedError``."""

    def resume(self, service: str) -> None:
        """Let them go on, if they stand still. Raises ``TestbedError``."""

    def stop(self, service: str) -> None:
        """Stop a service, in order; ``start`` starts it again. Raises ``TestbedError``."""

    def signal(self, service: str, signal: str) -> None:
        """Send a signal, named without ``SIG``, to the first process of a service. Raises ``TestbedError``."""

    def execute(self, service: str, *command: str) -> str:
        """Run a command inside a started service; what it printed. Raises ``TestbedError`` where it fails."""

    def enter_network(self, service: str, *command: str) -> str:
        """Run a command of the observer's image with NET_ADMIN in the network of a started service.

        Returns what it printed. Raises ``TestbedError`` where it fails.
        """

    def failure(self, service: str, what: str) -> TestbedError:
        """An error about a service, with the last lines of its log and a hint on it."""

    def remove(self, services: Sequence[str]) -> None:
        """Remove these services ahead of ``down``, which tries again whatever does not go now."""

    def down(self) -> None:
        """Remove all that was made. May be called at any time, also twice.

        Raises ``TestbedError`` when something could not be removed.
        """


@dataclass(frozen=True)
class Needs:
    """What something needs of the machine beyond what every run has.

    ``commands`` must succeed in a container of the observer's image that has
    the ``capabilities`` and a network of its own. ``stillness`` is that
    containers can be paused, for which the engine must have control groups.
    """

    capabilities: tuple[str, ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    stillness: bool = False


@dataclass(frozen=True)
class Machine:
    """What a run takes place on: the engine's host, and the versions of the engine's parts."""

    host: Mapping[str, Any] = field(default_factory=dict)
    docker: Mapping[str, str] = field(default_factory=dict)


class Engine(Protocol):
    """What testbeds are made on."""

    def sweep(self) -> None:
        """Remove what killed runs left behind."""

    def machine(self) -> Machine:
        """The machine that it makes them on. Raises ``TestbedError``."""

    def lacks(self, needs: Needs, image: str) -> str:
        """What the machine lacks, tried out in containers of ``image``; empty where it has all that is needed."""

    def files(self, images: Collection[str], worth: Collection[str], labels: Labels) -> Mapping[str, Mapping[str, str]]:
        """The volumes that have files of these images, by their ids: folder -> volume.

        They are filled for those that are ``worth`` it. None where the engine's containers read their images as fast.
        """

    def testbed(self, project: str, run: str, file: Path) -> Testbed:
        """The testbed that a Compose file describes, of which nothing is made yet."""
