"""Writes the kinds of event into docs/record.md, from their declaration: ``python -m heartbed.record.document``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from heartbed.files import save, spliced
from heartbed.places import ROOT
from heartbed.record.kinds import GROUPS, Part

DOCUMENT = ROOT / "docs" / "record.md"
WHAT = "the kinds, written by python -m heartbed.record.document"

JSON = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null", Any: "any"}


def written(text: str) -> str:
    """The document's text with the kinds as they are declared now."""
    return spliced(text, WHAT, kinds())


def kinds() -> str:
    """All kinds, group by group, each with a table of its fields."""
    return "\n".join(line for title, group in GROUPS.items() for line in (f"\n### {title}", *_parts(list(group))))


def _parts(parts: list[type[Part]]) -> Iterator[str]:
    """Each part, and after those of its group what their fields are made of."""
    written: list[type[Part]] = []
    while parts:
        part = parts.pop(0)
        written.append(part)
        name = getattr(part, "KIND", "") or _words(part)
        mark = f"**`{name}`**" if hasattr(part, "KIND") else f"*{name}*"
        yield f"\n{mark}: {' '.join((part.__doc__ or '').split())}\n"
        yield "| field | type | meaning |"
        yield "|---|---|---|"
        for field, info in part.model_fields.items():
            kind = _type(info.annotation) if info.is_required() else f"{_type(info.annotation)}, may be missing"
            yield f"| `{info.serialization_alias or field}` | {kind} | {info.description} |"
            parts += [each for each in _made_of(info.annotation) if each not in parts and each not in written]
    yield ""


def _type(annotation: Any) -> str:
    if get_origin(annotation) is UnionType:
        return " or ".join(_type(each) for each in get_args(annotation))
    if get_origin(annotation) is list:
        return f"list of {_type(get_args(annotation)[0])}"
    if get_origin(annotation) is dict:
        return f"object of {_type(get_args(annotation)[1])}"
    return f"*{_words(annotation)}*" if annotation not in JSON else JSON[annotation]


def _made_of(annotation: Any) -> list[type[Part]]:
    if isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, Part):
        return [annotation]
    return [part for each in get_args(annotation) for part in _made_of(each)]


def _words(part: type) -> str:
    """``AskedCell`` as ``asked cell``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", part.__name__).lower()


if __name__ == "__main__":
    save(DOCUMENT, written(DOCUMENT.read_text(encoding="utf-8")))
