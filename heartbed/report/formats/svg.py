"""``timelines.svg``: the timelines that tell the most as one picture, for a page or a paper that is no report."""

from __future__ import annotations

import re
from html import escape
from importlib import resources

from heartbed.report import still
from heartbed.report.data import RunData
from heartbed.report.figure import FONT
from heartbed.report.telling import Timeline, timelines
from heartbed.report.text import one_line

FILE = "timelines.svg"

CAPTION = 30
"""Pixels above a timeline."""

SIZE = re.compile(r'width="([\d.]+)" height="([\d.]+)"')
COLOUR = re.compile(r"(--[a-z0-9-]+): ([^;]+);")


def render(run: RunData) -> str:
    """The timelines one above the other, each with its cell and what became of it."""
    colours = dict(COLOUR.findall(_style().partition("@media")[0]))
    parts, width, at = [], 400.0, 0.0
    for each in timelines(run):
        match = SIZE.search(each.picture)
        wide, high = map(float, match.groups()) if match else (0.0, 0.0)
        parts.append(_part(each, at))
        width, at = max(width, wide), at + CAPTION + high
    if not parts:
        parts, at = [_text(18, "The record holds no timeline.")], float(CAPTION)
    body = f'<rect width="100%" height="100%" fill="var(--paper)"/>{"".join(parts)}'
    size = f'width="{width:g}" height="{at:g}" viewBox="0 0 {width:g} {at:g}"'
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return still.coloured(f"<svg {names} {size}>{body}</svg>\n", colours)


def _part(each: Timeline, at: float) -> str:
    said = ", ".join(phrase.text for phrase in each.phrases)
    return _text(at + 18, f"{each.caption}: {said}") + str(each.picture).replace(
        "<svg ", f'<svg y="{at + CAPTION:g}" ', 1
    )


def _text(y: float, text: str) -> str:
    font = f'font-family="{escape(FONT)}" font-size="14" font-weight="600" fill="var(--ink)"'
    return f'<text x="8" y="{y:g}" {font}>{escape(one_line(text))}</text>'


def _style() -> str:
    return resources.files("heartbed.report").joinpath("static", "report.css").read_text("utf-8")
