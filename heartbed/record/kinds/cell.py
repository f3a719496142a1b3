"""The cell."""

from __future__ import annotations

from typing import ClassVar

from pydantic import ConfigDict, Field

from heartbed.record.kinds.base import Kind

YIELDING = "yielding page"
"""What a request is for that waits for an answer on a socket, as one does that reads a database."""


class CellAddress(Kind):
    """A cell's container has started."""

    KIND: ClassVar[str] = "cell.address"
    ip: str = Field(description="its address in the run's network")
    container: str | None = Field(default=None, description="its id")
    container_pid: int | None = Field(default=None, description="its first process as the host numbers it")


REMOVED = "removed"


class CellState(Kind):
    """A cell has come so far."""

    KIND: ClassVar[str] = "cell.state"
    state: str = Field(
        description="`starting`, `loading`, `ready`, `opened`, `asking`, `done`, `failed`, `left_out`; `removed`: "
        "nothing is wanted of it any more, and what follows is the end of its container"
    )
    pids: list[int] = Field(default=[], description="with `opened`: the processes that hold connections")
    after_s: int | None = Field(default=None, description="with `loading`: for how long, seconds")
    reason: str = Field(
        default="it did not start", description="with `failed`: why; with `left_out`: why others are played without it"
    )
    log: list[str] = Field(default=[], description="with `failed`: the last lines of its log")


class AppFacts(Kind):
    """What the application says it is; `wsgi_app/facts.py` tells each fact. Those that verdicts read are below."""

    model_config = ConfigDict(extra="allow")
    KIND: ClassVar[str] = "app.facts"
    application: str | None = Field(default=None, description="the application's name; null for a user's own")
    server: str | None = Field(default=None, description="the MPM under httpd, else `uwsgi` or `gunicorn`")
    options: dict[str, str] = Field(default={}, description="of the server's settings, by the names of axes")
    mpm: str | None = Field(default=None, description="`prefork`, `event` or `worker`")
    mode: str | None = Field(default=None, description="`embedded` or `daemon`")
    threads: int | None = Field(default=None, description="request threads of each process")
    python: str | None = Field(default=None, description="the Python that runs, as `3.13`")
    model: str | None = Field(default=None, description="`eventlet`, `gevent` or `native`")
    heartbeat_timeout_threshold: int | None = Field(default=None, description="seconds; 0 is no heartbeat")
    heartbeat_rate: int | None = Field(default=None, description="checks for each timeout")
    heartbeat_in_pthread_exists: bool | None = Field(default=None, description="whether there is such an option")
    heartbeat_in_pthread: bool | None = Field(default=None, description="its value in force")
    conn_pool_size: int | None = Field(default=None, description="connections that the pool may hold")
    conn_pool_ttl: int | None = Field(default=None, description="seconds after which the pool may drop a connection")
    modules: list[str] = Field(default=[], description="of a user's own: what it has loaded to speak to RabbitMQ")
    versions: dict[str, str] = Field(default={}, description="package → version")
    sources: dict[str, str] = Field(
        default={}, description="package → commit or contents, of libraries that the user has brought"
    )


class Request(Kind):
    """An HTTP request to the application; `t` is when it was sent."""

    KIND: ClassVar[str] = "request"
    number: int = Field(default=0, description="of the cell's requests, from 1 in the order in which they were sent")
    phase: str = Field(description="`open`, `before`, `during` (the idle period, by the probe), `after`")
    what: str = Field(description="`facts`, `cast`, `call`; `page` and `yielding page` do not touch RabbitMQ")
    burst: str | None = Field(default=None, description="the burst that it was part of; null: sent by itself")
    attempt: int = Field(default=1, description="of the bursts of that name, which it was part of, from 1")
    method: str = Field(default="GET", description="HTTP's")
    path: str = Field(default="", description="what was asked for")
    status: int | None = Field(default=None, description="HTTP's; null: no answer at all")
    ms: float = Field(default=0, description="from sending it to the answer's end, or to giving up; milliseconds")
    thread: int | None = Field(default=None, description="the OS thread that answered")
    request_id: str | None = Field(default=None, description="as the application's log has it")
    patience_s: float | None = Field(
        default=None,
        description="without an answer: it was to be given up when the cell had stood still for so long, seconds",
    )
    error: str | None = Field(default=None, description="what went wrong, or the answer's text from status 400 on")

    @property
    def needs_rabbitmq(self) -> bool:
        """Whether it makes the application use a broker connection."""
        return self.what not in ("facts", "page", YIELDING)

    @property
    def failed(self) -> bool:
        """Whether it was refused, or not answered at all."""
        return self.status is None or self.status >= 400


class AppLog(Kind):
    """Words in the log of a cell; of a logger's at debug level the first 200, and then how many more there were."""

    KIND: ClassVar[str] = "app.log"
    source: str = Field(default="app", description="`app` or `httpd`")
    level: str | None = Field(default=None, description="null: printed to stderr, such as a traceback")
    logger: str | None = Field(default=None, description="the access log's is `access`; null: as for `level`")
    text: str = Field(description="what was said; several lines where they belong together")
    thread: int | None = Field(default=None, description="the OS thread that said it")
    request_id: str | None = Field(default=None, description="of the request that it belongs to")


class AppExit(Kind):
    """A child process ended, as httpd's log has it; it says nothing of one killed by SIGKILL, `process.gone` does."""

    KIND: ClassVar[str] = "app.exit"
    reason: str = Field(description="httpd's words")


class RpcArrived(Kind):
    """The RPC server has been handed a message; its `cell` is the sender's where the message says so."""

    KIND: ClassVar[str] = "rpc.arrived"
    what: str = Field(description="`cast` or `call`")
    method: str = Field(default="", description="that it asks for")
    namespace: str | None = Field(default=None, description="of the method")
    version: str | None = Field(default=None, description="of the interface")
    request_id: str | None = Field(default=None, description="of the request that it was sent for")
