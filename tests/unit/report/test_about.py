"""The page of a study: what to do comes first, the evidence after it, what was assumed last."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from heartbed import report
from heartbed.report.about import about
from heartbed.report.data import RunData
from heartbed.report.text import one_line
from tests.unit.data.report import making, samples, studies
from tests.unit.data.report.framing import cell, finished


def text(run: RunData) -> str:
    """What a reader sees, without scripts and markup."""
    content = str(report.render("html", run))
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", content[content.index("<main") :], flags=re.DOTALL)
    return one_line(re.sub(r"<[^>]+>", " ", body).replace("&#39;", "'"))


def in_order(told: str, *parts: str) -> None:
    at = 0
    for part in parts:
        at = told.index(part, at) + len(part)


def test_a_check_begins_with_the_file_and_what_to_do_and_ends_with_what_it_rests_on() -> None:
    told = text(studies.check())
    in_order(
        told,
        "Heartbed check of nova-api.conf",
        "Does nova-api.conf keep its RabbitMQ connections while nobody calls?",
        "Lost after 5.9 s: nothing runs the hub. Any one of 2 changes mends it.",
        "Nothing runs the eventlet hub: it was last heard",
        "What to do",
        "native threads instead of eventlet",
        "Costs: other threads",
        "+Environment=OS_NOVA=1",
        "the next upgrade undoes it",
        "The other changes that were tried",
        "did not act",
        "The two timelines that matter",
        "Verdicts",
        "What proves it",
        "What it rests on",
        "Assumed",
        "Replaced in a copy",
        "+ ServerName 127.0.0.1",
        "How this was obtained",
    )


def test_a_check_that_nothing_mends_says_so() -> None:
    told = text(studies.check(mended=False))
    assert "Nothing that was tried mends it." in told
    assert "Nothing that was tried keeps the connections" in told
    assert "Its timeline" in told


def test_where_one_timeline_stands_for_many_cells_it_is_said_whose_it_is() -> None:
    sample = making.Sample("20251229-190000")
    for name in ("gunicorn-eventlet", "gunicorn-native"):
        cell(sample, name, samples.KEPT)
    told = text(finished(sample))
    assert "One of their timelines" in told
    assert "Its timeline" not in told


def test_what_a_file_is_called_becomes_no_markup() -> None:
    content = str(report.render("html", studies.check(samples.HOSTILE)))
    assert "<script>window.hacked" not in content


def test_a_bisect_begins_with_where_it_changes_and_shows_the_two_releases() -> None:
    told = text(studies.bisect())
    in_order(
        told,
        "With which release of oslo.messaging does the verdict on prefork-daemon-eventlet-pthread change?",
        "changes with oslo.messaging 18.0.0, from kept to lost.",
        "Where it changes",
        "Found in 1 idle window",
        "skipped: it does not start",
        "oslo.messaging 17.3.2",
        "oslo.messaging 18.0.0",
        "Verdicts",
    )


def test_a_comparison_of_two_files_asks_which_and_tells_what_differs() -> None:
    told = text(studies.comparison())
    in_order(
        told,
        "/etc/httpd/today.conf or /etc/httpd/tomorrow.conf: which keeps its RabbitMQ connections while nobody calls?",
        "What tells them apart",
        "WSGIProcessGroup its default nova",
        "The two timelines that matter",
    )


def test_a_matrix_begins_with_what_all_its_cells_say_and_links_to_those_that_are_there() -> None:
    run = studies.matrix()
    told = text(run)
    in_order(told, "Which of 24 configurations", "No single choice decides.", "The matrix", "17.3.2", "Verdicts")
    assert "played in 2 runs" in told
    matrix = str(report.render("html", run)).partition('id="about"')[2].partition("</section>")[0]
    assert matrix.count("<a class=") == 12


@pytest.mark.parametrize("study", studies.STUDIES)
def test_what_a_study_told_is_read_again(study: str, tmp_path: Path) -> None:
    run = samples.write(studies.STUDIES[study](), tmp_path / "run")
    read = about(tmp_path / "run")
    assert read is not None
    assert run.about is not None
    assert read.as_json() == run.about.as_json()


def test_what_cannot_be_read_is_no_study(tmp_path: Path) -> None:
    (tmp_path / "check.json").write_text('{"verdict": {"outcome": "lost"}}')
    assert about(tmp_path) is None


def test_only_a_lost_and_a_kept_cell_that_differ_least_stand_at_the_top() -> None:
    content = str(report.render("html", samples.comparison()))
    top = content.partition('id="telling"')[2].partition("</section>")[0]
    assert re.findall(r"<h3>(.*?)</h3>", top) == ["prefork-embedded-eventlet", "prefork-embedded-eventlet-pthread"]
    assert top.count('<svg aria-hidden="true"') == 2
    assert "var(--client)" in top


def test_a_kept_cell_cites_its_heartbeats() -> None:
    told = text(samples.comparison())
    assert re.search(r"wire line \d+ SEND: \d+ heartbeats of the client: \+\d\.\d{3} \(frame \d+\)", told)


def test_on_paper_there_is_one_cell_for_each_finding() -> None:
    content = str(report.render("html", samples.comparison()))
    assert content.count('class="cell printed"') == 1
    assert str(report.render("html", samples.every_verdict())).count('class="cell printed"') == 6
