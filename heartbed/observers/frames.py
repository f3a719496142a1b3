"""Makes events of the fields that tshark prints for each packet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from amqp import spec

from heartbed.observers.base import Owner
from heartbed.record.event import Event
from heartbed.record.kinds import Kind, WireClose, WireFrame, WireMissing, WireOpen

FIELDS = (
    "frame.number",
    "frame.time_epoch",
    "ip.src",
    "ipv6.src",
    "tcp.srcport",
    "ip.dst",
    "ipv6.dst",
    "tcp.dstport",
    "tcp.flags",
    "tcp.analysis.lost_segment",
    "tcp.analysis.ack_lost_segment",
    "tcp.payload[0:8]",
    "amqp.type",
    "amqp.channel",
    "amqp.method.class",
    "amqp.method.method",
)
PROTOCOL = "41:4d:51:50:00:00:09:01"
"""``AMQP 0 0 9 1``, with which a client begins. tshark does not take it for AMQP."""
HEARTBEAT = "08:00:00:00:00:00:00:ce"
"""A whole heartbeat frame: recognised also where tshark has lost its place, after packets that were not captured."""
FILTER = (
    f"(amqp or tcp.flags.syn == 1 or tcp.flags.fin == 1 or tcp.flags.reset == 1"
    f" or tcp.payload == {PROTOCOL} or tcp.payload == {HEARTBEAT}"
    f" or tcp.analysis.lost_segment or tcp.analysis.ack_lost_segment)"
    f" and not tcp.analysis.retransmission"
)

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
TYPES = {"1": "method", "2": "header", "3": "body", "8": "heartbeat"}
CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True)
class Packet:
    """One packet, in words of the record."""

    frame: int
    t: float
    client: str
    """The client's end, ``ip:port``."""
    address: str
    sender: str
    """``client`` or ``broker``."""
    flags: int
    torn: bool
    """Whether packets before this one are not in the capture."""
    start: str
    """The payload's first eight octets, as in ``PROTOCOL``."""
    types: list[str]
    channels: list[str]
    methods: list[str]


def events_of(lines: Iterable[str], port: int, owner: Owner | None = None) -> Iterator[Event]:
    """The events of the packets that tshark printed, one a line."""
    torn: set[str] = set()
    for line in lines:
        packet = parse(line, port)
        if packet is None:
            continue
        cell = owner(packet.address, packet.t) if owner is not None else None
        if packet.torn and packet.client not in torn:
            torn.add(packet.client)
            reason = f"packets of {packet.client} are missing from the capture before frame {packet.frame}"
            yield Event(WireMissing(reason=reason), packet.t, cell, None, packet.client)
        for data in _kinds(packet):
            yield Event(data, packet.t, cell, None, packet.client)


def parse(line: str, port: int) -> Packet | None:
    """One line of tshark's fields; None for a line that is not whole, or not of the broker's port."""
    cells = line.rstrip("\n").split("\t")
    if len(cells) != len(FIELDS):
        return None
    row = dict(zip(FIELDS, cells, strict=True))
    source, target = row["ip.src"] or row["ipv6.src"], row["ip.dst"] or row["ipv6.dst"]
    from_client = row["tcp.dstport"] == str(port)
    if not from_client and row["tcp.srcport"] != str(port):
        return None
    address, client_port = (source, row["tcp.srcport"]) if from_client else (target, row["tcp.dstport"])
    classes, numbers = _list(row["amqp.method.class"]), _list(row["amqp.method.method"])
    return Packet(
        frame=int(row["frame.number"]),
        t=float(row["frame.time_epoch"]),
        client=f"{address}:{client_port}",
        address=address,
        sender="client" if from_client else "broker",
        flags=int(row["tcp.flags"], 16),
        torn=bool(row["tcp.analysis.lost_segment"] or row["tcp.analysis.ack_lost_segment"]),
        start=row["tcp.payload[0:8]"],
        types=_list(row["amqp.type"]),
        channels=_list(row["amqp.channel"]),
        methods=[method_name(int(a), int(b)) for a, b in zip(classes, numbers, strict=False)],
    )


def _kinds(packet: Packet) -> Iterator[Kind]:
    """What each event tells that a packet stands for, in the order of its octets."""
    if packet.flags & SYN and not packet.flags & ACK:
        yield WireOpen(frame=packet.frame)
    yield from _amqp(packet)
    for flag, how in ((FIN, "fin"), (RST, "rst")):
        if packet.flags & flag:
            yield WireClose(frame=packet.frame, sender=packet.sender, how=how)


def _amqp(packet: Packet) -> Iterator[WireFrame]:
    if not packet.types:
        whole = {PROTOCOL: "protocol", HEARTBEAT: "heartbeat"}.get(packet.start)
        if whole:
            yield WireFrame(frame=packet.frame, sender=packet.sender, type=whole, channel=0, method=None)
        return
    methods = iter(packet.methods)
    channels = iter(packet.channels)
    for number in packet.types:
        kind = TYPES.get(number, number)
        method = next(methods, None) if kind == "method" else None
        channel = int(next(channels, "0"))
        yield WireFrame(frame=packet.frame, sender=packet.sender, type=kind, channel=channel, method=method)


def _list(text: str) -> list[str]:
    return text.split(",") if text else []


def method_name(class_id: int, method_id: int) -> str:
    """The method's name in AMQP's own spelling, ``connection.start-ok``."""
    return METHODS.get((class_id, method_id), f"{class_id}.{method_id}")


def _methods() -> dict[tuple[int, int], str]:
    names = {}
    for group in (spec.Connection, spec.Channel, spec.Exchange, spec.Queue, spec.Basic, spec.Confirm, spec.Tx):
        for name, number in vars(group).items():
            if isinstance(number, tuple):
                names[number[0], number[1]] = f"{group.__name__.lower()}.{CAPITAL.sub('-', name).lower()}"
    return names


METHODS = _methods()
