"""The messages in which the kernel is asked for TCP sockets and answers (``sock_diag(7)``)."""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

SOCK_DIAG_BY_FAMILY = 20
NLMSG_ERROR = 2
NLMSG_DONE = 3
NLM_F_REQUEST = 1
NLM_F_DUMP = 0x300
ALL_STATES = 0xFFFFFFFF
NO_COOKIE = 0xFFFFFFFF
FAMILIES = (socket.AF_INET, socket.AF_INET6)
INET_DIAG_INFO = 2
MAPPED_V4 = "::ffff:"
"""In front of an address of IPv4 that a socket of IPv6 has."""

HEADER = struct.Struct("=IHHII")
REQUEST = struct.Struct("=BBBxI")
ENDS = struct.Struct("!HH16s16s")
SOCKET_ID_REST = struct.Struct("=III")
FOUND = struct.Struct("=BBBB48sIIIII")
ATTRIBUTE = struct.Struct("=HH")

# struct tcp_info in include/uapi/linux/tcp.h: the fields, and since which kernel its length reaches so far.
TIMES = struct.Struct("=44xI4xII")
OCTETS = struct.Struct("=120xQQ")  # Linux 4.1

# include/net/tcp_states.h
STATES = (
    "UNKNOWN",
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECV",
    "FIN_WAIT1",
    "FIN_WAIT2",
    "TIME_WAIT",
    "CLOSE",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTEN",
    "CLOSING",
)


@dataclass(frozen=True)
class Ends:
    """Both ends of a TCP connection. ``local`` and ``remote`` are addresses as text."""

    local: str
    local_port: int
    remote: str
    remote_port: int

    @property
    def conn(self) -> str:
        """The local end, as connections are named in the record."""
        local = self.local.removeprefix(MAPPED_V4)
        return f"{local}:{self.local_port}"


@dataclass(frozen=True)
class Queues:
    """State of a socket, and the octets that wait in its queues."""

    state: str
    rx_octets: int
    tx_octets: int


@dataclass(frozen=True)
class Info:
    """What TCP itself knows of a connection (TCP_INFO): how long ago things happened, seconds, and octets.

    ``acknowledged`` and ``received`` count octets since the connection was opened; None in a kernel that does not tell.
    """

    sent_ago_s: float
    heard_ago_s: float
    acked_ago_s: float
    """The last acknowledgement of the peer's, with data or without; its FIN has one too."""
    acknowledged: int | None
    received: int | None


@dataclass(frozen=True)
class Seen:
    """All that is told of one socket. ``info`` is None where the kernel does not tell."""

    ends: Ends
    queues: Queues
    inode: int
    info: Info | None


def request(ends: Ends, *, info: bool = False) -> bytes:
    """The message that asks for one socket; with ``info`` also for what TCP knows of it."""
    family = socket.AF_INET6 if ":" in ends.local else socket.AF_INET
    local, remote = (socket.inet_pton(family, each).ljust(16, b"\0") for each in (ends.local, ends.remote))
    body = (
        REQUEST.pack(family, socket.IPPROTO_TCP, _extensions(info=info), ALL_STATES)
        + ENDS.pack(ends.local_port, ends.remote_port, local, remote)
        + SOCKET_ID_REST.pack(0, NO_COOKIE, NO_COOKIE)
    )
    return HEADER.pack(HEADER.size + len(body), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 0, 0) + body


def request_all(family: int) -> bytes:
    """The message that asks for all sockets of a family."""
    body = (
        REQUEST.pack(family, socket.IPPROTO_TCP, 0, ALL_STATES)
        + ENDS.pack(0, 0, bytes(16), bytes(16))
        + SOCKET_ID_REST.pack(0, NO_COOKIE, NO_COOKIE)
    )
    return HEADER.pack(HEADER.size + len(body), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 0, 0) + body


def _extensions(*, info: bool) -> int:
    return 1 << (INET_DIAG_INFO - 1) if info else 0


def split(messages: bytes) -> Iterator[bytes]:
    """The messages that came together, one by one."""
    while len(messages) >= HEADER.size:
        length = HEADER.unpack_from(messages)[0]
        if length < HEADER.size:
            return
        yield messages[:length]
        messages = messages[(length + 3) & ~3 :]


def answer(message: bytes) -> Queues | None:
    """The queues that an answer tells of; None for "no such socket". Raises ``OSError`` for other errors."""
    found = socket_in(message)
    return found.queues if found else None


def socket_in(message: bytes, ends: Ends | None = None) -> Seen | None:
    """The socket that an answer tells of, with its ends where they are known; None for "no such socket".

    Raises ``OSError`` for other errors.
    """
    _, kind, *_ = HEADER.unpack_from(message)
    if kind == NLMSG_ERROR:
        (code,) = struct.unpack_from("=i", message, HEADER.size)
        if -code == errno.ENOENT:
            return None
        raise OSError(-code, os.strerror(-code))
    family, state, _, _, ident, _, rx, tx, _, inode = FOUND.unpack_from(message, HEADER.size)
    queues = Queues(STATES[state] if state < len(STATES) else "UNKNOWN", rx, tx)
    return Seen(ends or _ends(ident, family), queues, inode, info_of(message))


def _ends(ident: bytes, family: int) -> Ends:
    local_port, remote_port, local, remote = ENDS.unpack_from(ident)
    return Ends(address(local, family), local_port, address(remote, family), remote_port)


def address(raw: bytes, family: int) -> str:
    """An address as text; one of IPv4 that is mapped to IPv6 stays one of IPv6, by which alone it is found again."""
    return socket.inet_ntop(family, raw[:4] if family == socket.AF_INET else raw)


def info_of(message: bytes) -> Info | None:
    """What TCP knows of the socket that an answer tells of; None where it does not tell."""
    at = HEADER.size + FOUND.size
    while at + ATTRIBUTE.size <= len(message):
        length, kind = ATTRIBUTE.unpack_from(message, at)
        if length < ATTRIBUTE.size:
            return None
        if kind == INET_DIAG_INFO:
            return _info(message[at + ATTRIBUTE.size : at + length])
        at += (length + 3) & ~3
    return None


def _info(told: bytes) -> Info | None:
    if len(told) < TIMES.size:
        return None
    sent, heard, acked = (each / 1000 for each in TIMES.unpack_from(told))
    acknowledged, received = OCTETS.unpack_from(told) if len(told) >= OCTETS.size else (None, None)
    return Info(sent, heard, acked, acknowledged, received)
