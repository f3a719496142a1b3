"""Questions to all results: in SQL, what moved, and what need not be played again."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from heartbed.errors import InputError
from heartbed.report.text import one_line, printable
from heartbed.report.words import STYLES
from heartbed.studies.store import FOLDER, SCHEMA, here
from heartbed.verdict.values import CellVerdict, Outcome

if TYPE_CHECKING:
    import duckdb

SHOWN = "run, cell, probe, outcome, cause, lost_after_s, after_ms"
MOVED = "cell, probe, was, outcome, cause, run_before, run, differs"
WHOLE_NAMES = ("cell", "run", "run_before")
"""The columns whose values are never broken: they are found and copied as they are."""
WORD = 24
"""Characters of a column that is not made narrower: outcomes and causes are words."""
EVERYTHING = "* EXCLUDE (schema, verdict)"

CHANGES = """
CREATE VIEW changes AS
SELECT * EXCLUDE (code_before, rules_before, images_before, host_before),
       coalesce(nullif(concat_ws(', ',
           CASE WHEN code IS DISTINCT FROM code_before THEN 'heartbed' END,
           CASE WHEN rules IS DISTINCT FROM rules_before THEN 'rules' END,
           CASE WHEN images IS DISTINCT FROM images_before THEN 'images' END,
           CASE WHEN host IS DISTINCT FROM host_before THEN 'host' END), ''), 'nothing known') AS differs
FROM (
    SELECT *, lag(outcome) OVER subject AS was, lag(cause) OVER subject AS cause_was,
           lag(run) OVER subject AS run_before, lag(code) OVER subject AS code_before,
           lag(rules) OVER subject AS rules_before, lag(images) OVER subject AS images_before,
           lag(host) OVER subject AS host_before, lead(run) OVER subject IS NULL AS newest
    FROM results WHERE outcome <> 'inconclusive'
    WINDOW subject AS (PARTITION BY cell, probe, heartbeat_s ORDER BY started, run)
)
WHERE was IS NOT NULL AND (was <> outcome OR cause_was IS DISTINCT FROM cause)
ORDER BY started, run, cell, probe
"""
"""What moved from a result to the next of the same cell, probe and timeout. What is inconclusive has not moved."""

WHOLE = re.compile(r"\s*(select|with|from|summarize|describe|pivot)\b", re.IGNORECASE)
CLAUSE = re.compile(r"\s*(where|order|limit|group|having|qualify)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """What a question came to: a table."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def as_csv(self) -> str:
        """A header and the rows."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerows([self.columns, *self.rows])
        return out.getvalue()

    def as_json(self) -> str:
        """A list of objects."""
        return (
            json.dumps([dict(zip(self.columns, row, strict=True)) for row in self.rows], indent=1, default=str) + "\n"
        )

    def table(self, *, ascii_only: bool) -> Table:
        """For the terminal."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for at, name in enumerate(self.columns):
            longest = max((len(str(row[at])) for row in self.rows), default=0)
            whole = longest if name in WHOLE_NAMES else min(longest, WORD)
            table.add_column(name, overflow="fold", no_wrap=longest == whole, min_width=max(whole, len(name)))
        for row in self.rows:
            texts = ("" if value is None else f"{value:g}" if isinstance(value, float) else str(value) for value in row)
            table.add_row(*(Text(printable(one_line(text), ascii_only=ascii_only), _style(text)) for text in texts))
        return table


def _style(text: str) -> str:
    return STYLES[Outcome(text)] if text in [*Outcome] else ""


def ask(runs: Path, question: str, *, changes: bool = False, everything: bool = False) -> Found:
    """The answer to SQL: a whole query, its end from WHERE on, or a condition. Raises ``InputError``.

    What ``changes`` is asked of is what moved with the newest result of each subject.
    """
    with _all(runs) as db:
        table = "(SELECT * FROM changes WHERE newest) AS results" if changes else "results"
        shown = EVERYTHING if everything else MOVED if changes else SHOWN
        text = question.strip()
        if not WHOLE.match(text):
            condition = text if CLAUSE.match(text) or not text else f"WHERE {text}"
            text = f"SELECT {shown} FROM {table} {condition}"  # noqa: S608  # in memory, with nothing but these rows
        import duckdb  # noqa: PLC0415  # an extra

        try:
            found = db.execute(text)
            return Found([column[0] for column in found.description or ()], found.fetchall())
        except duckdb.Error as error:
            said = str(error).splitlines()
            raise InputError(
                f"this is not understood: {said[0]}",
                log=[line for line in said[1:] if line.strip()],
                hint="as in: heartbed results \"where outcome = 'lost'\"; docs/many.md has the columns",
            ) from None


@dataclass(frozen=True)
class Known:
    """A verdict that was made before, and the versions that its run told of."""

    verdict: CellVerdict
    versions: Mapping[str, str]


def known(runs: Path, keys: Mapping[str, str]) -> dict[str, Known]:
    """Of cells, by their names with the keys of what would be played, the newest verdicts that say something."""
    if not keys:
        return {}
    newest = """
        SELECT key, verdict, versions FROM results WHERE outcome <> 'inconclusive' AND key IN (SELECT unnest(?))
        QUALIFY row_number() OVER (PARTITION BY key ORDER BY started DESC) = 1
    """
    with _all(runs) as db:
        rows = db.execute(newest, [list(keys.values())]).fetchall()
    by_key = {key: Known(CellVerdict.model_validate_json(told), json.loads(versions)) for key, told, versions in rows}
    return {name: by_key[key] for name, key in keys.items() if key in by_key}


def ever(runs: Path, names: Sequence[str]) -> list[str]:
    """Of cells those that have any result."""
    if not here() or not any((runs / FOLDER).glob("*.parquet")):
        return []
    with _all(runs) as db:
        return [name for (name,) in db.execute("SELECT DISTINCT cell FROM results").fetchall() if name in names]


@contextlib.contextmanager
def _all(runs: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """All results as the table ``results``, in memory: nothing that is asked reaches a file. Raises ``InputError``."""
    if not here():
        raise InputError(
            "results are kept and read with DuckDB, which is not installed", hint="pip install 'heartbed[results]'"
        )
    import duckdb  # noqa: PLC0415  # an extra, and slow to import

    files = [str(path) for path in sorted((runs / FOLDER).glob("*.parquet"))]
    if not files:
        raise InputError(
            f"there are no results in {runs / FOLDER}", hint="each run that is judged adds its own: heartbed compare"
        )
    with duckdb.connect() as db:
        try:
            _of_this_schema(db, files)
            db.execute(
                "CREATE TABLE results AS SELECT * FROM read_parquet(?, union_by_name=true) ORDER BY started, run",
                [files],
            )
        except duckdb.Error as error:
            raise InputError(
                f"{runs / FOLDER} cannot be read: {str(error).splitlines()[0]}",
                hint="remove the file; `heartbed verdict RUN` makes that of a run anew",
            ) from None
        db.execute(CHANGES)
        db.execute("SET enable_external_access = false")
        db.execute("SET lock_configuration = true")
        yield db


def _of_this_schema(db: duckdb.DuckDBPyConnection, files: Sequence[str]) -> None:
    schemas = (
        "SELECT filename, max(schema) FROM read_parquet(?, union_by_name=true, filename=true) GROUP BY 1 ORDER BY 1"
    )
    for file, schema in db.execute(schemas, [files]).fetchall():
        if schema != SCHEMA:
            raise InputError(
                f"{file}: results of schema {schema}, but this heartbed reads {SCHEMA}",
                hint="use the heartbed that wrote them, or `heartbed verdict RUN` to write a run's anew",
            )
