"""Records of real runs, cut down to one or two cells; see data/records/README.md."""

from __future__ import annotations

import gzip
from pathlib import Path

from heartbed.record.event import FILE_NAME, Event, read

RECORDS = Path(__file__).parent / "data" / "records"


def recorded(name: str, folder: Path) -> list[Event]:
    """The events of a record in ``data/records``, unpacked into ``folder``."""
    (folder / FILE_NAME).write_bytes(gzip.decompress((RECORDS / f"{name}.jsonl.gz").read_bytes()))
    return read(folder)
