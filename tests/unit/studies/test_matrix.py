"""The reference matrix: which cells, in which batches, and how the results are written down."""

from __future__ import annotations

from pathlib import Path

from heartbed import servers
from heartbed.cells.axes import TABLE
from heartbed.cells.expressions import select
from heartbed.studies import matrix, results
from heartbed.studies.batch import Played
from heartbed.versions.locks import milestones
from tests.unit.histories import History

GIB = 2**30


def test_matrix_has_every_server_mode_model_and_milestone_once() -> None:
    cells = matrix.selection().cells
    played = {token for token in TABLE.axis("server").tokens if servers.family(token).hostings}
    assert {cell.server for cell in cells} == played
    here = [cell for cell in cells if cell.server in ("prefork", "event", "worker", "uwsgi", "gunicorn")]
    assert len(here) == (3 * 2 + 3) * 3 * len(milestones())
    assert matrix.selection(("uwsgi",)).cells == tuple(cell for cell in cells if cell.server == "uwsgi")


def test_batches_fit_the_memory_and_lose_no_cell() -> None:
    cells = matrix.selection().cells
    for octets, most in ((64 * GIB, 48), (4 * GIB, 16), (GIB, 1)):
        batches = list(matrix.batches(cells, octets))
        assert [cell for batch in batches for cell in batch] == list(cells)
        assert max(len(batch) for batch in batches) <= most


def test_batches_are_of_about_the_same_size() -> None:
    sizes = [len(batch) for batch in matrix.batches(matrix.selection(("prefork",)).cells[:49], 64 * GIB)]
    assert max(sizes) - min(sizes) <= 1


def found() -> results.Results:
    cells = select(["{prefork-daemon,uwsgi}-eventlet-oslo{9.7.1,17.3.2}"]).cells
    verdicts = {}
    for cell in cells[:3]:
        history = History.of(cell.name)
        history.pair(beating=cell.server == "prefork")
        verdicts[cell.name] = history.cell_verdict
    return results.results(cells, Played(verdicts, {cells[3].name: "it does not import"}), 2)


def test_page_shows_where_the_answers_change_and_a_table_for_each_release() -> None:
    page = results.markdown(found()).splitlines()
    assert "| configuration | 9.7.1 | 17.3.2 |" in page
    assert "| prefork daemon eventlet | kept | kept |" in page
    assert "| uwsgi eventlet | lost | no verdict |" in page
    assert "- `uwsgi-eventlet`: it does not import" in page
    assert page.count("|  | prefork daemon | uwsgi |") == 2


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    data, page = results.save(found(), tmp_path)
    assert page.read_text().startswith("# ")
    assert results.load(data) == {each.cell: each for each in found().results}
    assert results.load(tmp_path / "none.json") == {}


def test_results_say_what_they_were_made_with_and_nothing_of_the_machine() -> None:
    told = results.markdown(found())
    assert "make matrix" in told
    assert "/home" not in told


def test_the_reference_results_are_of_cells_that_were_played() -> None:
    reference = results.load()
    assert len(reference) >= 189
    assert {each.outcome for each in reference.values()} <= {"kept", "lost"}
