"""What a probe did, in words."""

from __future__ import annotations

from heartbed.record.kinds import Intervention
from heartbed.report.interventions import in_words


def done(begun: float, ended: float | None, error: str | None = None) -> Intervention:
    return Intervention(who="firewall", number=1, what="forgot", where="a cell", begun=begun, ended=ended, error=error)


def test_what_was_done_once_is_told_with_its_beginning_and_its_end() -> None:
    assert [*in_words([done(101, 103.5)], 100)] == [
        (101, "firewall forgot a cell"),
        (103.5, "firewall forgot a cell: over after 2.5 s"),
    ]


def test_what_was_done_round_after_round_is_told_once() -> None:
    rounds = [done(100 + 10 * number, 105 + 10 * number) for number in range(12)]
    assert [*in_words(rounds, 100)] == [(100, "12 times, the last at +110.0: firewall forgot a cell")]


def test_what_could_not_be_done_is_told_with_the_reason() -> None:
    refused = done(101, 103.5).model_copy(update={"refused": "unable to freeze"})
    assert [*in_words([refused], 100)] == [
        (101, "firewall forgot a cell"),
        (101, "this could not be done: unable to freeze"),
    ]


def test_what_could_not_be_undone_is_told_in_any_case() -> None:
    rounds = [*(done(100 + number, 101 + number) for number in range(3)), done(110, None, "no such container")]
    assert [*in_words(rounds, 100)][-1] == (110, "this could not be undone: no such container")
