"""Whose threads are looked at: first what is bad, and few of many alike."""

from __future__ import annotations

from heartbed.look.turns import Turns
from heartbed.verdict.look.values import LookVerdict
from tests.unit.looks import Looking


def fared(*silent: int, of: int = 6) -> LookVerdict:
    """So many processes of one server, of which some are silent."""
    look = Looking(heartbeat_s=6)
    for pid in range(1, of + 1):
        sent = -7.0 if pid in silent else -0.5
        look.process(pid).socket(0, sent=sent, heard=-0.1, conn=f"10.0.0.5:{pid}", pid=pid)
    return look.verdict(until=1.0)


def drained(turns: Turns) -> list[int]:
    return list(iter(turns.next, None))


def test_the_worst_come_first_and_of_many_alike_there_are_few() -> None:
    turns = Turns()
    turns.plan(fared(3, 4, 5))
    assert drained(turns) == [3, 4, 1, 2]


def test_what_has_become_silent_meanwhile_has_its_turn_and_nobody_has_two() -> None:
    turns = Turns()
    turns.plan(fared())
    assert drained(turns) == [1, 2]
    turns.plan(fared(1, 6))
    assert drained(turns) == [6]
