"""Commands about versions: the reference matrix, the release that changed an answer, and what there is."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from heartbed.cells import axes
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select
from heartbed.cells.settings import Settings
from heartbed.cells.subject import Scenario
from heartbed.cli.common import heartbeat_option, probe_option, runs_option
from heartbed.errors import InputError
from heartbed.report.console import console
from heartbed.report.words import outcome_words
from heartbed.studies import batch, results
from heartbed.studies import bisect as bisect_
from heartbed.studies import matrix as matrix_
from heartbed.studies.batch import answer
from heartbed.studies.session import Session
from heartbed.verdict.cause import words as cause_words
from heartbed.versions.index import Index, unknown
from heartbed.versions.locks import milestones
from heartbed.versions.releases import PYTHON, RELEASES, Release
from heartbed.wording import count

HEARTBEAT = heartbeat_option("Timeout.")
QUIET = click.option("--quiet", "-q", is_flag=True, help="Show nothing while it works.")


def _played(cells: Sequence[Cell], settings: Settings, *, quiet: bool) -> batch.Played:
    return batch.play(cells, Session(settings, quiet))


@click.command()
@click.option(
    "--server", "servers", multiple=True, type=click.Choice([*axes.TABLE.axis("server").tokens]), help="Only this one."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=results.FOLDER,
    show_default="docs/results/",
    help="Folder that the results are written to.",
)
@HEARTBEAT
@QUIET
@runs_option
def matrix(servers: tuple[str, ...], output: Path, heartbeat: int, quiet: bool, runs: Path) -> int:
    """Play the whole reference matrix and write the results down.

    Every server, mode and execution model, under each release of
    oslo.messaging in which its heartbeat changed; in batches that fit into
    this machine's memory. With --server only that server's part, which is
    written to a file of its own.

    \b
    Examples:
      heartbed matrix
      heartbed matrix --server prefork
    """
    settings = Settings(heartbeat_s=heartbeat, runs=runs)
    cells = matrix_.selection(servers).cells
    played = matrix_.play(cells, matrix_.available_octets(), lambda some: _played(some, settings, quiet=quiet))
    found = results.results(cells, played, heartbeat)
    name = "-".join([results.NAME, *servers])
    data, page = results.save(found, output, name)
    out = console()
    out.print(_summary(found))
    for each in found.results:
        if each.outcome == "inconclusive":
            out.print(f"{each.cell}: {each.why}", markup=False)
    out.print(f"written: {data} and {page.name}", markup=False)
    return 3 if any(each.outcome == "inconclusive" for each in found.results) else 0


def _summary(found: results.Results) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for release in found.releases:
        table.add_column(release)
    rows: dict[str, dict[str, str]] = {}
    for each in found.results:
        rows.setdefault(f"{each.column} {each.row}", {})[each.version] = each.words
    for name, words in rows.items():
        table.add_row(name, *(words.get(release, "") for release in found.releases))
    return table


@click.command()
@click.argument("cell")
@click.option("--good", required=True, metavar="LIBRARY<VERSION>", help="Where the verdict is as wanted.")
@click.option("--bad", required=True, metavar="LIBRARY<VERSION>", help="Where it is not.")
@probe_option()
@HEARTBEAT
@QUIET
@runs_option
def bisect(  # noqa: PLR0913, PLR0917  # click hands over each option by itself
    cell: str, good: str, bad: str, scenarios: tuple[Scenario, ...], heartbeat: int, quiet: bool, runs: Path
) -> int:
    """Find the release between two at which a cell's verdict changes.

    Several releases are tried in each idle window. Works in both directions.

    \b
    Examples:
      heartbed bisect prefork-daemon-eventlet-pthread --good oslo14.3.0 --bad oslo18.3.1
      heartbed bisect prefork-daemon-eventlet-pthread --good oslo14.3.0 --bad oslo9.7.1
      heartbed bisect prefork-daemon-eventlet-pthread --good oslo14.3.0 --bad oslo18.3.1 --probe trickle
    """
    first, last = bisect_.ends(good, bad)
    cells = select([cell]).cells
    if len(cells) != 1:
        raise InputError(f"{cell!r} stands for {len(cells)} cells", hint="name one")
    package = axes.TABLE.library(first.word).package
    released = Index().released(package)
    for end in (first, last):
        if end.version not in released:
            raise unknown(package, end.version, released)
    settings = Settings(heartbeat_s=heartbeat, runs=runs, scenarios=scenarios)
    found = bisect_.bisect(cells[0], first, last, released, lambda some: _played(some, settings, quiet=quiet))
    out = console()
    out.print(_tried(found))
    for line in _told(found, cells[0], package):
        out.print(line, markup=False)
    return 0


def _tried(found: bisect_.Found) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (axes.TABLE.library(found.word).package, "verdict", "cause"):
        table.add_column(title)
    for version in found.search.versions:
        if verdict := found.search.verdicts.get(version):
            table.add_row(version, answer(verdict).words, cause_words(verdict.cause) if verdict.cause else "")
        elif reason := found.search.skipped.get(version):
            table.add_row(version, "skipped", reason)
    return table


def _told(found: bisect_.Found, cell: Cell, package: str) -> list[str]:
    verdicts = found.search.verdicts
    before, after = verdicts[found.before], verdicts[found.after]
    under = "" if before.probe == "idle" else f" under {before.probe}"
    lines = ["", f"The verdict on {cell.name}{under} changes with {package} {found.after}:"]
    for version, verdict in ((found.before, before), (found.after, after)):
        words = answer(verdict).words
        told = outcome_words(verdict.outcome, verdict.lost_after_s) if words == verdict.outcome else words
        lines.append(f"  {version:<8} {told}: {verdict.why}")
    if found.between:
        lines.append(f"  It may be as early as {found.between[0]}: of {', '.join(found.between)} nothing is known.")
    if answer(after) != answer(verdicts[found.search.versions[-1]]):
        last = found.search.versions[-1]
        lines.append(f"  It is not yet that of {last}: bisect again from {found.word}{found.after} to find the next.")
    if found.stray:
        lines.append(f"  It is not the only change: {', '.join(found.stray)} again has the verdict of {found.before}.")
    tried = len(verdicts) + len(found.search.skipped)
    windows = count(found.search.windows, "idle window")
    lines.append(f"  Found in {windows} with {tried} of {len(found.search.versions)} releases.")
    return lines


@click.command("versions")
@click.argument("name", required=False)
def list_versions(name: str | None) -> None:
    """List the versions that can be asked for; NAME is a library or an OpenStack release.

    \b
    Examples:
      heartbed versions           libraries, tested releases, OpenStack releases
      heartbed versions oslo      every release of oslo.messaging that there is
      heartbed versions train     the versions of this OpenStack release: its own, and what is run for them
    """
    out = console()
    words = [each.word for each in axes.TABLE.libraries]
    if name is None:
        for each in axes.TABLE.libraries:
            out.print(
                f"{each.word + '<version>':<20} {each.package}, {each.default} unless asked otherwise", markup=False
            )
        out.print(f"{'tested':<20} {' '.join(f'oslo{version}' for version in milestones())}", markup=False)
        out.print(f"{'OpenStack':<20} {' '.join(RELEASES)}", markup=False)
    elif name in words:
        for version in Index().released(axes.TABLE.library(name).package):
            out.print(f"{name}{version}", markup=False)
    elif name in RELEASES:
        out.print(_release(RELEASES[name]))
        release = RELEASES[name]
        whose = f"oslo.messaging: the last of its series (the constraints name {release.named})"
        out.print(f"\n{whose}\nthe others: {release.source}", markup=False, soft_wrap=True)
    else:
        nearest = difflib.get_close_matches(name, [*words, *RELEASES], n=1)
        meant = f"; did you mean {nearest[0]!r}?" if nearest else ""
        raise InputError(
            f"neither a library nor an OpenStack release: {name!r}{meant}",
            hint=f"libraries: {' '.join(words)}; releases: {' '.join(RELEASES)}",
        )


def _release(release: Release) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (release.name, "its own", "run here", f"why not its own, on Python {PYTHON}"):
        table.add_column(title)
    for package, own in release.own.items():
        stand_in = release.instead.get(package)
        runs, why = (stand_in.version, stand_in.why) if stand_in else (own, "")
        table.add_row(package, own, runs, escape(why))
    for package, version in release.beside.items():
        table.add_row(package, "", version, "the image has none, and others of these import it")
    return table


COMMANDS = (matrix, bisect, list_versions)
