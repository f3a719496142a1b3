"""What can be left out is done only while the whole stays below its share of a core."""

from __future__ import annotations

from heartbed.look.budget import SHARE, Budget


class Used:
    """Processor time that is taken as the test says."""

    def __init__(self, optional_s: float, needed_s: float) -> None:
        self.total = 7.0
        self._optional_s, self._needed_s = optional_s, needed_s

    def __call__(self) -> float:
        return self.total

    def tick(self) -> None:
        self.total += self._needed_s

    def look(self) -> None:
        self.total += self._optional_s


def watched(used: Used, for_s: int) -> tuple[int, Budget]:
    """How often there was room in so many seconds."""
    budget, looked = Budget(for_s, used), 0
    for second in range(1, for_s + 1):
        used.tick()
        if budget.allows(second):
            budget.spend(used.look)
            looked += 1
    return looked, budget


def test_all_is_done_where_there_is_room_for_it() -> None:
    looked, budget = watched(used := Used(optional_s=0.01, needed_s=0.02), 20)
    assert (looked, budget.refused) == (20, False)
    assert used.total - 7.0 <= SHARE * 20


def test_what_does_not_fit_is_left_out_and_the_share_is_kept() -> None:
    looked, budget = watched(used := Used(optional_s=0.1, needed_s=0.03), 20)
    assert 1 <= looked <= 4
    assert budget.refused
    assert used.total - 7.0 <= SHARE * 20


def test_the_first_is_let_through_however_short_the_time() -> None:
    assert watched(Used(optional_s=0.2, needed_s=0.05), 2)[0] == 1


def test_the_share_is_kept_where_what_must_be_done_takes_longer_later() -> None:
    used = Used(optional_s=0.05, needed_s=0.02)
    budget = Budget(20, used)
    for second in range(1, 21):
        used.tick()
        if second > 10:
            used.total += 0.005
        if budget.allows(second):
            budget.spend(used.look)
    assert used.total - 7.0 <= SHARE * 20
