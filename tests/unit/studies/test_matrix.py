"""The reference matrix: which cells, in which batches, and how the results are written down."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from heartbed import servers
from heartbed.cells.axes import TABLE
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select
from heartbed.cells.settings import Settings
from heartbed.cli import cli
from heartbed.errors import NoEngineError, TestbedError
from heartbed.probes import scenarios
from heartbed.report.loaded import load
from heartbed.run.code import played_by
from heartbed.studies import batch, matrix, reference, results, store
from heartbed.studies.batch import Played
from heartbed.studies.session import Session
from heartbed.testbed.images.spec import ImageRef
from heartbed.verdict.values import CellVerdict, Outcome, Tries
from heartbed.versions.locks import milestones
from tests.unit import shards
from tests.unit.data.report import samples
from tests.unit.histories import History
from tests.unit.shards import shard


def test_matrix_has_every_server_mode_model_and_milestone_once() -> None:
    cells = matrix.selection().cells
    played = {token for token in TABLE.axis("server").tokens if servers.family(token).hostings}
    assert {cell.server for cell in cells} == played
    here = [cell for cell in cells if cell.server in ("prefork", "event", "worker", "uwsgi", "gunicorn")]
    assert len(here) == (3 * 2 + 3) * 3 * len(milestones())
    assert matrix.selection(("uwsgi",)).cells == tuple(cell for cell in cells if cell.server == "uwsgi")


def test_batches_lose_no_cell() -> None:
    cells = matrix.selection().cells
    batches = list(matrix.batches(cells, lambda _: 2))
    assert [cell for batch in batches for cell in batch] == list(cells)
    assert max(len(batch) for batch in batches) <= matrix.MOST_IN_A_BATCH / 2


def test_batches_are_of_about_the_same_size() -> None:
    sizes = [len(batch) for batch in matrix.batches(matrix.selection(("prefork",)).cells[:41], lambda _: 10)]
    assert max(sizes) - min(sizes) <= 1


def test_copies_of_a_cell_count_in_a_batch_and_a_cell_is_never_divided() -> None:
    cells = matrix.selection(("prefork",)).cells
    batches = [*matrix.batches(cells, lambda cell: 15 if cell.shares_locks else 1)]
    assert [cell for batch in batches for cell in batch] == list(cells)
    weights = [sum(15 if cell.shares_locks else 1 for cell in batch) for batch in batches]
    assert len(batches) > 1
    assert max(weights) - min(weights) <= 2 * 15
    assert [len(batch) for batch in matrix.batches(cells[:2], lambda _: 300)] == [1, 1]


def test_the_probes_that_a_cell_cannot_be_played_under_are_told() -> None:
    (burst, recycle) = scenarios(["burst,recycle"])
    (cell,) = select(["prefork-daemon-eventlet"]).cells
    (own,) = select(["standalone-eventlet"]).cells
    assert matrix.refused([cell, own], burst) == {}
    assert [*matrix.refused([cell, own], recycle)] == [own.name]


def kept(cell: str) -> CellVerdict:
    history = History.of(cell)
    history.pair(beating=True)
    return history.cell_verdict


def under_burst() -> results.Results:
    cells = select(["{prefork,event}-daemon-eventlet-oslo{9.7.1,17.3.2}"]).cells
    verdicts = {}
    for cell, outcome, seen in zip(cells, ("hung", "kept", "recovered", "recovered"), (3, 0, 0, 0), strict=True):
        verdict = kept(cell.name)
        tries = Tries(what="burst", tried=15, seen=seen, by_chance=outcome != "recovered")
        verdicts[cell.name] = verdict.model_copy(update={"outcome": Outcome(outcome), "tries": tries})
    return results.results(cells, Played(verdicts), 2, "burst", "heartbed matrix --probe burst")


def test_results_under_another_probe_say_which_and_how_often_chance_decided() -> None:
    page = reference.markdown(under_burst())
    assert page.startswith("# Who is well under burst\n")
    assert "`heartbed matrix --probe burst`" in page
    assert "`hung`: a request that needs RabbitMQ got no reply." in page
    assert "`lost`" not in page, "what is not there is not explained"
    assert "| hung 3/15 | kept |" in page
    assert "| recovered | recovered |" in page
    assert "Under burst, " in page
    assert results.told(under_burst(), Played()).question(History.of("prefork-daemon").verdict) == (
        "Which of 4 configurations are well under burst?"
    )


def test_results_of_each_probe_have_files_of_their_own() -> None:
    asked = scenarios(["idle,burst,firewall:timeout=5"])
    names = [results.name_of(each.name) for each in asked]
    assert names == ["reference", "reference-burst", "reference-firewall-timeout-5"]
    assert results.name_of("burst", ["uwsgi"]) == "reference-burst-uwsgi"


def test_each_probe_is_played_and_written_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def play(cells: Sequence[Cell], session: Session) -> Played:
        (scenario,) = session.settings.scenarios
        asked.append(scenario.name)
        return Played({cell.name: kept(cell.name) for cell in cells})

    monkeypatch.setattr(batch, "play", play)
    monkeypatch.setattr(matrix, "remembered", lambda *_: Played())
    command = ["matrix", "--server", "gunicorn", "--probe", "idle,burst", "--output", str(tmp_path / "made")]
    done = CliRunner().invoke(cli, [*command, "--runs", str(tmp_path)])
    assert asked == ["idle", "burst"]
    assert sorted(path.name for path in (tmp_path / "made").glob("*.md")) == [
        "reference-burst-gunicorn.md",
        "reference-gunicorn.md",
    ]
    assert done.output.count("written: ") == 2
    for name, options, title in (
        ("reference-burst-gunicorn.md", "--server gunicorn --probe burst", "Who is well under burst"),
        ("reference-gunicorn.md", "--server gunicorn", "Who keeps its idle connections"),
    ):
        page = (tmp_path / "made" / name).read_text("utf-8")
        assert f"`heartbed matrix {options}`, which writes this file" in page
        assert f"\n{title}\n" in done.output
        assert page.startswith(f"# {title}\n")


@pytest.mark.parametrize(
    ("options", "written", "said"),
    [
        ([], "reference.md", "make matrix"),
        (["--shard", "1/3"], "reference-1of3.md", "heartbed matrix --shard 1/3"),
        (["--heartbeat", "3"], "reference.md", "heartbed matrix --heartbeat 3"),
        (
            ["--server", "uwsgi", "--server", "event", "--probe", "firewall:timeout=5", "--shard", "1/2"],
            "reference-firewall-timeout-5-uwsgi-event-1of2.md",
            "heartbed matrix --server uwsgi --server event --probe firewall:timeout=5 --shard 1/2",
        ),
    ],
)
def test_a_page_names_the_command_that_makes_it_again(
    options: list[str], written: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "play", lambda cells, **_: Played({cell.name: kept(cell.name) for cell in cells}))
    monkeypatch.setattr(matrix, "remembered", lambda *_: Played())
    done = CliRunner().invoke(cli, ["matrix", *options, "--output", str(tmp_path / "made"), "--runs", str(tmp_path)])
    assert done.exception is None, done.output
    assert f"with `{said}`, which writes this file" in (tmp_path / "made" / written).read_text("utf-8")


def test_a_page_tells_what_became_of_each_configuration_under_every_probe(tmp_path: Path) -> None:
    burst = under_burst()
    results.save(found(), reference.markdown, tmp_path)
    assert results.save_overview(reference.overview, tmp_path) is None, "its own page says it"
    results.save(burst, reference.markdown, tmp_path, "reference-burst")
    results.save(burst, reference.markdown, tmp_path, "reference-burst-uwsgi")
    results.save(burst, reference.markdown, tmp_path, "reference-burst-1of2")
    page = results.save_overview(reference.overview, tmp_path)
    assert page == tmp_path / "reference-all.md"
    told = page.read_text("utf-8").splitlines()
    assert f"| [burst](reference-burst.md) | 4 | {burst.made} | {burst.said} |" in told
    assert "| configuration | [idle](reference.md) | [burst](reference-burst.md) |" in told
    assert "| prefork daemon eventlet | kept | hung 1, kept 1 |" in told
    assert "| uwsgi eventlet | lost 1, inconclusive 1 | - |" in told


def test_the_page_of_all_probes_is_that_of_the_results() -> None:
    page = results.FOLDER / "reference-all.md"
    assert page.read_text("utf-8") == reference.overview(results.whole())


def test_what_is_no_results_is_said_so(tmp_path: Path) -> None:
    for text in ("", "[]", "{}", '{"results": [{}]}', '{"results": 3}'):
        (tmp_path / "reference.json").write_text(text, encoding="utf-8")
        with pytest.raises(TestbedError, match=r"reference\.json has no results that this heartbed reads"):
            results.load(tmp_path / "reference.json")


def found() -> results.Results:
    cells = select(["{prefork-daemon,uwsgi}-eventlet-oslo{9.7.1,17.3.2}"]).cells
    verdicts = {}
    for cell in cells[:3]:
        history = History.of(cell.name)
        history.pair(beating=cell.server == "prefork")
        verdicts[cell.name] = history.cell_verdict
    return results.results(cells, Played(verdicts, {cells[3].name: "it does not import"}), 2)


def test_why_cells_have_no_verdict_is_said_once_for_each_reason() -> None:
    cells = select(["prefork-daemon-{eventlet,native}-oslo9.7.1"]).cells
    missing = {cell.name: "no wheel" for cell in cells}
    assert results.results(cells, Played(missing=missing), 2).reasons == [f"{cells[0].name} and 1 more: no wheel"]
    found().check()


def test_older_results_are_not_written_over_where_no_cell_has_a_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def play(cells: Sequence[Cell], *_: object) -> Played:
        return Played(missing={cell.name: "there is no base image" for cell in cells})

    monkeypatch.setattr(matrix, "play", play)
    done = CliRunner().invoke(
        cli, ["matrix", "--server", "uwsgi", "--output", str(tmp_path / "results"), "--runs", str(tmp_path)]
    )
    assert isinstance(done.exception, TestbedError)
    assert not [*(tmp_path / "results").iterdir()]


def test_page_shows_where_the_answers_change_and_a_table_for_each_release() -> None:
    page = reference.markdown(found()).splitlines()
    assert "| configuration | 9.7.1 | 17.3.2 |" in page
    assert "| prefork daemon eventlet | kept | kept |" in page
    assert "| uwsgi eventlet | lost | no verdict |" in page
    assert "- `uwsgi-eventlet`: it does not import" in page
    assert page.count("|  | prefork daemon | uwsgi |") == 2


def test_the_report_is_told_all_places_of_the_matrix() -> None:
    about = results.told(found(), Played())
    assert list(about.releases) == found().releases
    assert about.cells == len(found().results)
    assert about.question(History.of("prefork-daemon-native").verdict).startswith(f"Which of {about.cells} ")


def test_the_report_of_the_last_run_becomes_one_of_the_study(tmp_path: Path) -> None:
    samples.write(samples.comparison(), tmp_path / "run")
    page = Session(Settings(heartbeat_s=2, runs=tmp_path), quiet=True).tell(results.told(found(), Played()), "run")
    assert page == tmp_path / "run" / "report.html"
    assert "Heartbed matrix" in page.read_text("utf-8")
    assert load(tmp_path, "run").about is not None


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    data, page = results.save(found(), reference.markdown, tmp_path)
    assert page.read_text().startswith("# ")
    assert results.load(data) == {each.cell: each for each in found().results}
    assert results.load(tmp_path / "none.json") == {}


def test_results_say_what_they_were_made_with_and_nothing_of_the_machine() -> None:
    told = reference.markdown(found())
    assert "make matrix" in told
    assert "/home" not in told


def test_the_reference_results_are_of_cells_that_were_played() -> None:
    known = results.load()
    assert len(known) >= 189
    assert {each.outcome for each in known.values()} <= {"kept", "lost"}


def test_the_page_of_the_reference_says_the_rule_that_fits_all_of_its_cells() -> None:
    made = results.read(results.FOLDER / f"{results.NAME}.json")
    assert made.said.startswith("No single choice decides. Kept: native threads; gunicorn; eventlet with ")
    assert "exception" not in made.said
    assert (results.FOLDER / f"{results.NAME}.md").read_text("utf-8") == reference.markdown(made)


IMAGES = ("apache-oslo17.3.2", "rabbitmq", "observer")


@dataclass(frozen=True)
class Ready(Session):
    """A session in which some images are there."""

    id: str = "1"

    def images(self, cells: Iterable[Cell]) -> dict[str, ImageRef]:
        if self.id == "silent":
            raise NoEngineError("no engine")
        return {name: ImageRef(name, self.id) for name in IMAGES} if [*cells] else {}


def test_what_was_played_with_the_same_images_by_the_same_heartbed_is_not_played_again(tmp_path: Path) -> None:
    images: Any = {name: {"tag": name, "id": "1"} for name in IMAGES}
    played: dict[str, Any] = {"images": images, "code": played_by(), "rpc_timeout_s": 4.0}
    for name, division, told in (("a", "1/2", played), ("b", "2/2", {**played, "code": "older"})):
        store.add(load(tmp_path, str(shard(tmp_path / name, division, **told))))
    settings = Settings(runs=tmp_path)
    same = matrix.remembered(shards.CELLS, Ready(settings, quiet=True))
    assert [(name, verdict.outcome) for name, verdict in same.verdicts.items()] == [(shards.CELLS[0].name, "kept")]
    assert same.versions == [{"oslo.messaging": "17.3.2"}]
    for other in (Ready(settings, quiet=True, id="2"), Ready(settings, quiet=True, id="silent")):
        assert matrix.remembered(shards.CELLS, other).verdicts == {}
    assert matrix.remembered(shards.CELLS, Ready(Settings(runs=tmp_path, heartbeat_s=6), quiet=True)).verdicts == {}
    assert matrix.remembered(shards.CELLS, Ready(Settings(runs=tmp_path / "empty"), quiet=True)).verdicts == {}


def test_where_all_is_known_nothing_is_played() -> None:
    assert [*matrix.batches(())] == []


def test_a_server_can_be_named_where_it_has_a_part() -> None:
    assert {*matrix.servers()} == {each.token for each in TABLE.servers} - {"standalone"}
    assert all(matrix.selection([each]).cells for each in matrix.servers())
