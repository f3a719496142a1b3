"""All verdicts ever made: a Parquet file for each run beside the runs, which DuckDB reads as one table.

DuckDB is an extra, ``heartbed[results]``. Without it runs are played and judged all the same, and nothing is kept here.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from heartbed import servers
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select
from heartbed.errors import InputError
from heartbed.files import unwritable
from heartbed.record.kinds import RunStart
from heartbed.report import RunData, registry
from heartbed.run.code import judged_by
from heartbed.testbed.plan import APPLICATION
from heartbed.verdict.values import CellVerdict

SCHEMA = 1
FOLDER = "results"

COLUMNS = {
    "schema": "INTEGER",
    "run": "VARCHAR",
    "started": "TIMESTAMPTZ",
    "host": "VARCHAR",
    "heartbed": "VARCHAR",
    "code": "VARCHAR",
    "rules": "VARCHAR",
    "images": "VARCHAR",
    "key": "VARCHAR",
    "heartbeat_s": "DOUBLE",
    "cell": "VARCHAR",
    "probe": "VARCHAR",
    "outcome": "VARCHAR",
    "cause": "VARCHAR",
    "why": "VARCHAR",
    "lost_after_s": "DOUBLE",
    "recovered_after_s": "DOUBLE",
    "before_ms": "DOUBLE",
    "after_ms": "DOUBLE",
    "after_status": "INTEGER",
    "tried": "INTEGER",
    "hung": "INTEGER",
    "versions": "VARCHAR",
    "verdict": "VARCHAR",
}
"""Name -> type, before those of the factors, which are texts. docs/many.md says what each is."""


def here() -> bool:
    """Whether DuckDB is installed."""
    return importlib.util.find_spec("duckdb") is not None


def keep(data: RunData) -> None:
    """What is kept of every run that is judged: verdicts and report beside the record, and its results among all.

    Raises ``TestbedError``.
    """
    registry.write_reports(data)
    if here():
        add(data)


def get_ready() -> None:
    """Load what ``keep`` takes: best while something else is waited for."""
    registry.get_ready()
    if here():
        importlib.import_module("duckdb")


def add(data: RunData) -> None:
    """Put the verdicts of a run among all results, in the place of what was there of it. Raises ``TestbedError``."""
    parts: dict[int, tuple[RunData, list[CellVerdict]]] = {}
    for cell in data.verdict.cells:
        where = data.at(cell)
        parts.setdefault(id(where), (where, []))[1].append(cell)
    for where, cells in parts.values():
        # A shard is itself wherever it is told of: as a run of its own, or in one that it was merged into.
        rows = [_row(where, cell, data) for cell in cells]
        started = where.events[0].t if where.events else data.verdict.started
        known = hashlib.sha256(f"{where.asked.run} {started} {where.asked.host}".encode()).hexdigest()[:8]
        _write(data.folder.parent / FOLDER / f"{where.asked.run}-{known}.parquet", rows)


def _row(where: RunData, cell: CellVerdict, data: RunData) -> dict[str, Any]:
    start = where.asked
    images = {name: str(image.get("id", "")) for name, image in start.images.items()}
    named = _named(cell.cell)
    digest = image_digest(named, images) if named else ""
    return cell.factors | {
        "schema": SCHEMA,
        "run": start.run,
        "started": datetime.fromtimestamp(where.events[0].t if where.events else data.verdict.started, UTC),
        "host": start.host.get("hostname"),
        "heartbed": start.heartbed,
        "code": start.code,
        "rules": judged_by(),
        "images": digest,
        "key": key(cell.cell, cell.probe, start, digest),
        "heartbeat_s": start.heartbeat_s,
        "cell": cell.cell,
        "probe": cell.probe,
        "outcome": str(cell.outcome),
        "cause": cell.cause,
        "why": cell.why,
        "lost_after_s": cell.lost_after_s,
        "recovered_after_s": cell.recovered_after_s,
        "before_ms": cell.cost.before_ms,
        "after_ms": cell.cost.after_ms,
        "after_status": cell.cost.after_status,
        "tried": cell.tries.tried if cell.tries else None,
        "hung": cell.tries.seen if cell.tries else None,
        "versions": json.dumps(data.verdict.versions),
        "verdict": cell.model_dump_json(),
    }


def _named(name: str) -> Cell | None:
    """The cell of that name; None for one that only a file of the user's describes."""
    with contextlib.suppress(InputError):
        found = select([name]).cells
        return found[0] if len(found) == 1 and found[0].name == name else None
    return None


def image_digest(cell: Cell, ids: Mapping[str, str]) -> str:
    """A hash of the images that a cell is played with; empty where one of them is not known."""
    names = (servers.image(cell), "rabbitmq", "observer", APPLICATION)
    known = [ids.get(name, "") for name in names]
    return hashlib.sha256(" ".join(known).encode()).hexdigest()[:16] if all(known) else ""


def key(cell: str, probe: str, start: RunStart, images: str) -> str:
    """What two results have in common of which the second need not be made; empty where that cannot be known."""
    if not images or not start.code:
        return ""
    asked = (start.heartbeat_s, start.margin_s, start.rpc_timeout_s, start.untrusted)
    told = json.dumps([cell, probe, *asked, images, start.code, judged_by()])
    return hashlib.sha256(told.encode()).hexdigest()[:24]


def _write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """A file of these rows, written whole or not at all."""
    import duckdb  # noqa: PLC0415  # an extra, and slow to import

    others = sorted({name for row in rows for name in row} - COLUMNS.keys())
    names = [*COLUMNS, *others]
    temporary = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as db:
            types = ", ".join(f'"{name}" {COLUMNS.get(name, "VARCHAR")}' for name in names)
            db.execute(f"CREATE TABLE rows ({types})")
            places = ", ".join("?" * len(names))
            db.executemany(f"INSERT INTO rows VALUES ({places})", [[row.get(name) for name in names] for row in rows])  # noqa: S608  # no text of others
            db.table("rows").write_parquet(str(temporary), compression="zstd")
        temporary.replace(path)
    except (OSError, duckdb.IOException) as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise unwritable(path, error if isinstance(error, OSError) else OSError(str(error))) from error
