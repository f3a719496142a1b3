"""The wire."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from heartbed.record.kinds.base import Kind


class WireOpen(Kind):
    """The client's SYN."""

    KIND: ClassVar[str] = "wire.open"
    frame: int = Field(description="its number in `capture.pcap`")


class WireFrame(Kind):
    """One AMQP frame."""

    KIND: ClassVar[str] = "wire.frame"
    frame: int = Field(description="the packet's number in `capture.pcap`")
    sender: str = Field(validation_alias="from", serialization_alias="from", description="`client` or `broker`")
    type: str = Field(description="`heartbeat`, `method`, `header`, `body`, `protocol`")
    channel: int = Field(default=0, description="its number")
    method: str | None = Field(default=None, description="`basic.publish`, ...")


class WireClose(Kind):
    """A FIN or RST."""

    KIND: ClassVar[str] = "wire.close"
    frame: int = Field(description="its number in `capture.pcap`")
    sender: str = Field(validation_alias="from", serialization_alias="from", description="`client` or `broker`")
    how: str = Field(description="`fin` or `rst`")


class WireMissing(Kind):
    """There is no capture, or it could not be dissected; with `conn`: packets of that connection are not in it."""

    KIND: ClassVar[str] = "wire.missing"
    reason: str = Field(default="there is no capture", description="why")
