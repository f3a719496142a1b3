"""Commands about versions: the reference matrix, the release that changed an answer, and what there is."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

import click

from heartbed.cells import axes, python
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select
from heartbed.cells.settings import Settings
from heartbed.cells.subject import Scenario
from heartbed.cli.common import heartbeat_option, probe_option, quiet_option, runs_option, scheduler_option
from heartbed.cli.patched import packages, patched_of, with_option
from heartbed.errors import InputError
from heartbed.report.about.bisect import Bisect
from heartbed.report.console import console
from heartbed.report.offers import release_table
from heartbed.studies import batch, gitbisect
from heartbed.studies import bisect as bisect_
from heartbed.studies.bisected import show as show_boundary
from heartbed.studies.bisected import show_commits, told, told_of_commits
from heartbed.studies.farm import Farm
from heartbed.studies.session import Session
from heartbed.versions.index import Index
from heartbed.versions.locks import milestones
from heartbed.versions.releases import RELEASES

HEARTBEAT = heartbeat_option("Timeout.")


@click.command()
@click.argument("cell")
@click.option("--good", required=True, metavar="LIBRARY<VERSION>|REV", help="Where the verdict is as wanted.")
@click.option("--bad", required=True, metavar="LIBRARY<VERSION>|REV", help="Where it is not.")
@click.option(
    "--repo",
    type=click.Path(path_type=Path),
    metavar="CHECKOUT",
    help="A git checkout of a library: --good and --bad are revisions of it.",
)
@with_option
@probe_option()
@scheduler_option
@HEARTBEAT
@quiet_option
@runs_option
def bisect(  # noqa: PLR0913, PLR0917  # click hands over each option by itself
    cell: str,
    good: str,
    bad: str,
    repo: Path | None,
    with_: Sequence[Path],
    scenarios: tuple[Scenario, ...],
    scheduler: Farm | None,
    heartbeat: int,
    quiet: bool,
    runs: Path,
) -> int:
    """Find the release, or the commit, between two at which a cell's verdict changes.

    Several releases are tried in each idle window. Works in both directions, and
    with every probe. Where chance decides whether a release hangs, the last good
    one is tried until one that hangs would hardly come through so many tries. With
    --repo in git's own order of bisection, three of its rounds a window.

    \b
    Examples:
      heartbed bisect prefork-daemon-eventlet-pthread --good oslo14.3.0 --bad oslo18.3.1
      heartbed bisect prefork-daemon-eventlet-pthread --good oslo14.3.0 --bad oslo9.7.1
      heartbed bisect prefork-daemon-eventlet-pthread --good oslo14.3.0 --bad oslo18.3.1 --probe trickle
      heartbed bisect prefork-daemon-eventlet-pthread --repo ~/src/oslo.messaging --good 14.3.0 --bad master
    """
    cells = select([cell]).cells
    if len(cells) != 1:
        raise InputError(f"{cell!r} stands for {len(cells)} cells", hint="name one")
    session = Session(Settings(heartbeat_s=heartbeat, runs=runs, scenarios=scenarios), quiet, elsewhere=scheduler)
    measure = Measured(session)
    if repo is not None:
        commits = gitbisect.ends(repo, good, bad, packages())
        mine = cells[0].with_patched(patched_of(with_))
        change = gitbisect.bisect(mine, commits, measure)
        show_commits(change, mine, console())
        measure.tell(told_of_commits(change, mine, measure.runs))
        return 0
    first, last = bisect_.ends(good, bad)
    released = bisect_.released_between(first, last, Index(python=python.of(cells[0].python).version))
    mine = cells[0].with_patched(patched_of(with_))
    boundary = bisect_.bisect(mine, first, last, released, measure)
    show_boundary(boundary, mine, console())
    measure.tell(told(boundary, mine, measure.runs))
    return 0


class Measured:
    """Plays cells in so many copies where chance decides, and knows in which runs it did."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.runs: list[str] = []

    def __call__(self, cells: Sequence[Cell], copies: int = 1) -> batch.Played:
        """What became of them."""
        played = batch.play(cells, self.session.in_copies(copies))
        self.runs += [run.run for run in played.runs]
        return played

    def tell(self, found: Bisect) -> None:
        """Make the report of the last run one of the search."""
        if self.runs:
            console().print(f"  Report: {self.session.tell(found, self.runs[-1])}", markup=False, soft_wrap=True)


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
        out.print(release_table(RELEASES[name]))
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


COMMANDS = (bisect, list_versions)
