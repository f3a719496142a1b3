"""The kinds of event: each declared once, documented from there, and read strictly."""

from __future__ import annotations

import gzip
import inspect
import json
import re
from pathlib import Path

import pytest

import heartbed
from heartbed.record import document, event, kinds
from heartbed.record.kinds import BY_NAME, GROUPS, Kind
from tests.unit.recorded import RECORDS

SOURCES = Path(heartbed.__file__).parent


def test_every_kind_that_is_declared_has_its_place_in_the_document() -> None:
    declared = {
        each.KIND: each
        for _, each in inspect.getmembers(kinds, inspect.isclass)
        if issubclass(each, Kind) and "KIND" in vars(each) and each.KIND
    }
    assert declared == dict(BY_NAME)
    assert sum(map(len, GROUPS.values())) == len(BY_NAME)


def test_the_document_is_as_the_kinds_are_declared() -> None:
    text = document.DOCUMENT.read_text(encoding="utf-8")
    assert text == document.written(text), "run `python -m heartbed.record.document`"


@pytest.mark.parametrize("kind", BY_NAME.values(), ids=str)
def test_every_kind_and_field_says_what_it_means(kind: type[Kind]) -> None:
    assert (kind.__doc__ or "").strip().endswith(".")
    assert [name for name, field in kind.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("path", sorted(RECORDS.glob("*.gz")), ids=lambda path: path.name)
def test_old_records_are_read_and_told_again_without_a_loss(path: Path) -> None:
    for line in gzip.decompress(path.read_bytes()).splitlines():
        assert json.loads(event.parse(line).to_json()) == json.loads(line)


def test_a_kind_is_emitted_by_somebody() -> None:
    """What nobody emits is no part of the record; the observer's agent names kinds, everybody else makes them."""
    agent = [*(SOURCES.parent / "images" / "observer").rglob("*.py")]
    said = "\n".join(path.read_text() for path in [*SOURCES.rglob("*.py"), *agent] if path.parent.name != "kinds")
    silent = [k for k in BY_NAME.values() if f'"{k.KIND}"' not in said and not re.search(rf"\b{k.__name__}\(", said)]
    words = [k for k in silent if not re.search(rf"import {k.__name__} as Words", said) and k.__name__ != "AppFacts"]
    assert words == []
    assert "AppFacts.model_validate(" in said


def test_nobody_reads_what_an_event_tells_but_by_its_fields() -> None:
    bare = re.compile(r"\.data(\.get\(|\[)")
    found = [
        f"{path.relative_to(SOURCES)}: {line.strip()}"
        for path in SOURCES.rglob("*.py")
        for line in path.read_text().splitlines()
        if bare.search(line)
    ]
    assert found == []
