"""The reference results: what the matrix has come to, kept in the repository as JSON and as a page of Markdown."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from heartbed import __version__
from heartbed.cells import axes
from heartbed.cells.cell import Cell
from heartbed.cells.subject import DEFAULT_PROBE
from heartbed.errors import TestbedError
from heartbed.files import save as save_file
from heartbed.places import INSTALLED, ROOT
from heartbed.record.connection import Purpose
from heartbed.report.about.matrix import Matrix, Place, Row
from heartbed.studies.batch import Answer, Played, answer, by_reason, words_of
from heartbed.verdict.answer import answer as answer_of
from heartbed.verdict.values import CellVerdict, Cost, Outcome
from heartbed.versions.releases import number

FOLDER = Path("heartbed-results") if INSTALLED else ROOT / "docs" / "results"
FOLDER_SHOWN = str(FOLDER) if INSTALLED else "docs/results/"
"""The folder, as ``--help`` names it."""
NAME = "reference"
SCHEMA = 2
NOT_RUN = "not_run"
"""The cause of a cell that has no verdict."""


@dataclass(frozen=True)
class Result:
    """What became of one cell."""

    cell: str
    factors: Mapping[str, str]
    outcome: str
    purposes: Mapping[str, str]
    cause: str
    why: str
    lost_after_s: float | None = None
    tried: int | None = None
    """Where chance decides whether a request hangs: how often that was tried, and in ``hung`` of these one did."""
    hung: int | None = None

    @property
    def words(self) -> str:
        """``kept``, ``LISTEN lost``, ``hung 3/15``, or ``no verdict``."""
        if self.cause == NOT_RUN:
            return "no verdict"
        purposes = tuple((Purpose(name), Outcome(outcome)) for name, outcome in self.purposes.items())
        return words_of(Answer(Outcome(self.outcome), purposes), self.hung, self.tried)

    @property
    def by_chance(self) -> bool:
        """Whether a request hung in some tries, and in others none did."""
        return bool(self.hung) and self.hung != self.tried

    @property
    def version(self) -> str:
        """The release of oslo.messaging."""
        return self.factors["oslo"]

    @property
    def column(self) -> str:
        """Where the application runs: ``prefork embedded``, ``uwsgi``, ``gunicorn gthread``."""
        return " ".join(axes.TABLE.says(self.factors, application=False))

    @property
    def row(self) -> str:
        """How its threads run: ``eventlet-pthread``."""
        return "-".join(axes.TABLE.says(self.factors, application=True))

    @property
    def verdict(self) -> CellVerdict:
        """As much of the verdict as is kept here."""
        return CellVerdict(
            cell=self.cell,
            outcome=Outcome(self.outcome),
            cause=self.cause,
            why=self.why,
            factors=dict(self.factors),
            asked={},
            observed={},
            disagreements=[],
            evidence=[],
            connections=[],
            lost_after_s=self.lost_after_s,
            cost=Cost(before_ms=None, after_ms=None, after_status=None),
        )


@dataclass(frozen=True)
class Results:
    """The results of one matrix."""

    made: str
    heartbed: str
    heartbeat_s: int
    versions: Mapping[str, str]
    results: Sequence[Result]
    schema: int = field(default=SCHEMA)
    probe: str = DEFAULT_PROBE
    command: str = "make matrix"
    """What makes them again, of the same cells."""

    @property
    def releases(self) -> list[str]:
        """The releases of oslo.messaging, the oldest first."""
        return sorted({each.version for each in self.results}, key=number)

    @property
    def without_verdict(self) -> list[Result]:
        """Those of which nothing can be said, each with its reason."""
        return [each for each in self.results if each.outcome == "inconclusive"]

    @property
    def said(self) -> str:
        """What tells those that fared well from the others, by the smallest rule that fits all of them."""
        return answer_of([each.verdict.model_copy(update={"probe": self.probe}) for each in self.results])

    @property
    def reasons(self) -> list[str]:
        """Why those have none, a line for each reason."""
        return by_reason({each.cell: each.why for each in self.without_verdict})

    def check(self) -> None:
        """Raise ``TestbedError`` where nothing has a verdict: older results are not to be written over by that."""
        if self.results and len(self.without_verdict) == len(self.results):
            raise TestbedError(
                "no cell has a verdict",
                log=self.reasons,
                hint="nothing was written; `heartbed doctor` checks the machine",
            )


def results(
    cells: Iterable[Cell], played: Played, heartbeat_s: int, probe: str = DEFAULT_PROBE, command: str = "make matrix"
) -> Results:
    """What ``command`` played, as results of today."""
    versions: dict[str, str] = {}
    for told in played.versions:
        for name, version in told.items():
            both = dict.fromkeys([*versions.get(name, "").split(", "), *version.split(", ")])
            versions[name] = ", ".join(filter(None, both))
    found = [_result(cell, played) for cell in cells]
    return Results(time.strftime("%Y-%m-%d"), __version__, heartbeat_s, versions, found, probe=probe, command=command)


def _result(cell: Cell, played: Played) -> Result:
    verdict = played.verdicts.get(cell.name)
    if verdict is None:
        why = played.missing.get(cell.name, "it was not run")
        return Result(cell.name, cell.factors, "inconclusive", {}, NOT_RUN, why)
    fate = answer(verdict)
    purposes = {str(purpose): str(outcome) for purpose, outcome in fate.purposes}
    after = None if verdict.lost_after_s is None else round(verdict.lost_after_s, 1)
    tries = verdict.tries if verdict.tries and verdict.tries.by_chance else None
    return Result(
        cell=cell.name,
        factors=cell.factors,
        outcome=str(verdict.outcome),
        purposes=purposes,
        cause=verdict.cause,
        why=verdict.why,
        lost_after_s=after,
        tried=tries.tried if tries else None,
        hung=tries.seen if tries else None,
    )


def told(made: Results, played: Played) -> Matrix:
    """What the report is told; it becomes that of the last run."""
    rows = [
        Row(
            name=name,
            places=[
                Place(release=each.version, words=each.words, outcome=Outcome(each.outcome), cell=each.cell)
                for each in some
            ],
        )
        for name, some in configurations(made.results).items()
    ]
    runs = [run.run for run in played.runs]
    return Matrix(said=made.said, releases=made.releases, rows=rows, beside=runs[:-1], probe=made.probe)


def save(made: Results, render: Callable[[Results], str], folder: Path = FOLDER, name: str = NAME) -> tuple[Path, Path]:
    """Write the JSON and the page that ``render`` makes of it; returns both paths."""
    data, page = folder / f"{name}.json", folder / f"{name}.md"
    save_file(data, json.dumps(asdict(made), indent=1) + "\n", option="--output")
    save_file(page, render(made), option="--output")
    return data, page


def save_overview(render: Callable[[Mapping[str, Results]], str], folder: Path = FOLDER) -> Path | None:
    """Write the page of all probes; None where there is but one of which the whole matrix is there."""
    made = whole(folder)
    if len(made) < 2:
        return None
    page = folder / f"{NAME}-all.md"
    save_file(page, render(made), option="--output")
    return page


def read(file: Path) -> Results:
    """The results of one file. Raises ``TestbedError`` for one that is none of this heartbed's."""
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
        # Schema 1 had words beside what they are made of.
        found = [Result(**{key: value for key, value in each.items() if key != "words"}) for each in raw["results"]]
        return Results(**{**raw, "schema": SCHEMA, "results": found})
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise TestbedError(f"{file} has no results that this heartbed reads: {error}") from error


def load(file: Path = FOLDER / f"{NAME}.json") -> dict[str, Result]:
    """Cell name -> result of the reference; empty where there is none yet."""
    return {each.cell: each for each in read(file).results} if file.is_file() else {}


def whole(folder: Path = FOLDER) -> dict[str, Results]:
    """Page -> results, of each probe of which the whole matrix is in a folder; the first is that of cells left idle."""
    found = {file: read(file) for file in sorted(folder.glob(f"{NAME}*.json"), key=lambda file: file.stem)}
    return {f"{file.stem}.md": made for file, made in found.items() if file.stem == name_of(made.probe)}


def name_of(probe: str, others: Sequence[str] = (), name: str = NAME) -> str:
    """The name of its files: ``reference``, ``reference-prefork``, ``reference-firewall-timeout-5``."""
    named = [] if probe == DEFAULT_PROBE else [re.sub(r"[^a-z0-9.]+", "-", probe)]
    return "-".join([name, *named, *others])


def configurations(some: Iterable[Result]) -> dict[str, list[Result]]:
    """Name -> the results of one configuration under each release."""
    rows: dict[str, list[Result]] = {}
    for each in some:
        rows.setdefault(f"{each.column} {each.row}", []).append(each)
    return rows
