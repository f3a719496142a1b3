"""The minimal application beside the real one: what is played, what agreement is, and what is kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select
from heartbed.cli import cli
from heartbed.errors import InputError
from heartbed.studies import batch, validate, validated
from heartbed.studies.batch import Played
from heartbed.studies.session import Session
from heartbed.verdict.tries import CHANCE
from heartbed.verdict.values import CellVerdict, Outcome, Tries
from tests.unit.histories import History


def verdict(name: str, *, beating: bool) -> CellVerdict:
    history = History.of(name)
    history.pair(beating=beating)
    if "nova" in name:
        conn = history.connection("SEND", 40003)
        history.beat(conn) if beating else history.close(conn, history.events[0].t + 14.0)
    return history.cell_verdict


def played(**beating: bool) -> list[validate.Pair]:
    """The pairs of one cell, in which each of the two applications kept its connections or did not."""
    pairs = validate.cells(["2025.2"], "nova", ["prefork-daemon-eventlet"])
    ((minimal, real),) = pairs
    verdicts = {
        cell.name: verdict(cell.name, beating=beating[who])
        for who, cell in (("minimal", minimal), ("real", real))
        if who in beating
    }
    missing = {cell.name: "it does not start" for cell in (minimal, real) if cell.name not in verdicts}
    return validate.play(pairs, lambda _: Played(verdicts, missing))


def test_each_cell_is_played_twice_where_openstacks_deployments_have_it() -> None:
    pairs = validate.cells(["2024.1", "2026.2"], "nova")
    assert len(pairs) == 2 * 3 * 3
    assert pairs[0][0].name == "prefork-daemon-eventlet-2024.1"
    assert pairs[0][1].name == "prefork-daemon-eventlet-nova-2024.1"


def test_a_release_in_which_the_application_does_not_run_is_refused() -> None:
    with pytest.raises(InputError, match="nearest is nova23"):
        validate.cells(["victoria"], "nova")
    assert "victoria" not in validate.runnable("nova", ["victoria", "2024.1"])


def test_a_cell_that_has_an_application_already_is_refused() -> None:
    with pytest.raises(InputError, match="has an application already"):
        validate.cells(["2025.2"], "nova", ["prefork-nova"])


@pytest.mark.parametrize("beating", [True, False])
def test_two_that_fared_alike_agree(*, beating: bool) -> None:
    (pair,) = played(minimal=beating, real=beating)
    assert (pair.differs, pair.unknown, pair.told) == ("", "", "kept" if beating else "lost")
    assert validate.verdict([pair]) is Outcome.KEPT


def test_two_that_fared_otherwise_differ_and_it_is_said_how() -> None:
    (pair,) = played(minimal=True, real=False)
    assert pair.told == "minimal kept, real lost"
    assert pair.differs.startswith("the minimal application is kept, the real one lost: ")
    assert validate.verdict([pair]) is Outcome.FAILED


def test_one_without_a_verdict_is_no_agreement() -> None:
    (pair,) = played(minimal=True)
    assert pair.unknown == "prefork-daemon-eventlet-nova-2025.2: it does not start"
    assert validate.verdict([pair]) is Outcome.INCONCLUSIVE


def test_what_is_played_takes_the_place_of_what_was_kept_of_the_same_cells(tmp_path: Path) -> None:
    brings = {"2025.2": {"nova": "32.2.1"}}
    validated.save(validated.kept(played(minimal=True), brings, 2), tmp_path)
    _, page = validated.save(validated.kept(played(minimal=True, real=True), brings, 2), tmp_path)
    assert "1 pair: 1 agree." in page.read_text()
    assert "## 2025.2, nova 32.2.1" in page.read_text()
    assert [pair.told for pair in validated.load(tmp_path)["2025.2"].pairs] == ["kept"]


def test_releases_that_are_not_played_stay_as_they_are(tmp_path: Path) -> None:
    validated.save(validated.kept(played(minimal=True, real=False), {"2025.2": {"nova": "32.2.1"}}, 2), tmp_path)
    (cell,) = select(["prefork-2024.1"]).cells
    other = validate.Pair("2024.1", "prefork daemon", "eventlet", cell.name, f"{cell.name}-nova", "lost", "lost")
    _, page = validated.save(validated.kept([other], {"2024.1": {"nova": "29.4.0"}}, 2), tmp_path)
    text = page.read_text()
    assert text.index("## 2024.1") < text.index("## 2025.2")
    assert "2 pairs: 1 agree, 1 differ." in text
    assert "- the minimal application is kept, the real one lost: " in text


def test_what_is_kept_of_another_real_application_is_in_a_file_of_its_own(tmp_path: Path) -> None:
    validated.save(validated.kept(played(minimal=True, real=True), {"2025.2": {"nova": "32.2.1"}}, 2), tmp_path)
    kept = validated.kept(played(minimal=True, real=False), {"2025.2": {"cinder": "27.0.0"}}, 2)
    _, page = validated.save(kept, tmp_path, "cinder")
    assert page.name == "validation-cinder.md"
    assert "with the real cinder-api of the release" in page.read_text()
    assert "## 2025.2, nova 32.2.1" in (tmp_path / "validation.md").read_text()


def test_each_probe_is_played_by_itself_and_kept_in_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def play(cells: Sequence[Cell], session: Session) -> Played:
        (scenario,) = session.settings.scenarios
        asked.append(scenario.name)
        return Played({cell.name: verdict(cell.name, beating=True) for cell in cells})

    monkeypatch.setattr(batch, "play", play)
    command = ["validate", "prefork-daemon-native", "--release", "2025.2", "--probe", "idle,burst"]
    done = CliRunner().invoke(cli, [*command, "--output", str(tmp_path / "made"), "--runs", str(tmp_path)])
    assert (done.exit_code, asked) == (0, ["idle", "burst"]), done.output
    assert sorted(page.name for page in (tmp_path / "made").glob("*.md")) == ["validation-burst.md", "validation.md"]
    page = (tmp_path / "made" / "validation-burst.md").read_text("utf-8")
    assert page.startswith("# The minimal application beside the real one under burst\n")
    assert "`heartbed validate --probe burst`" in page
    assert "\nThe two under burst\n" in done.output


def test_what_chance_decides_is_told_with_how_often_it_was_tried() -> None:
    pairs = validate.cells(["2025.2"], "nova", ["event-embedded-eventlet-pthread"])
    ((minimal, real),) = pairs
    verdicts = {cell.name: verdict(cell.name, beating=True) for cell in (minimal, real)}
    tries = Tries(what="burst", tried=15, seen=2, by_chance=True)
    hung = {"outcome": Outcome.HUNG, "tries": tries, "why": "a deadlock"}
    verdicts[minimal.name] = verdicts[minimal.name].model_copy(update=hung)
    (pair,) = validate.play(pairs, lambda _: Played(verdicts))
    assert pair.told == "minimal hung 2/15, real kept"
    assert pair.differs == f"the minimal application is hung 2/15, the real one kept: a deadlock; {CHANCE}"
    verdicts[real.name] = verdicts[real.name].model_copy(update={**hung, "tries": tries.model_copy(update={"seen": 1})})
    (pair,) = validate.play(pairs, lambda _: Played(verdicts))
    assert (pair.differs, pair.told) == ("", "minimal hung 2/15, real hung 1/15")
