"""The run."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from heartbed.record.kinds.base import Kind, Part

NOTHING = "nothing touches the cells"
"""What is done meanwhile where nothing is."""


class AskedProbe(Part):
    """One probe as it was asked for."""

    name: str = Field(description="with those parameters that are not at their default: `trickle:pages=4`")
    parameters: dict[str, float] = Field(default={}, description="all of them")
    meanwhile: str = Field(default=NOTHING, description="what it does to its cells in the window, in words")


class AskedCell(Part):
    """One cell as it was asked for, under one probe."""

    name: str = Field(description="the cell's full name")
    subject: str | None = Field(default=None, description="the `cell` of its events; null: `name`")
    probe: str | None = Field(default=None, description="the name of its probe; null: the run's")
    act: int = Field(default=1, description="cells of the same act share a window; acts follow one another")
    control: bool = Field(default=False, description="a client outside every server, played along as a control")
    attempt: int = Field(default=1, description="of the copies of a cell that are played at once, from 1")
    factors: dict[str, str] = Field(default={}, description="axis → token, defaults filled in")
    versions: dict[str, str] = Field(
        default={}, description="package → version of what was asked for, a release's whole set"
    )
    patched: dict[str, str] = Field(
        default={}, description="package → commit or contents, of libraries of the user's own in the place of releases"
    )
    stands_in: str = Field(default="", description="what of it is not the release's own, in words")
    left_to_library: list[str] = Field(
        default=[], description="axes that are not set: their factor is the installed library's default"
    )
    heartbeat_s: int | None = Field(default=None, description="the heartbeat timeout that it is to ask for, seconds")
    processes: int = Field(default=1, description="that run the application")
    threads: int | None = Field(default=None, description="request threads of each process")
    purposes: list[str] | None = Field(
        default=None, description="of the connections that it is to open; null: `SEND` and `LISTEN`"
    )

    @property
    def service(self) -> str:
        """The ``cell`` of its events, which is the name of its service."""
        return self.subject or self.name


class AskedShard(Part):
    """The shard of a greater question that a run is."""

    number: int = Field(description="from 1")
    of: int = Field(description="how many there are")
    question: str = Field(description="the same in all shards of a question")
    cells: list[str] = Field(description="that this shard is to play, in this run or in several")


class RunStart(Kind):
    """Always the first line: what is run, with what, on what.

    A record that was merged begins with one that has ``merged``; each shard follows, from its own beginning to its end.
    """

    KIND: ClassVar[str] = "run.start"
    run: str = Field(description="its name")
    heartbed: str = Field(default="", description="version")
    code: str = Field(default="", description="hash of the files of the heartbed that plays")
    probe: str = Field(default="idle", description="the probe's name; of several, with commas")
    probes: list[AskedProbe] = Field(default=[], description="all that are played")
    heartbeat_s: float = Field(default=2, description="the heartbeat timeout of cells that name none, seconds")
    margin_s: float | None = Field(default=None, description="that is idled beyond three timeouts, seconds")
    rpc_timeout_s: float | None = Field(default=None, description="after which a call gives up, seconds")
    untrusted: bool = Field(default=False, description="whether nothing was let into the cells' processes")
    cells: list[AskedCell] = Field(default=[], description="those that are played")
    skipped: list[dict[str, str]] = Field(default=[], description="`{probe, reason}` of those that are not played")
    left_out: list[dict[str, str]] = Field(default=[], description="`{name, reason}` of those that are not")
    notes: list[str] = Field(default=[], description="where a release's versions are not its own")
    host: dict[str, Any] = Field(default={}, description="`{hostname, kernel, system, cores, memory_octets, python}`")
    docker: dict[str, Any] = Field(default={}, description="`{engine, compose}`")
    images: dict[str, Any] = Field(default={}, description="name → `{tag, id}`")
    calls: bool = Field(default=False, description="whether a control calls the RPC server before and after idling")
    argv: list[str] = Field(default=[], description="the command line, without what may be secret in it")
    shard: AskedShard | None = Field(default=None, description="which shard it is; null: the whole")
    merged: list[str] = Field(default=[], description="names of the runs whose records follow, of which it is made")


class RunForecast(Kind):
    """What the run is expected to take, before anything is started."""

    KIND: ClassVar[str] = "run.forecast"
    seconds: float = Field(description="from its first container to its last")
    octets: int = Field(description="of memory, at the most at a time")
    available_octets: int = Field(description="of memory, that programs could have on this machine")
    acts: int = Field(default=1, description="in which cells are played, one after another")
    known: bool = Field(default=False, description="whether by what such runs took here; else it is a guess")


class RunPhase(Kind):
    """The run has come so far."""

    KIND: ClassVar[str] = "run.phase"
    phase: str = Field(description="`starting`, `opening`, `idle`, `asking`, `dissecting`")
    act: int | None = Field(default=None, description="the act that has come so far; null: the run as a whole")
    until: float | None = Field(default=None, description="with `idle`: when it is to end, epoch seconds")
    meanwhile: str = Field(default=NOTHING, description="with `idle`: what the probe does to the cells, in words")


class Intervention(Kind):
    """Something that a probe does to a part of the run: told when it begins, and again when it is over."""

    KIND: ClassVar[str] = "intervention"
    who: str = Field(description="the probe")
    act: int = Field(default=1, description="the act in which it plays")
    number: int = Field(description="of what this probe does in this act; the end has that of the beginning")
    what: str = Field(description="in words: `paused`, `stopped`, `ran httpd -k graceful in`, ...")
    where: str = Field(description="the service: `rabbitmq`, or the subject's name")
    begun: float = Field(validation_alias="from", serialization_alias="from", description="epoch seconds")
    ended: float | None = Field(
        default=None, validation_alias="to", serialization_alias="to", description="epoch seconds; null: not over"
    )
    details: dict[str, Any] = Field(default={}, description="what else is to be known of it")
    error: str | None = Field(default=None, description="why it could not be undone")
    refused: str | None = Field(default=None, description="why it could not be done; what was begun of it is undone")


class RunEnd(Kind):
    """The last line; a record without it belongs to a run that was killed."""

    KIND: ClassVar[str] = "run.end"
    status: str = Field(description="`complete`, `interrupted`, `failed`")
    reason: str | None = Field(default=None, description="why it is not complete")
