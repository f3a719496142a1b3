"""The page as text; ``tests/acceptance/test_report_browser.py`` opens it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from heartbed import report
from heartbed.record.event import Event, only
from heartbed.record.kinds import Request, WireFrame
from heartbed.report import figure, plots
from heartbed.report.data import RunData
from tests.unit.data.report import probed, samples
from tests.unit.data.report.samples import SAMPLES
from tests.unit.data.report.studies import STUDIES

VOID = {"meta", "input", "link", "br"}


class Page(HTMLParser):
    """What a browser makes of the page: its elements, and the text that it shows."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.scripts: list[str] = []
        self.open: list[str] = []
        self.feed(content)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("script", "style"):
            self.scripts.append(data)
        else:
            self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@cache
def html(sample: Callable[[], RunData]) -> str:
    return str(report.render("html", sample()))


@cache
def page(sample: Callable[[], RunData]) -> Page:
    """The page of a sample, to be read by several tests."""
    return Page(html(sample))


@pytest.mark.parametrize("sample", SAMPLES | STUDIES)
def test_the_page_is_well_formed_and_ids_are_unique(sample: str) -> None:
    found = page((SAMPLES | STUDIES)[sample])
    assert found.open == []
    ids = [attributes["id"] for _, attributes in found.elements if attributes.get("id")]
    assert len(set(ids)) == len(ids)
    targets = {str(each["href"])[1:] for each in found.all("a") if str(each.get("href")).startswith("#")}
    assert {target for target in targets if not target.startswith("pair=")} <= set(ids)


def test_the_page_asks_nothing_of_the_network() -> None:
    found = page(samples.comparison)
    loading = [
        value
        for _, attributes in found.elements
        for name, value in attributes.items()
        if name in ("src", "srcset", "action")
    ]
    assert loading == []
    assert found.all("link") == []
    (policy,) = [
        str(each["content"]) for each in found.all("meta") if each.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "connect-src" not in policy


def test_the_page_begins_with_the_question_the_answer_and_the_verdicts() -> None:
    text = " ".join(" ".join(page(samples.comparison).text).split())
    order = ["Do these 12 configurations", "9 of 12 cells keep", "The two timelines", "Verdicts", "Findings", "Cells"]
    order += ["Controls and machine", "How this was obtained"]
    places = [text.index(each, text.index("Heartbed run")) for each in order]
    assert places == sorted(places)


def test_every_cell_has_its_timeline_proof_stack_facts_and_connections() -> None:
    found = page(samples.comparison)
    headings = [text.strip() for text in found.text]
    for heading in (
        "Timeline of the wire",
        "What proves it",
        "In the middle of the idle period",
        "Asked and observed",
        "Connections",
    ):
        assert headings.count(heading) == 12, heading
    assert len([each for each in found.all("li") if each.get("class") == "telling"]) >= 12


def figures(sample: Callable[[], RunData], kind: str) -> list[dict[str, Any]]:
    drawn = rf'data-kind="{kind}">.*?<script type="application/json">(.*?)</script>'
    found = re.findall(drawn, html(sample).partition('<section id="cells"')[2], re.DOTALL)
    return [json.loads(each) for each in found]


def test_the_timeline_holds_every_heartbeat_of_the_record() -> None:
    run = samples.comparison()
    recorded = [event for event in only(run.events, WireFrame) if event.data.type == "heartbeat"]
    drawn = [row for each in figures(samples.comparison, "wire") for row in each["tables"]["heartbeats"]["rows"]]
    assert len(drawn) == len(recorded) > 300
    assert {row[4] for row in drawn} == {event.data.frame for event in recorded}


def test_the_close_is_drawn_in_the_window_in_which_it_was_due() -> None:
    tables = figures(samples.comparison, "wire")[0]["tables"]
    dues = {row[2]: (row[0], row[1]) for row in tables["dues"]["rows"]}
    assert len(tables["closes"]["rows"]) == 2
    for t, lane, what, direction, _ in tables["closes"]["rows"]:
        assert dues[lane][0] <= t <= dues[lane][1]
        assert (what, direction) == ("broker closed (RST)", "broker → client")


def test_a_kind_of_plot_is_a_file() -> None:
    assert list(plots.kinds("cell")) == ["wire", "growth", "memory", "notice", "latencies"]
    assert list(plots.kinds("connections")) == ["connections", "queue"]
    assert list(plots.kinds("run")) == ["lag"]


SHOWS = {
    "growth": probed.soak,
    "memory": probed.soak,
    "notice": probed.fault,
    "latencies": probed.bursts,
    "connections": probed.fault,
}
"""A kind of plot -> a run that has something for it, where the comparison has not."""


@pytest.mark.parametrize("name", plots.kinds())
def test_every_plot_fills_only_data_sets_and_parameters_that_its_specification_has(name: str) -> None:
    kind = plots.kinds()[name]
    text = json.dumps(kind.SPEC)
    run = SHOWS.get(name, samples.comparison)()
    drawn = kind.figure(run, None if kind.PLACE == "run" else run.verdict.cells[0])
    assert drawn is not None
    for data_set in drawn.tables:
        assert f'"data": {{"name": "{data_set}"}}' in text
    for parameter in drawn.params:
        assert f'"name": "{parameter}"' in text
    for table in drawn.tables.values():
        assert {len(row) for row in table.rows} <= {len(table.columns)}


def test_data_cannot_end_the_element_that_it_stands_in() -> None:
    assert figure.embedded({"a": "</script><!--&\u2028"}) == r'{"a":"\u003c/script\u003e\u003c!--\u0026\u2028"}'


def test_nothing_from_outside_becomes_markup() -> None:
    found = page(samples.hostile)
    assert not any("hacked" in script for script in found.scripts if not script.lstrip().startswith(("{", "[")))
    assert len([each for each in found.all("script") if each.get("type") != "application/json"]) == 3
    text = "".join(found.text)
    assert text.count("<script>window.hacked=1</script>") > 10
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_what_is_missing_is_said() -> None:
    text = "".join(page(samples.without_capture).text)
    assert "tcpdump was not permitted" in text
    assert "no heartbeat can be shown" in text
    assert "No stack was taken" in text
    text = "".join(page(samples.interrupted).text)
    assert "the run was killed: its record ends without an end" in text
    assert "No connection of this cell was seen" in text
    assert "How late the machine woke its threads was not measured" in text


def test_each_probe_has_verdicts_of_its_own() -> None:
    run = samples.comparison()
    again = [cell.model_copy(update={"probe": "burst"}) for cell in run.verdict.cells]
    verdict = run.verdict.model_copy(update={"cells": [*run.verdict.cells, *again]})
    content = str(report.render("html", RunData(verdict, run.events, run.folder)))
    assert content.count('<table class="matrix">') == 2
    assert "<h3>burst</h3>" in content
    assert "Do these 12 configurations keep their RabbitMQ connections while nobody calls and under burst?" in content


def test_a_cell_that_was_only_asked_what_it_is_has_no_timeline() -> None:
    run = samples.interrupted()
    asked = Event(Request(phase="open", what="facts"), run.events[-1].t, run.verdict.cells[0].cell, 7)
    text = str(report.render("html", RunData(run.verdict, (*run.events, asked), run.folder)))
    assert "Timeline of the wire" not in text


def test_files_beside_the_page_are_named_only_if_they_are_there(tmp_path: Path) -> None:
    run = samples.write(samples.comparison(), tmp_path / "run")
    text = "".join(Page(str(report.render("html", run))).text)
    assert "record.jsonl" in text
    assert "capture.pcap" not in text


@pytest.mark.parametrize(("count", "octets"), [(24, 3_000_000), (200, 20_000_000)])
def test_a_page_of_many_cells_stays_small(count: int, octets: int) -> None:
    assert len(str(report.render("html", samples.many(count))).encode()) < octets


def test_a_fault_is_plotted_with_when_it_was_noticed_and_when_all_was_well_again() -> None:
    tables = figures(probed.fault, "notice")[0]["tables"]
    assert [row[:2] for row in tables["broker"]["rows"]] == [[0.1, "SEND 40001"], [0.1, "LISTEN 40002"]]
    assert [row[:2] for row in tables["client"]["rows"]] == [[1.2, "SEND 40001"], [1.2, "LISTEN 40002"]]
    assert [row[:2] for row in tables["again"]["rows"]] == [[2.3, "SEND 40001"], [2.3, "LISTEN 40002"]]
    assert [row[1] for row in tables["well"]["rows"]] == ["casts", "calls"]


def test_requests_are_plotted_by_what_became_of_them() -> None:
    rows = figures(probed.bursts, "latencies")[0]["tables"]["latencies"]["rows"]
    assert [row[2] for row in rows].count("unanswered") == 1
    assert len(rows) == 12


def test_a_soak_is_plotted_with_its_slope_and_the_words_of_its_verdict() -> None:
    (growth,) = figures(probed.soak, "growth")
    held = {row[1] for row in growth["tables"]["held"]["rows"]}
    assert held == {"connections", "queues", "file descriptors", "threads"}
    assert {row[1] for row in growth["tables"]["slope"]["rows"]} == held
    text = "".join(page(probed.soak).text)
    assert "an hour" in text
    assert "Memory at the end of each idle time" in text


def test_what_has_nothing_to_show_has_no_plot() -> None:
    run = samples.comparison()
    cell = run.verdict.cells[0]
    assert [*plots.figures(run, cell, "cell")] == ["wire"]
