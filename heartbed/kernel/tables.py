"""The tables of TCP sockets, for kernels that cannot be asked for one socket."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from heartbed.kernel.messages import STATES, Ends, Queues

MAPPED_V4 = bytes(10) + b"\xff\xff"
LINE = re.compile(r"\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) ([0-9A-F]+):([0-9A-F]+)")


@dataclass(frozen=True)
class Listed:
    """One line of ``/proc/net/tcp``."""

    ends: Ends
    queues: Queues
    inode: int


def parse(table: str) -> Iterator[Listed]:
    """The sockets in the text of ``/proc/net/tcp`` and ``tcp6``."""
    for line in table.splitlines():
        found = LINE.match(line)
        if found is None:
            continue
        local, local_port, remote, remote_port, state, tx, rx = found.groups()
        ends = Ends(_address(local), int(local_port, 16), _address(remote), int(remote_port, 16))
        number = int(state, 16)
        queues = Queues(STATES[number] if number < len(STATES) else "UNKNOWN", int(rx, 16), int(tx, 16))
        yield Listed(ends, queues, int(line.split()[9]))


def _address(text: str) -> str:
    """An address of the table, which has each 32-bit word in the machine's octet order."""
    words = [bytes.fromhex(text[i : i + 8])[::-1] for i in range(0, len(text), 8)]
    raw = b"".join(words)
    if raw[:12] == MAPPED_V4:
        raw = raw[12:]
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)
