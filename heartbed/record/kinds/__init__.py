"""Every kind of event, with its fields, their types, units and meaning; one file for what is observed together.

This is the only place that knows them. Who emits makes one (``Event(RunEnd(status="complete"))``), who reads asks for
one (``run.of(RunEnd)``), and docs/record.md is written from here. A new kind is a class, and its name in ``GROUPS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heartbed.record.kinds.base import Kind, Part, Unknown
from heartbed.record.kinds.broker import (
    OTHER,
    BrokerLog,
    ChannelCreated,
    ConnectionClosed,
    ConnectionCreated,
    ConsumerCreated,
    QueueDeleted,
)
from heartbed.record.kinds.cell import (
    REMOVED,
    YIELDING,
    AppExit,
    AppFacts,
    AppLog,
    CellAddress,
    CellState,
    Request,
    RpcArrived,
)
from heartbed.record.kinds.look import LookAsked, LookBroker, LookCost, LookLost, LookProcess, LookSocket, LookTick
from heartbed.record.kinds.process import (
    Frame,
    Greenlet,
    Hub,
    Look,
    ProcessGone,
    ProcessGreenlets,
    ProcessSeen,
    ProcessStacks,
    ProcessSwitches,
    ProcessUsage,
    Socket,
    Thread,
)
from heartbed.record.kinds.run import (
    AskedCell,
    AskedProbe,
    AskedShard,
    Intervention,
    RunEnd,
    RunForecast,
    RunPhase,
    RunStart,
)
from heartbed.record.kinds.testbed import ContainerChanged, ControlCall, MachineLag, MachineWork, ObserverFailed
from heartbed.record.kinds.wire import WireClose, WireFrame, WireMissing, WireOpen

__all__ = [
    "OTHER",
    "REMOVED",
    "YIELDING",
    "AppExit",
    "AppFacts",
    "AppLog",
    "AskedCell",
    "AskedProbe",
    "AskedShard",
    "BrokerLog",
    "CellAddress",
    "CellState",
    "ChannelCreated",
    "ConnectionClosed",
    "ConnectionCreated",
    "ConsumerCreated",
    "ContainerChanged",
    "ControlCall",
    "Frame",
    "Greenlet",
    "Hub",
    "Intervention",
    "Kind",
    "Look",
    "LookAsked",
    "LookBroker",
    "LookCost",
    "LookLost",
    "LookProcess",
    "LookSocket",
    "LookTick",
    "MachineLag",
    "MachineWork",
    "ObserverFailed",
    "Part",
    "ProcessGone",
    "ProcessGreenlets",
    "ProcessSeen",
    "ProcessStacks",
    "ProcessSwitches",
    "ProcessUsage",
    "QueueDeleted",
    "Request",
    "RpcArrived",
    "RunEnd",
    "RunForecast",
    "RunPhase",
    "RunStart",
    "Socket",
    "Thread",
    "Unknown",
    "WireClose",
    "WireFrame",
    "WireMissing",
    "WireOpen",
]

GROUPS: Mapping[str, tuple[type[Kind], ...]] = {
    "The run": (RunStart, RunForecast, RunPhase, Intervention, RunEnd),
    "The cell": (CellAddress, CellState, AppFacts, Request, AppLog, AppExit, RpcArrived),
    "The broker": (ConnectionCreated, ConnectionClosed, ChannelCreated, ConsumerCreated, QueueDeleted, BrokerLog),
    "The wire": (WireOpen, WireFrame, WireClose, WireMissing),
    "The process": (ProcessStacks, ProcessGreenlets, ProcessSwitches, ProcessSeen, ProcessGone, ProcessUsage, Socket),
    "A look at a host": (LookAsked, LookProcess, LookSocket, LookLost, LookTick, LookBroker, LookCost),
    "The testbed": (ContainerChanged, ControlCall, MachineLag, MachineWork, ObserverFailed),
}
"""The kinds in the order in which docs/record.md tells of them."""

BY_NAME: Mapping[str, type[Kind]] = {kind.KIND: kind for kinds in GROUPS.values() for kind in kinds}


def parse(name: str, values: Mapping[str, Any]) -> Kind:
    """What an event of that kind tells. Raises ``pydantic.ValidationError``, a ``ValueError``, for wrong fields."""
    kind = BY_NAME.get(name)
    if kind is None:
        return Unknown(name=name, values=dict(values))
    return kind.model_validate(dict(values))


def undeclared(kind: type[Kind] | None, values: Mapping[str, Any]) -> list[str]:
    """The keys that a kind does not declare; none for a kind that takes any, or that is not known."""
    if kind is None or kind.model_config.get("extra") == "allow":
        return []
    known = {field.serialization_alias or name for name, field in kind.model_fields.items()}
    return [key for key in values if key not in known]
