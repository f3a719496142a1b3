"""For how long a cell was at work, of what the machine tells once a second."""

from __future__ import annotations

from typing import Any

import pytest

from heartbed.record.event import Event
from heartbed.record.kinds import MachineWork
from heartbed.record.work import Work

T = 1000.0


def told(second: float, **parts: dict[str, Any]) -> Event[MachineWork]:
    return Event(MachineWork.model_validate({"over_s": 1.0, "parts": parts}), t=T + second)


def work(*events: Event[MachineWork]) -> Work:
    return Work("cell", events)


@pytest.mark.parametrize(
    ("parts", "at_work", "starved"),
    [
        ({}, 0.0, 0.0),
        ({"cell": {"ran_s": 0.4, "waited_s": 0.3}}, 0.7, 0.3),
        ({"cell": {"ran_s": 3.0, "waited_s": 9.0}}, 1.0, 1.0),  # of many threads: no more than has passed
        ({"cell": {"ran_s": 0.1, "disk": True}}, 1.0, 0.0),
        ({"other": {"ran_s": 0.9, "waited_s": 0.9}}, 0.0, 0.0),
        ({"compute": {"ran_s": 0.9, "waited_s": 0.2}}, 0.2, 0.2),  # it may work for others, but its core all miss
        ({"rabbitmq": {"waited_s": 0.2}, "cell": {"waited_s": 0.1}}, 0.3, 0.3),
    ],
)
def test_who_runs_or_waits_for_a_core_is_at_work(parts: dict[str, Any], at_work: float, starved: float) -> None:
    one = work(told(1.0, **parts))
    assert one.at_work_s(T, T + 1.0) == pytest.approx(at_work)
    assert one.starved_s(T, T + 1.0) == pytest.approx(starved)


def test_of_a_second_only_the_share_in_between_counts() -> None:
    two = work(told(1.0, cell={"ran_s": 0.8}), told(2.0, cell={"ran_s": 0.4}))
    assert two.at_work_s(T + 0.5, T + 1.5) == pytest.approx(0.6)
    assert two.at_work_s(T + 2.0, T + 9.0) == 0.0
