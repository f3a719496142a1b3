"""One zero of time: the table, the story, the proofs and the plots count from the client's last octet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from heartbed.report.loaded import load
from heartbed.report.plots import wire
from heartbed.report.proofs import proofs
from heartbed.report.story import story
from heartbed.report.timeline import zero
from tests.unit.data.report import probed, samples
from tests.unit.recorded import recorded


@pytest.mark.parametrize("record", ["prefork", "event", "daemon"])
def test_a_loss_has_the_same_time_everywhere(record: str, tmp_path: Path) -> None:
    recorded(record, tmp_path)
    run = load(tmp_path, str(tmp_path))
    cell = run.verdict.cells[0]
    after = cell.lost_after_s
    assert after is not None
    assert zero(run, cell).what == "the client’s last octet"
    (told, *_) = [line.at for line in story(run, cell) if "missed heartbeats" in line.what]
    (proven, *_) = [proof.at for proof in proofs(run, cell) if "missed heartbeats" in proof.text]
    drawn = wire.figure(run, cell)
    assert drawn is not None
    shown = min(row[0] for row in drawn.tables["closes"].rows)
    for at in (told, proven, shown):
        assert at == pytest.approx(after, abs=0.02)
    assert drawn.params["zero"] == "seconds since the client’s last octet"


def test_a_kept_cell_counts_from_the_last_octet_before_it_idled() -> None:
    run = samples.comparison()
    cell = run.verdict.cells[2]
    since = zero(run, cell)
    drawn = wire.figure(run, cell)
    assert drawn is not None
    ((begins, _),) = drawn.tables["idle"].rows
    assert since.what == "the client’s last octet before it idled"
    assert begins == pytest.approx((cell.connections[0].idle_from or 0.0) - since.t, abs=0.01)
    assert re.search(r"\+\d\.\d{3}", proofs(run, cell)[0].text)


def test_without_a_capture_or_with_many_rounds_it_is_the_beginning_of_idling() -> None:
    run = samples.without_capture()
    assert {zero(run, cell).what for cell in run.verdict.cells} == {"the idle period began"}
    run = probed.soak()
    assert zero(run, run.verdict.cells[0]).what == "the first idle period began"
