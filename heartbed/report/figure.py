"""Plots register themselves by being there: every module in ``plots/`` is one kind.

Such a module has

``PLACE``
    ``cell`` for a plot of a cell, ``connections`` for one that stands below the table of its connections, ``run``
    for one of the whole run.
``ORDER``
    A number; plots of one place are shown in this order.
``SPEC``
    A Vega-Lite specification whose data sets are named and empty.
``figure(run, cell)``
    The ``Figure`` to show, or None where the run holds nothing to plot.

The specification is the same for all figures of a kind, so a page holds it
once. Colours are the page's CSS variables, so that a plot follows the page
into dark mode and onto paper.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif'
"""The page's own font: Vega measures labels by it."""

CONFIG: dict[str, Any] = {
    "aria": False,  # the figure says in words what there is to see
    "font": FONT,
    "background": None,
    "view": {"stroke": "var(--rule)"},
    "axis": {
        "labelColor": "var(--ink-2)",
        "titleColor": "var(--ink-2)",
        "gridColor": "var(--grid)",
        "domainColor": "var(--rule)",
        "tickColor": "var(--rule)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
    },
    "text": {"color": "var(--ink)", "fontSize": 12},
}
"""How every plot looks; specifications only add to it."""


@dataclass(frozen=True)
class Table:
    """Rows of values below the names of their columns. A column ``t`` is in seconds on the figure's clock."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Figure:
    """One plot: what fills the specification of its kind.

    ``heading`` names it, ``title`` says in words what there is to see.
    ``tables`` are its data sets by name, ``params`` values for parameters of
    the specification. ``stops`` names the data sets whose rows a reader can
    step through by keyboard and see as a table.
    """

    heading: str
    title: str
    tables: Mapping[str, Table]
    params: Mapping[str, Any] = field(default_factory=dict)
    stops: tuple[str, ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    """Pairs of a sign (a class of the page's style sheet) and what it means."""

    def as_json(self) -> Markup:
        """The figure for the page's script."""
        tables = {name: {"columns": t.columns, "rows": t.rows} for name, t in self.tables.items()}
        return embedded({"tables": tables, "params": dict(self.params), "stops": self.stops})


def embedded(value: object) -> Markup:
    """``value`` as JSON that can stand inside a ``script`` element whatever it holds."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str, allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - every character that could end the element is escaped above
