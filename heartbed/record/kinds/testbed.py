"""The testbed itself: its containers, its controls, its machine, and those who observe."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from heartbed.record.kinds.base import Kind


class ContainerChanged(Kind):
    """The engine has done something to a container of the run, whoever asked for it; `cell` is its service."""

    KIND: ClassVar[str] = "container.changed"
    action: str = Field(description="`pause`, `unpause`, `disconnect` and `connect` (of a network), `oom`, `die`")


class ControlCall(Kind):
    """A control has called the RPC server, just before or just after the idle period; `t` is when it was sent."""

    KIND: ClassVar[str] = "control.call"
    answered: bool = Field(description="whether there was a reply in time")
    ms: float = Field(default=0, description="until the reply, or until it was given up; milliseconds")
    error: str | None = Field(default=None, description="why there was none")


class MachineLag(Kind):
    """Once a second: how well the machine keeps time."""

    KIND: ClassVar[str] = "machine.lag"
    max_ms: float = Field(description="how late a thread that sleeps 10 ms was woken at most, milliseconds")
    steps_ms: float = Field(default=0, description="how far the wall clock moved by itself, milliseconds")


class ObserverFailed(Kind):
    """Something could not be observed."""

    KIND: ClassVar[str] = "observer.failed"
    observer: str = Field(default="", description="the observer's name: `agent`, `broker_events`, `broker_log`, ...")
    reason: str = Field(default="no reason given", description="why")
