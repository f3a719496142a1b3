"""The search for the release that changes a verdict."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import pytest
from rich.console import Console

from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select
from heartbed.errors import InputError
from heartbed.studies.batch import Played, answer
from heartbed.studies.bisect import MOST_TRIES, bisect, ends
from heartbed.studies.bisected import show, told
from heartbed.verdict.values import CellVerdict, Outcome, Tries
from tests.unit.histories import IDLE_FROM, History

RELEASED = [f"{major}.{minor}.0" for major in range(10, 19) for minor in range(10)]
(CELL,) = select(["prefork-daemon-eventlet-pthread"]).cells

Truth = Callable[[str], str]


def verdict(name: str, outcome: str) -> CellVerdict:
    """A verdict of this outcome, told by nothing but the outcome."""
    base = History.of("prefork-daemon-native").cell_verdict
    update = {"cell": name, "outcome": Outcome(outcome), "connections": [], "why": f"it is {outcome}"}
    return base.model_copy(update=update)


def measured(truth: Truth, windows: list[int], missing: Mapping[str, str] | None = None) -> Callable[..., Played]:
    def measure(cells: Sequence[Cell], copies: int = 1) -> Played:
        del copies
        windows.append(len(cells))
        gone = {cell.name: reason for cell in cells if (reason := (missing or {}).get(cell.oslo))}
        there = {cell.name: verdict(cell.name, truth(cell.oslo)) for cell in cells if cell.name not in gone}
        return Played(there, gone)

    return measure


def below(version: str) -> Truth:
    """Kept before this release, lost from it on."""
    return lambda asked: "kept" if RELEASED.index(asked) < RELEASED.index(version) else "lost"


@pytest.mark.parametrize("change", ["10.1.0", "13.7.0", "18.9.0"])
def test_the_first_release_that_answers_otherwise_is_found_in_few_windows(change: str) -> None:
    windows: list[int] = []
    good, bad = ends("oslo10.0.0", "oslo18.9.0")
    found = bisect(CELL, good, bad, RELEASED, measured(below(change), windows))
    assert (found.after, found.between) == (change, ())
    assert RELEASED.index(found.before) + 1 == RELEASED.index(change)
    assert len(windows) <= 3
    assert max(windows) <= 8


def test_the_releases_of_a_window_are_played_in_their_order() -> None:
    measure = measured(below("13.7.0"), [])
    windows: list[list[str]] = []

    def noting(cells: Sequence[Cell], copies: int = 1) -> Played:
        windows.append([cell.oslo for cell in cells])
        return measure(cells, copies)

    good, bad = ends("oslo10.0.0", "oslo18.9.0")
    bisect(CELL, good, bad, RELEASED, noting)
    assert windows == [sorted(each, key=RELEASED.index) for each in windows]


def test_the_report_is_told_where_it_changes_and_in_which_runs() -> None:
    good, bad = ends("oslo10.0.0", "oslo18.9.0")
    found = bisect(CELL, good, bad, RELEASED, measured(below("13.7.0"), [], {"13.0.0": "no wheel"}))
    about = told(found, CELL, ["first", "second", "second", "third"])
    assert (about.before.version, about.after.version) == ("13.6.0", "13.7.0")
    assert (about.before.outcome, about.after.outcome) == (Outcome.KEPT, Outcome.LOST)
    assert about.runs == ["first", "second"]
    assert [each.cell for each in about.timelines()] == [
        CELL.with_version("oslo", v).name for v in ("13.6.0", "13.7.0")
    ]
    said = f"The verdict on {CELL.name} changes with oslo.messaging 13.7.0, from kept to lost."
    assert about.answer(History.of("prefork-daemon-native").verdict) == said
    assert all(each.words == "skipped: no wheel" for each in about.steps if each.outcome is None)


def test_the_other_direction_works_too() -> None:
    good, bad = ends("oslo18.9.0", "oslo10.0.0")
    found = bisect(CELL, good, bad, RELEASED, measured(lambda v: {"kept": "lost"}.get(below("12.4.0")(v), "kept"), []))
    assert (found.before, found.after) == ("12.4.0", "12.3.0")


@pytest.mark.parametrize(
    ("good", "bad", "before", "after"),
    [
        ("oslo10.0.0", "oslo18.9.0", "12.3.0", "12.4.0"),
        ("oslo18.9.0", "oslo10.0.0", "12.4.0", "12.3.0"),
    ],
)
def test_the_verdicts_of_any_probe_can_be_searched(good: str, bad: str, before: str, after: str) -> None:
    def measure(cells: Sequence[Cell], copies: int = 1) -> Played:
        del copies
        played = measured(below("12.4.0"), [])(cells)
        return Played({name: each.model_copy(update={"probe": "trickle"}) for name, each in played.verdicts.items()})

    found = bisect(CELL, *ends(good, bad), RELEASED, measure)
    assert (found.before, found.after) == (before, after)
    assert {each.probe for each in found.search.verdicts.values()} == {"trickle"}


def test_releases_that_cannot_be_had_are_skipped_and_told() -> None:
    good, bad = ends("oslo10.0.0", "oslo10.6.0")
    missing = {"10.3.0": "it does not import", "10.4.0": "it does not import"}
    found = bisect(CELL, good, bad, RELEASED, measured(below("10.4.0"), [], missing))
    assert (found.before, found.after, found.between) == ("10.2.0", "10.5.0", ("10.3.0", "10.4.0"))
    assert found.search.skipped == missing


def test_a_series_that_got_the_fix_by_itself_is_told() -> None:
    good, bad = ends("oslo18.9.0", "oslo10.0.0")
    fixed = measured(lambda v: "kept" if v == "14.5.0" or RELEASED.index(v) >= RELEASED.index("16.0.0") else "lost", [])
    found = bisect(CELL, good, bad, RELEASED, fixed)
    assert (found.before, found.after) == ("16.0.0", "15.9.0")
    assert set(found.stray) <= {"14.5.0"}


def test_an_inconclusive_release_is_tried_again_and_then_skipped() -> None:
    tries: list[str] = []

    def truth(version: str) -> str:
        tries.append(version)
        return "inconclusive" if version == "10.2.0" else below("10.3.0")(version)

    good, bad = ends("oslo10.0.0", "oslo10.4.0")
    found = bisect(CELL, good, bad, RELEASED, measured(truth, []))
    assert tries.count("10.2.0") == 2
    assert found.search.skipped["10.2.0"].startswith("inconclusive")
    assert (found.before, found.after) == ("10.1.0", "10.3.0")


def test_good_and_bad_that_agree_are_an_error() -> None:
    good, bad = ends("oslo10.0.0", "oslo18.9.0")
    with pytest.raises(InputError, match=r"good and bad agree: oslo10.0.0 and oslo18.9.0 are both kept"):
        bisect(CELL, good, bad, RELEASED, measured(lambda _: "kept", []))


def test_an_end_without_verdict_is_an_error() -> None:
    good, bad = ends("oslo10.0.0", "oslo18.9.0")
    with pytest.raises(InputError, match=r"oslo18.9.0 has no verdict: broken"):
        bisect(CELL, good, bad, RELEASED, measured(below("12.0.0"), [], {"18.9.0": "broken"}))


@pytest.mark.parametrize(
    ("good", "bad", "words"),
    [
        ("14.3.0", "oslo18.3.1", "'14.3.0' is not a library with its version"),
        ("oslo14.3.0", "train", "--bad 'train' is not a library"),
        ("oslo14.3.0", "kombu5.3.0", "two libraries"),
        ("oslo14.3.0", "oslo14.3.0", "the same release"),
    ],
)
def test_ends_that_are_none_are_an_error(good: str, bad: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        ends(good, bad)


def test_any_library_can_be_searched() -> None:
    assert CELL.with_version("eventlet", "0.40.0").name == "prefork-daemon-eventlet-pthread-eventlet0.40.0"
    assert CELL.with_version("oslo", "14.3.0").name == "prefork-daemon-eventlet-pthread-oslo14.3.0"
    assert CELL.with_version("kombu", "5.3.0").with_version("kombu", "5.7.0") == CELL


def test_an_answer_tells_the_purposes_apart() -> None:
    partly, wholly = History.of(), History.of()
    partly.close(partly.connection("LISTEN", 40001), IDLE_FROM + 5.0)
    partly.beat(partly.connection("SEND", 40002))
    wholly.pair(beating=False)
    answers = [answer(history.cell_verdict) for history in (partly, wholly)]
    assert [each.words for each in answers] == ["LISTEN lost", "lost"]
    assert answers[0] != answers[1]


def test_release_is_kept_while_one_of_its_libraries_is_searched() -> None:
    (cell,) = select(["prefork-train-oslo10.2.4"]).cells
    changed = cell.with_version("oslo", "14.3.0")
    assert changed.name == "prefork-daemon-eventlet-train-oslo14.3.0"
    assert changed.packages == {**cell.packages, "oslo.messaging": "14.3.0"}


class ByChance:
    """Plays releases that hang in some of their tries only: from ``first`` on, in those of which ``hangs`` says so."""

    def __init__(self, first: str, hangs: Callable[[str, int], bool]) -> None:
        self.first, self.hangs = first, hangs
        self.tried: Counter[str] = Counter()
        self.windows = 0

    def __call__(self, cells: Sequence[Cell], copies: int = 1) -> Played:
        self.windows += 1
        return Played({cell.name: self._verdict(cell, copies) for cell in cells})

    def _verdict(self, cell: Cell, copies: int) -> CellVerdict:
        seen = 0
        for _ in range(copies):
            self.tried[cell.oslo] += 1
            bad = RELEASED.index(cell.oslo) >= RELEASED.index(self.first)
            seen += bad and self.hangs(cell.oslo, self.tried[cell.oslo])
        told = verdict(cell.name, "hung" if seen else "kept")
        return told.model_copy(update={"tries": Tries(what="play", tried=copies, seen=seen, by_chance=True)})


def test_a_release_that_hangs_by_chance_is_not_taken_for_a_good_one_because_it_did_not_once() -> None:
    played = ByChance("10.5.0", lambda version, time: time == (2 if version == "10.6.0" else 1))
    found = bisect(CELL, *ends("oslo10.0.0", "oslo10.9.0"), RELEASED, played)
    assert (found.before, found.after) == ("10.4.0", "10.5.0")
    assert found.search.verdicts["10.6.0"].outcome is Outcome.KEPT, "beyond the change it is of no matter"


def test_the_last_good_release_is_tried_until_the_chance_of_missing_the_fault_is_small() -> None:
    played = ByChance("10.5.0", lambda version, time: time == (2 if version == "10.5.0" else 1))
    found = bisect(CELL, *ends("oslo10.0.0", "oslo10.9.0"), RELEASED, played)
    assert (found.before, found.after) == ("10.4.0", "10.5.0")
    share, tally = found.search.share, found.search.tallies["10.4.0"]
    assert share is not None
    assert (1 - share) ** tally.tried <= 0.05
    assert tally.seen == 0


def test_an_end_that_ought_to_hang_is_tried_again_before_both_are_said_to_agree() -> None:
    played = ByChance("10.2.0", lambda _, time: time >= 3)
    found = bisect(CELL, *ends("oslo10.0.0", "oslo10.2.0"), RELEASED, played)
    assert (found.before, found.after) == ("10.1.0", "10.2.0")


def test_ends_that_never_hang_agree_after_a_bounded_number_of_tries() -> None:
    played = ByChance("10.9.0", lambda *_: False)
    with pytest.raises(InputError, match="good and bad agree"):
        bisect(CELL, *ends("oslo10.0.0", "oslo10.9.0"), RELEASED, played)
    assert played.tried["10.9.0"] == MOST_TRIES


def test_what_is_told_of_a_search_by_chance_says_how_sure_it_is() -> None:
    played = ByChance("10.5.0", lambda _, time: time == 1)
    found = bisect(CELL, *ends("oslo10.0.0", "oslo10.9.0"), RELEASED, played)
    out = Console(file=io.StringIO(), width=200)
    show(found, CELL, out)
    told = cast("io.StringIO", out.file).getvalue()
    assert "Chance decides whether it hangs: releases that do hung in" in told
    assert "10.4.0 never did in" in told


def test_of_bursts_the_outcome_is_the_answer_whatever_became_of_single_connections() -> None:
    partly = History.of()
    partly.close(partly.connection("LISTEN", 40001), IDLE_FROM + 5.0)
    partly.beat(partly.connection("SEND", 40002))
    well = partly.cell_verdict.model_copy(update={"outcome": Outcome.RECOVERED, "probe": "burst"})
    assert answer(well).words == "recovered"
    assert answer(well).purposes == ()
