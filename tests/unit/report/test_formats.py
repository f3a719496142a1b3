"""Formats for other programs and for reviews."""

from __future__ import annotations

import csv
import json
import re
from xml.etree import ElementTree

import pytest

from heartbed import report
from heartbed.errors import InputError
from heartbed.report.formats.markdown import escaped
from heartbed.verdict.values import RunVerdict
from tests.unit.data.report import samples
from tests.unit.data.report.samples import HOSTILE, SAMPLES


def test_every_module_among_the_formats_is_a_format() -> None:
    assert report.format_names() == ("csv", "html", "json", "junit", "markdown", "svg", "text")
    assert report.file_name("junit") == "junit.xml"


def test_an_unknown_format_is_refused_with_those_that_exist() -> None:
    with pytest.raises(InputError) as refused:
        report.render("pdf", samples.comparison())
    assert "csv, html, json" in refused.value.hint


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("name", report.format_names())
def test_every_format_copes_with_every_run(name: str, sample: str) -> None:
    assert report.render(name, SAMPLES[sample]())


def test_json_is_the_verdict() -> None:
    run = samples.every_verdict()
    assert RunVerdict.model_validate_json(report.render("json", run)) == run.verdict


def test_csv_has_a_row_for_each_connection() -> None:
    run = samples.every_verdict()
    rows = list(csv.DictReader(str(report.render("csv", run)).splitlines()))
    assert len(rows) == sum(max(1, len(cell.connections)) for cell in run.verdict.cells)
    lost = next(row for row in rows if row["outcome"] == "lost")
    assert (lost["purpose"], lost["closed_by"], lost["heartbeats_sent"]) == ("LISTEN", "broker", "0")


def test_csv_holds_no_formula() -> None:
    run = samples.comparison()
    cell = run.verdict.cells[0].model_copy(update={"cell": '=cmd|" /C calc"!A1'})
    verdict = run.verdict.model_copy(update={"cells": [cell]})
    rows = list(csv.reader(str(report.render("csv", report.RunData(verdict, run.events, run.folder))).splitlines()))
    assert rows[1][1].startswith("'=")


def junit(run: report.RunData) -> ElementTree.Element:
    content = report.render("junit", run)
    assert isinstance(content, bytes)
    return ElementTree.fromstring(content)  # noqa: S314 - made by this very program


def test_junit_has_a_case_for_each_cell_and_control() -> None:
    run = samples.every_verdict()
    suite = junit(run).find("testsuite")
    assert suite is not None
    assert int(suite.attrib["tests"]) == len(run.verdict.cells) + 2 + 1
    assert int(suite.attrib["failures"]) == 7
    assert int(suite.attrib["errors"]) == 10
    assert int(suite.attrib["skipped"]) == 1


def test_junit_tells_the_evidence_in_the_failure() -> None:
    case = next(case for case in junit(samples.comparison()).iter("testcase") if case.find("failure") is not None)
    failure = case.find("failure")
    assert failure is not None
    assert failure.attrib["type"] == "hub_not_run"
    assert "missed heartbeats from client, timeout: 2s" in str(failure.text)
    assert "broker sent RST" in str(failure.text)


def test_junit_shows_a_control_that_went_wrong_as_an_error() -> None:
    run = samples.comparison()
    wrong = run.verdict.controls[0].model_copy(update={"ok": False, "observed": "kept"})
    verdict = run.verdict.model_copy(update={"controls": [wrong]})
    errors = list(junit(report.RunData(verdict, run.events, run.folder)).iter("error"))
    assert [error.attrib["message"] for error in errors] == ["expected closed, but was kept"]


def test_junit_stays_valid_with_characters_that_xml_does_not_know() -> None:
    texts = "".join(junit(samples.hostile()).itertext())
    assert r"\x1b[31mred" in texts


def test_markdown_answers_first_and_folds_the_evidence_away() -> None:
    text = str(report.render("markdown", samples.comparison()))
    assert text.startswith("### ❌ Do these 12 configurations")
    assert "| `daemon-eventlet` | ❌ lost after 5.9 s | ✅ SEND kept<br>❌ LISTEN lost after 5.9 s |" in text
    assert text.count("<details>") == text.count("</details>") == 3


def test_markdown_has_as_many_columns_in_every_row_whatever_the_names_hold() -> None:
    rows = [line for line in str(report.render("markdown", samples.hostile())).splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1


def test_markdown_takes_no_markup_from_outside() -> None:
    text = str(report.render("markdown", samples.hostile()))
    outside_of_code = re.sub(r"(`{3,})\n.*?\n\1|`[^`]*`", "", text, flags=re.DOTALL)
    assert "<script" not in outside_of_code
    assert escaped("a_b*c|d`e<f>@g") == r"a\_b\*c\|d\`e&lt;f\>\@g"


def test_markdown_fences_are_longer_than_any_in_the_evidence() -> None:
    run = samples.comparison()
    piece = run.verdict.cells[0].evidence[0].model_copy(update={"text": "```\n# injected", "line": 0})
    cell = run.verdict.cells[0].model_copy(update={"evidence": [piece], "connections": []})
    verdict = run.verdict.model_copy(update={"cells": [cell]})
    assert "\n````\n" in str(report.render("markdown", report.RunData(verdict, run.events, run.folder)))


def test_no_format_puts_out_control_characters() -> None:
    for name in report.format_names():
        content = report.render(name, samples.hostile())
        text = content.decode() if isinstance(content, bytes) else content
        shown = "" if name in ("html", "json") else text
        assert "\x1b" not in shown, name
        assert "\u202e" not in shown, name
    assert HOSTILE in json.loads(str(report.render("json", samples.hostile())))["answer"]


def test_the_picture_is_well_formed_and_has_colours_of_its_own() -> None:
    picture = str(report.render("svg", samples.comparison()))
    ElementTree.fromstring(picture)  # noqa: S314  # made by this very program
    assert "prefork-embedded-eventlet: lost after 5.9 s" in picture
    assert "var(--" not in picture
    assert "holds no timeline" in str(report.render("svg", samples.empty()))
