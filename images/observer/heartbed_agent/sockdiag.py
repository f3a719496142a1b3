"""Asks the kernel for one TCP socket by its two ends (``sock_diag(7)``).

``/proc/net/tcp`` costs 2 ms each time, however few sockets it lists: the kernel
walks its hash table of all sockets of all containers. This finds a socket in
some microseconds.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from dataclasses import dataclass

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLMSG_ERROR = 2
NLM_F_REQUEST = 1
ALL_STATES = 0xFFFFFFFF
NO_COOKIE = 0xFFFFFFFF
ANSWER_OCTETS = 8192
TIMEOUT_S = 1.0

HEADER = struct.Struct("=IHHII")
REQUEST = struct.Struct("=BBBxI")
ENDS = struct.Struct("!HH16s16s")
SOCKET_ID_REST = struct.Struct("=III")
FOUND = struct.Struct("=BBBB48sIIIII")

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
        return f"{self.local}:{self.local_port}"


@dataclass(frozen=True)
class Queues:
    """State of a socket, and the octets that wait in its queues."""

    state: str
    rx_octets: int
    tx_octets: int


class SockDiag:
    """A netlink socket in the network namespace of a process.

    Raises ``OSError`` where the kernel or the container's capabilities do not allow it.
    """

    def __init__(self, pid: int) -> None:
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            other = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.setns(other, os.CLONE_NEWNET)  # of this thread only
                self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_SOCK_DIAG)
            finally:
                os.close(other)
                os.setns(own, os.CLONE_NEWNET)
        finally:
            os.close(own)
        self._socket.settimeout(TIMEOUT_S)

    def find(self, ends: Ends) -> Queues | None:
        """The socket with these ends; None when there is none. Raises ``OSError``."""
        self._socket.send(request(ends))
        return answer(self._socket.recv(ANSWER_OCTETS))

    def close(self) -> None:
        """Let go of the namespace."""
        self._socket.close()


def request(ends: Ends) -> bytes:
    """The message that asks for one socket."""
    family = socket.AF_INET6 if ":" in ends.local else socket.AF_INET
    local, remote = (socket.inet_pton(family, each).ljust(16, b"\0") for each in (ends.local, ends.remote))
    body = (
        REQUEST.pack(family, socket.IPPROTO_TCP, 0, ALL_STATES)
        + ENDS.pack(ends.local_port, ends.remote_port, local, remote)
        + SOCKET_ID_REST.pack(0, NO_COOKIE, NO_COOKIE)
    )
    return HEADER.pack(HEADER.size + len(body), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 0, 0) + body


def answer(message: bytes) -> Queues | None:
    """The socket that an answer tells of; None for "no such socket". Raises ``OSError`` for other errors."""
    _, kind, *_ = HEADER.unpack_from(message)
    if kind == NLMSG_ERROR:
        (code,) = struct.unpack_from("=i", message, HEADER.size)
        if -code == errno.ENOENT:
            return None
        raise OSError(-code, os.strerror(-code))
    _, state, _, _, _, _, rx, tx, _, _ = FOUND.unpack_from(message, HEADER.size)
    return Queues(STATES[state] if state < len(STATES) else "UNKNOWN", rx, tx)
