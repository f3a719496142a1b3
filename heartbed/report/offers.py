"""What there is to ask for, as tables: axes with their factors, and what an OpenStack release is made of."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from heartbed.cells import axes
from heartbed.versions.releases import Release


def axes_table() -> Table:
    """Every axis with its factors."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("axis", "factor", "means"):
        table.add_column(title)
    for axis in axes.TABLE.axes:
        for token, meaning in axis.tokens.items():
            default = " (default)" if token == axis.default else ""
            only = f"; {', '.join(axis.servers)} only" if axis.servers and token == axis.default else ""
            table.add_row(axis.name, token, meaning + default + only)
    for library in axes.TABLE.libraries:
        table.add_row("library", f"{library.word}<version>", f"version of {library.package} ({library.default})")
    table.add_row("release", "stein ... 2026.2", "an OpenStack release, a set of versions: heartbed versions")
    for parameter in axes.TABLE.parameters:
        bounds = f"{parameter.least} to {parameter.most}"
        table.add_row("parameter", f"{parameter.name}<n>", f"{parameter.meaning}; {bounds}")
    return table


def release_table(release: Release) -> Table:
    """A release's own versions, and what is run for them here."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (release.name, "its own", "run here", f"why not its own, on Python {release.python}"):
        table.add_column(title)
    fit = release.on[release.python]
    for package, own in release.own.items():
        stand_in = fit.instead.get(package)
        runs, why = (stand_in.version, stand_in.why) if stand_in else (own, "")
        table.add_row(package, own, runs, escape(why))
    for package, version in fit.beside.items():
        table.add_row(package, "", version, "the image has none, and others of these import it")
    return table
