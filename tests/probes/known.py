"""What is known to be lost, and why. The suite is green when reality is as written here, and red when it is not."""

from __future__ import annotations

from heartbed.cells.cell import Cell
from heartbed.studies import results

GREEN = (
    "eventlet's hub runs only while its OS thread is in Python: an idle thread of httpd, mod_wsgi or uWSGI is not, "
    "so the green heartbeat thread stands still and RabbitMQ closes the connection"
)

DEADLOCK = (
    "a race, met now and then when a process opens its connections: the native heartbeat thread and a request share "
    "one of eventlet's locks, which cannot wake a green thread of another OS thread"
)


THREADS = (
    "eventlet with several request threads in one process: a call's reply is read on behalf of one of them, which "
    "cannot wake a green thread of another"
)


def hang(cell: Cell) -> str | None:
    """Why this cell does not answer many requests at a time; None for one that must."""
    return THREADS if cell.model == "eventlet" and cell.thread_count > 1 else None


def loss(cell: Cell) -> str | None:
    """Why this cell loses its connections when idle; None for one that must keep them.

    The matrix has found it out and written it down: docs/results/reference.json.
    """
    known = results.load().get(cell.name)
    if known is None or known.outcome not in ("kept", "lost"):
        raise LookupError(f"{cell.name} is not in the reference results: make matrix")
    if known.outcome == "kept":
        return None
    return GREEN if known.cause == "hub_not_run" else f"{known.words}: {known.why}"


def race(cell: Cell) -> str | None:
    """Why this cell may deadlock, though it usually does not; None for one that must not."""
    if cell.model == "eventlet" and cell.thread == "pthread":
        return DEADLOCK
    return None
