"""Every cause that a verdict can have: its code, its words and what it means. The rules that find them name them here.

Reports and docs/verdicts.md take what they say from this table. A new cause is a row here, and a rule in the module
that asks its question: ``loss`` (why heartbeats were missed), ``ending`` (why a connection ended otherwise),
``connection`` and ``cell``.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Cause(StrEnum):
    """A cause; its value is the code in verdicts.json, and is never changed."""

    words: str
    means: str
    proof: str

    def __new__(cls, code: str, words: str, means: str, proof: str) -> Self:
        """A row: the code, a few words, what it means for any cell (a sentence without its stop), what proves it."""
        cause = str.__new__(cls, code)
        cause._value_ = code
        cause.words, cause.means, cause.proof = words, means, proof
        return cause

    DEADLOCK = (
        "deadlock",
        "deadlock in one of eventlet's locks",
        "A thread waits for ever in one of eventlet's locks, which two OS threads share, and others wait behind it",
        "greenlet dump, stacks and the application's log",
    )
    OPTION_UNKNOWN = (
        "option_unknown",
        "the option is unknown to this version",
        "This oslo.messaging has no heartbeat_in_pthread: its heartbeat thread is what it always is",
        "the application's facts, greenlet dump and stacks",
    )
    HUB_NOT_RUN = (
        "hub_not_run",
        "nothing runs the hub",
        "The green thread that sends heartbeats cannot run: its OS thread runs no hub while idle",
        "greenlet dump and stacks of the same process",
    )
    HOLDER_STANDS_STILL = (
        "holder_stands_still",
        "nothing runs the green thread that holds the connection",
        "The green thread that holds the connection cannot run: its thread runs no hub while idle",
        "greenlet dump and stacks of the same process",
    )
    LIBRARY_BEATS_NOT = (
        "library_beats_not",
        "the client library does not send heartbeats by itself",
        "The client library sends heartbeats only from within calls, and none is made while idle",
        "what RabbitMQ says of the client, greenlet dump and stacks",
    )
    NO_HEARTBEAT_THREAD = (
        "no_heartbeat_thread",
        "no heartbeat thread",
        "The process has no thread, green or not, that sends heartbeats",
        "a complete greenlet dump and stacks, taken before the process was used again",
    )
    HEARTBEAT_DISABLED = (
        "heartbeat_disabled",
        "heartbeats are switched off",
        "A timeout of 0 was negotiated: kept, but a dead peer goes unnoticed",
        "RabbitMQ's event",
    )
    CALL_TIMED_OUT = (
        "call_timed_out",
        "a call timed out",
        "An RPC call got no reply",
        "the request",
    )
    NOT_ANSWERED = (
        "not_answered",
        "a page was not answered",
        "A page that does not need RabbitMQ was not answered",
        "the request",
    )
    REFUSED = (
        "refused",
        "requests were answered with an error",
        "Requests were answered with an error, or not taken",
        "the requests",
    )
    DEAF = (
        "deaf",
        "nothing listens for replies",
        "The connection for replies is open, and nothing consumes from it",
        "RabbitMQ's events, the requests",
    )
    LEFT_OPEN = (
        "left_open",
        "connections are left open",
        "More connections are left open than the pool may hold",
        "RabbitMQ's events",
    )
    GROWS = (
        "grows",
        "what it holds grows",
        "Round after round it holds more than before, and still did in the second half of the time",
        "RabbitMQ's events, and /proc of its processes at the end of each idle time",
    )
    CAST_LOST = (
        "cast_lost",
        "a message was never sent, though the request was answered",
        "A request was answered with success, and the message that it was to send has not arrived",
        "the requests, what the RPC server was handed, the capture and the greenlet dump",
    )
    NOT_RENEWED = (
        "not_renewed",
        "no process was replaced",
        "The server was to replace its processes, and did not",
        "/proc, RabbitMQ's log",
    )
    RENEWAL = (
        "renewal",
        "requests were lost as processes were replaced",
        "Requests were refused, cut off or not answered when the server replaced a process by itself",
        "the requests, /proc",
    )
    PROCESS_GONE = (
        "process_gone",
        "the process has gone",
        "A child was reaped or restarted and took its connections along; no heartbeat loss",
        "the server's log, /proc",
    )
    POOL_EXPIRY = (
        "pool_expiry",
        "expired from the connection pool",
        "The client's connection pool closed it after conn_pool_ttl",
        "RabbitMQ's log, the facts",
    )
    CLIENT_CLOSED = (
        "client_closed",
        "the client closed it",
        "It was closed by the client",
        "RabbitMQ's log, the capture",
    )
    BROKER_CLOSED = (
        "broker_closed",
        "the broker closed it for another reason",
        "It was closed by RabbitMQ for another reason than heartbeats",
        "RabbitMQ's log",
    )
    NETWORK = (
        "network",
        "the network",
        "It was closed by neither side, or what the client sent did not arrive",
        "RabbitMQ's log, the capture, the client's socket",
    )
    LATE = (
        "late",
        "answers came too late to tell",
        "The machine was too busy: processes worked, or waited for a core, when their answers were due",
        "the requests, what the kernel counts of each thread",
    )
    DISTURBED = (
        "disturbed",
        "it was stopped or cut off",
        "Something other than the probe paused its container, took it off the network, or had a process stand still",
        "the engine's events, what the kernel tells of each process",
    )
    NOT_AS_ASKED = (
        "not_as_asked",
        "the cell is not what was asked for",
        "The MPM, the mode, the execution model, a version or the negotiated timeout is not what was asked for",
        "the application's facts",
    )
    NO_CONNECTION = (
        "no_connection",
        "no connection was opened",
        "There is nothing to judge",
        "the record",
    )
    SHORT_OBSERVATION = (
        "short_observation",
        "not observed for long enough",
        "It was not watched for three timeouts",
        "the record",
    )
    NOT_DONE = (
        "not_done",
        "what the probe does could not be done",
        "The engine, or the machine, refused what the probe was to do",
        "what the probe did",
    )
    CONTROL_FAILED = (
        "control_failed",
        "a control went wrong",
        "A client whose outcome is known fared otherwise, so that nothing can be said of any cell",
        "the control",
    )
    UNEXPLAINED = (
        "unexplained",
        "unexplained",
        "What was seen does not say why. Never replaced by a guess",
        "",
    )


TELLS_ALL = (
    Cause.DEADLOCK,
    Cause.OPTION_UNKNOWN,
    Cause.HUB_NOT_RUN,
    Cause.HOLDER_STANDS_STILL,
    Cause.LIBRARY_BEATS_NOT,
    Cause.NO_HEARTBEAT_THREAD,
    Cause.CAST_LOST,
)
"""Causes that mean the same for every cell: of others only what was said of the cell tells more."""


def of(code: str) -> Cause | None:
    """The cause with this code; None for an empty one, and for one of a newer Heartbed."""
    return next((cause for cause in Cause if cause == code), None)


def words(code: str) -> str:
    """The cause in a few words; a code that is not known here, as of a newer Heartbed, as it is."""
    known = of(code)
    return known.words if known else code.replace("_", " ")


def meaning(code: str) -> str:
    """What the cause means for any cell; empty where only what was said of the cell tells it."""
    known = of(code)
    return known.means if known in TELLS_ALL else ""
