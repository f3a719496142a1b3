"""``report.html``: one page that holds all it needs, for people and for bug reports.

The plots are Vega-Lite specifications. They are compiled here, once a kind,
and drawn in the browser by Vega when they come into view. Everything from
outside is escaped by Jinja; on top of that the page's content security policy
lets no script run but the page's own, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from heartbed.report import figure, page, plots, vega
from heartbed.report.across import across, word
from heartbed.report.data import RunData
from heartbed.report.findings import findings
from heartbed.report.telling import find, link, timelines
from heartbed.report.text import one_line, printable
from heartbed.report.words import control_words, milliseconds, number, outcome_words, question, remarks, sentence
from heartbed.verdict.cause import words as cause_words
from heartbed.verdict.stack import place
from heartbed.wording import seconds

FILE = "report.html"
TEMPLATE = "report.html.j2"

SCRIPTS = ("plots.js", "page.js")
"""The page's own scripts in ``static/``, in the order in which they run."""

LIBRARY = "window.vegaEmbed = vegaEmbed;"
"""Asks the bundler for Vega with its embedding function. Of vl-convert's other two names, ``vega`` alone would do
and be a third smaller, but up to vl-convert 1.9 it is null in a bundle."""


def render(run: RunData) -> str:
    """The whole page."""
    scripts = [Markup(script) for script in (vega.bundled(LIBRARY), *map(_static, SCRIPTS))]  # noqa: S704 - our own and Vega's code
    cells = page.cells(run)
    by_cell = {id(view.cell): view for view in cells}
    return (
        _environment()
        .get_template(TEMPLATE)
        .render(
            run=run.verdict,
            **_heading(run),
            about=run.about,
            timelines=timelines(run),
            where=lambda cell: _where(run, cell),
            across=across(run.verdict.cells),
            probes=page.probes(run, cells),
            cells=cells,
            findings=findings(run.verdict.cells),
            view_of=lambda cell: by_cell[id(cell)],
            figures=plots.figures(run, None),
            provenance=page.provenance(run),
            files=page.files(run),
            missing=page.missing(run),
            specs=figure.embedded(_specs()),
            style=Markup(_static("report.css")),  # noqa: S704 - our own style sheet
            scripts=scripts,
            policy=_policy(scripts),
        )
    )


def get_ready() -> None:
    """Load what a page takes and what it tells of has no part in: most of the time that the first one takes."""
    vega.get_ready()
    environment = _environment()
    for name in environment.list_templates():
        environment.get_template(name)


def _heading(run: RunData) -> dict[str, str]:
    """What the page begins with: that of the study that the run was made for, or that of the run."""
    told, verdict = run.about, run.verdict
    if told is None:
        of = {"kicker": "Heartbed run", "question": question(verdict), "answer": verdict.answer}
        return of | {"because": "", "outcome": str(verdict.outcome)}
    of = {"kicker": told.kicker, "question": told.question(verdict), "answer": told.answer(verdict)}
    return of | {"because": told.because, "outcome": told.outcome(verdict)}


def _where(run: RunData, cell: str) -> str:
    """Where a cell is told of that a study names; nothing where none of its runs has it."""
    found = find(run, cell)
    return link(run, *found) if found else ""


def _sort_of_line(line: str) -> str:
    """The class of a line of a diff."""
    return {"+": "added", "-": "removed", "@": "hunk"}.get(line[:1], "other")


@cache
def _environment() -> jinja2.Environment:
    """The templates are compiled when they are first asked for, and kept."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("heartbed.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {
        "cause": cause_words,
        "clock": page.clock,
        "control": control_words,
        "line": one_line,
        "ms": milliseconds,
        "number": number,
        "outcome": outcome_words,
        "place": place,
        "remarks": remarks,
        "seconds": seconds,
        "sentence": sentence,
        "sort_of_line": _sort_of_line,
        "word": word,
    }
    return environment


def _shown(value: object) -> object:
    """What an expression in a template puts out: nothing for None, and no control characters."""
    if value is None:
        return ""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _specs() -> dict[str, Any]:
    return {name: _compiled(json.dumps(kind.SPEC)) for name, kind in plots.kinds().items()}


@cache
def _compiled(spec: str) -> dict[str, Any]:
    compiled: dict[str, Any] = json.loads(vega.compiled(spec))
    return compiled


@cache
def _static(name: str) -> str:
    return resources.files("heartbed.report").joinpath("static", name).read_text("utf-8")


def _policy(scripts: list[Markup]) -> str:
    """Nothing may be loaded; only the page's own scripts run. Vega compiles expressions, hence ``unsafe-eval``."""
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'none'; script-src {allowed} 'unsafe-eval'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
