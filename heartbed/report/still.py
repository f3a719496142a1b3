"""A plot as a picture that needs no script: for readers without JavaScript, and for pages that are no report."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from heartbed.report import plots, vega
from heartbed.report.figure import Figure

WIDTH = 720
"""Of the part of a plot between its axes, pixels."""


def picture(kind: str, figure: Figure, names: Iterator[int]) -> Markup:
    """The plot as an SVG element in the page's colours; ``names`` number the parts of it that must have a name."""
    svg = vega.drawn(_filled(kind, figure))
    made = {found: f"still{next(names)}" for found in dict.fromkeys(re.findall(r'\bid="([^"]+)"', svg))}
    for found, name in made.items():
        svg = svg.replace(f'id="{found}"', f'id="{name}"').replace(f"url(#{found})", f"url(#{name})")
    return Markup(svg.replace("<svg ", '<svg aria-hidden="true" ', 1))  # noqa: S704 - Vega escapes what it draws


def _filled(kind: str, figure: Figure) -> dict[str, Any]:
    plain = json.dumps(plots.kinds()[kind].SPEC | {"width": WIDTH})
    spec: dict[str, Any] = json.loads(vega.compiled(plain))
    tables = {name: [dict(zip(t.columns, row, strict=True)) for row in t.rows] for name, t in figure.tables.items()}
    for each in spec["data"]:
        if each["name"] in tables:
            each["values"] = tables[each["name"]]
    for each in spec["signals"]:
        if each["name"] in figure.params:
            each["value"] = figure.params[each["name"]]
    return spec


def coloured(svg: str, colours: Mapping[str, str]) -> str:
    """The picture in colours of its own, for where the page's are not."""
    return re.sub(r"var\((--[a-z0-9-]+)\)", lambda match: colours[match.group(1)], svg)


def names() -> Iterator[int]:
    """Numbers for one page."""
    return itertools.count(1)
