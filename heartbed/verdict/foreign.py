"""Connections of clients other than oslo.messaging: what is known of the library, and of the threads that hold them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from heartbed.record.connection import ConnectionHistory
from heartbed.record.event import Event
from heartbed.record.history import CellHistory
from heartbed.record.kinds import Frame, ProcessGreenlets, ProcessStacks
from heartbed.verdict.cause import Cause
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding, lost

OSLO_NAME = re.compile(r".*:\d+:.+")
"""As oslo.messaging names each connection: program, process, number."""

SILENT_BY_THEMSELVES = {
    "Pika Python Client Library": ("pika", ("/pika/",)),
    "py-amqp": ("py-amqp", ("/amqp/", "/kombu/")),
}
"""What RabbitMQ knows a client as -> the library's name, and where its files are.

Libraries that send heartbeats in the thread that calls them, and have none of their own: pika's BlockingConnection
(``BlockingConnection.process_data_events``), py-amqp (``Connection.heartbeat_tick``) and with it kombu
(``Connection.heartbeat_check``).
"""


def is_one(conn: ConnectionHistory) -> bool:
    """Whether RabbitMQ told the client's name, and oslo.messaging would not have chosen it."""
    return conn.created is not None and not OSLO_NAME.fullmatch(conn.created.data.user_provided_name or "")


def library_beats_not(conn: ConnectionHistory, cell: CellHistory, sign: str) -> Finding | None:
    """That its library does not beat by itself and nobody was seen calling it; None where that is not proven.

    ``sign`` is what was last heard of the client.
    """
    if conn.created is None or not is_one(conn):
        return None
    told = conn.created.data.client_properties
    library, folders = SILENT_BY_THEMSELVES.get(str(told.get("product")), ("", ()))
    dumps, stacks = cell.looks_at(ProcessGreenlets, conn), cell.looks_at(ProcessStacks, conn)
    if not library or not dumps or not stacks or _in_use(dumps, stacks, conn.conn, folders):
        return None
    why = (
        f"the client library does not send heartbeats by itself: RabbitMQ knows the client as {told['product']} "
        f"{told.get('version', '')}".rstrip()
        + f", and {library} sends them only from within the application's own "
        "calls; no thread of the process, green or not, was in one, or held this connection, when it was looked at"
    )
    evidence = cite(conn.created, f"RabbitMQ: the client is {told['product']} {told.get('version', '')}".rstrip())
    evidence += cite(dumps[0], "no green thread holds the connection") + cite(stacks[0], f"no thread is in {library}")
    return lost(Cause.LIBRARY_BEATS_NOT, f"{why}; {sign}", *evidence)


def _in_use(
    dumps: Sequence[Event[ProcessGreenlets]], stacks: Sequence[Event[ProcessStacks]], conn: str, folders: Sequence[str]
) -> bool:
    greenlets = [each for dump in dumps for each in dump.data.greenlets]
    if any(each.conn == conn for each in greenlets):
        return True
    frames: list[Frame] = [frame for each in greenlets for frame in each.frames]
    frames += [frame for look in stacks for thread in look.data.threads for frame in thread.frames]
    return any(folder in frame.file for frame in frames for folder in folders)
