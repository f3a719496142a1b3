"""SYNTHETIC runs with what a study tells of them: input for the tests of the page, never measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from heartbed.report.about.bisect import Bisect, Step
from heartbed.report.about.check import Change, Check
from heartbed.report.about.comparison import Comparison
from heartbed.report.about.comparison import Row as Difference
from heartbed.report.about.matrix import Matrix, Place, Row
from heartbed.report.data import RunData
from heartbed.verdict.values import CellVerdict, Outcome
from tests.unit.data.report import samples
from tests.unit.data.report.framing import cell, finished
from tests.unit.data.report.making import Sample

FILE = "nova-api.conf"
OPTION = "deprecated since oslo.messaging 14.9.0 and gone in 18.0.0: the next upgrade undoes it"
REPLACED = """--- nova-api.conf
+++ nova-api.conf (in the testbed)
@@ -3 +3 @@
-    ServerName api.example.org
+    ServerName 127.0.0.1
"""


def _change(what: str, verdict: CellVerdict, **more: object) -> Change:
    good = verdict.outcome.good
    under = {verdict.probe: str(verdict.outcome)}
    values = {"change": what, "cell": verdict.cell, "recommended": good, "told": str(verdict.outcome), "under": under}
    return Change.model_validate(values | {"outcome": verdict.outcome} | more)


@cache
def check(text: str = FILE, *, mended: bool = True) -> RunData:
    """A file that loses its connections, and three changes to it; two of them mend it unless told otherwise."""
    sample = Sample("20251229-160000")
    fate = samples.lost_in_accept()
    for name in (FILE, f"{FILE}-native", f"{FILE}-pthread", f"{FILE}-event"):
        keeps = mended and name.endswith(("-native", "-pthread"))
        cell(sample, name, samples.KEPT if keeps else fate)
    run = finished(sample)
    own, native, pthread, event = run.verdict.cells
    told = Check(
        file=text,
        server="httpd",
        run=run.verdict.run,
        is_={"server": "prefork"},
        ran={"hosting": "prefork, embedded", "runs": "eventlet, oslo.messaging 17.3.2"},
        assumed=[f"{text}: the application uses eventlet, as nova before 2026.1 does"],
        oddities=[f"{text} names a port that is taken"],
        replaced=REPLACED.replace(FILE, text),
        replaced_because={"the testbed has a name of its own": "ServerName"},
        verdict=own,
        verdicts=[own],
        changes=[
            _change(
                "native threads instead of eventlet", native, lines="+Environment=OS_NOVA=1", costs="other threads"
            ),
            _change("heartbeat_in_pthread = true", pthread, lines="+heartbeat_in_pthread = true", costs=OPTION),
            _change("event instead of prefork", event),
            _change("a longer timeout", event, acted=False),
        ],
        not_tried={"oslo.messaging 9": "no wheel"},
    )
    return replace(run, about=told)


@cache
def comparison() -> RunData:
    """Two files side by side."""
    sample = Sample("20251229-170000")
    cell(sample, "today.conf", samples.lost_in_accept())
    cell(sample, "tomorrow.conf", samples.KEPT)
    rows = [Difference(what="WSGIProcessGroup", values=("", "nova")), Difference(what="threads", values=("1", "25"))]
    names = ["today.conf", "tomorrow.conf"]
    files = {name: f"/etc/httpd/{name}" for name in names}
    return replace(finished(sample), about=Comparison(cells=names, files=files, subjects=names, rows=rows))


@cache
def bisect() -> RunData:
    """Three releases, of which the last loses what the others keep; one more was skipped."""
    sample = Sample("20251229-180000")
    name = "prefork-daemon-eventlet-pthread"
    fates = {"14.3.0": samples.KEPT, "17.3.2": samples.KEPT, "18.0.0": samples.lost_in_accept()}
    for version, fate in fates.items():
        cell(sample, f"{name}-oslo{version}", fate)
    run = finished(sample)
    steps = [
        Step(version=version, words=str(each.outcome), outcome=each.outcome, cause=each.cause, cell=each.cell)
        for version, each in zip(fates, run.verdict.cells, strict=True)
    ]
    told = Bisect(
        package="oslo.messaging",
        subject=name,
        before=steps[1],
        after=steps[2],
        steps=[*steps, Step(version="18.0.1", words="skipped: it does not start")],
        said=[f"The verdict on {name} changes with oslo.messaging 18.0.0:", "Found in 1 idle window with 4 releases."],
    )
    return replace(run, about=told)


@cache
def matrix() -> RunData:
    """A run of which the study knows another one that is no longer there."""
    run = samples.comparison()
    rows = [
        Row(
            name=each.cell,
            places=[
                Place(release="17.3.2", words=str(each.outcome), outcome=each.outcome, cell=each.cell),
                Place(release="18.3.1", words="lost", outcome=Outcome.LOST, cell=f"{each.cell}-oslo18.3.1"),
            ],
        )
        for each in run.verdict.cells
    ]
    said = "No single choice decides. Kept: native threads. Every other of the 24 cells is not kept."
    told = Matrix(said=said, releases=["17.3.2", "18.3.1"], rows=rows, beside=["20251229-080000"])
    return replace(run, about=told)


STUDIES: dict[str, Callable[[], RunData]] = {
    "check": check,
    "two-files": comparison,
    "bisect": bisect,
    "matrix": matrix,
}
