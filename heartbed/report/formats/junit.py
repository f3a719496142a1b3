"""``junit.xml``: a test case for each cell and probe, with the evidence in the text of its failure."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import junitparser

from heartbed.report import page
from heartbed.report.data import RunData
from heartbed.report.proofs import proofs
from heartbed.report.text import printable
from heartbed.report.words import outcome_words, overall
from heartbed.verdict.cause import words as cause_words
from heartbed.verdict.values import CellVerdict, Outcome

FILE = "junit.xml"


def render(run: RunData) -> bytes:
    """The run as one test suite.

    ``lost`` and ``hung`` are failures. ``inconclusive`` is an error: nothing
    was shown about the cell. A control that went wrong is an error, too.
    """
    suite = junitparser.TestSuite("heartbed")
    suite.timestamp = page.clock(run.verdict.started).replace(" UTC", "").replace(" ", "T")
    suite.hostname = printable(run.verdict.host.get("hostname", ""))
    for name, version in run.verdict.versions.items():
        suite.add_property(printable(name), printable(version))
    for control in run.verdict.controls:
        case = junitparser.TestCase(printable(control.name), classname="heartbed.controls")
        if not control.ok:
            said = f"expected {control.expected}, but was {control.observed}"
            case.result = [_result(junitparser.Error, "control", said, "\n".join(e.text for e in control.evidence))]
        suite.add_testcase(case)
    for cell in run.verdict.cells:
        suite.add_testcase(_case(run, cell))
    for left_out in run.verdict.left_out:
        case = junitparser.TestCase(printable(left_out.get("name", "")), classname="heartbed.left_out")
        case.result = [junitparser.Skipped(printable(left_out.get("reason", "")))]
        suite.add_testcase(case)
    document = junitparser.JUnitXml("heartbed")
    document.add_testsuite(suite)
    out = BytesIO()
    document.write(out, pretty=True)
    return out.getvalue()


def together(documents: Sequence[str]) -> str:
    """One document of several, each suite for itself."""
    whole = junitparser.JUnitXml("heartbed")
    for document in documents:
        whole += junitparser.JUnitXml.fromstring(document.encode("utf-8"))
    out = BytesIO()
    whole.write(out, pretty=True)
    return out.getvalue().decode("utf-8")


def _case(run: RunData, cell: CellVerdict) -> junitparser.TestCase:
    took = [c.closed - c.opened for c in cell.connections if c.closed is not None]
    case = junitparser.TestCase(
        printable(cell.cell), classname=f"heartbed.{printable(cell.probe)}", time=max(took, default=0)
    )
    if not cell.outcome.good:
        kind = junitparser.Error if cell.outcome is Outcome.INCONCLUSIVE else junitparser.Failure
        said = f"{overall(cell)}: {cause_words(cell.cause)}"
        case.result = [_result(kind, cell.cause or cell.outcome.value, said, _evidence(run, cell))]
    if cell.notes:
        case.system_out = printable("\n".join(cell.notes))
    return case


def _result(kind: type[Any], what: str, message: str, text: str) -> Any:
    result = kind(printable(message), printable(what))
    result.text = printable(text)
    return result


def _evidence(run: RunData, cell: CellVerdict) -> str:
    proven = [f"{each.at:+.3f} s  {each.source} (line {each.line}): {each.text}" for each in proofs(run, cell)]
    lanes = [
        f"{c.purpose} {c.conn} of process {c.pid}: {outcome_words(c.outcome, c.lost_after_s)}" for c in cell.connections
    ]
    return "\n".join([cell.why, "", *lanes, "", *proven])
