"""``heartbed validate``: whether the minimal application and the real one have the same verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from heartbed import applications
from heartbed.cells.settings import Settings
from heartbed.cells.subject import Scenario
from heartbed.cli import completion
from heartbed.cli.common import heartbeat_option, probe_option, quiet_option, runs_option, scheduler_option
from heartbed.errors import InputError
from heartbed.files import ready_folder
from heartbed.report.console import console
from heartbed.studies import batch, matrix, results, validate, validated
from heartbed.studies.farm import Farm
from heartbed.studies.session import Session
from heartbed.verdict import EXIT_CODES
from heartbed.versions.releases import RELEASES


@click.command("validate")
@click.argument("expressions", metavar="[EXPR...]", nargs=-1, shell_complete=completion.expressions)
@click.option("--app", default="nova", show_default=True, metavar="NAME", help="The real application.")
@click.option(
    "--release",
    "releases",
    multiple=True,
    metavar="NAME",
    help="An OpenStack release; several, or all that it runs in unless named.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=results.FOLDER,
    show_default=results.FOLDER_SHOWN,
    help="Folder of the table, in which the releases that are played replace their former results.",
)
@scheduler_option
@probe_option(several=True)
@heartbeat_option("Timeout.")
@quiet_option
@runs_option
def validate_(  # noqa: PLR0913, PLR0917  # click hands over each option by itself
    expressions: Sequence[str],
    app: str,
    releases: Sequence[str],
    output: Path,
    scheduler: Farm | None,
    scenarios: tuple[Scenario, ...],
    heartbeat: int,
    quiet: bool,
    runs: Path,
) -> int:
    """Play the minimal application and the real one side by side, and say where they agree.

    Each cell is played twice in one run, with Heartbed's own application
    and with the real nova-api of the release, or what --app names: the outcome
    must be the same, and so must what became of the connections of either
    purpose. Without EXPR: prefork-daemon, event-daemon and prefork-embedded
    under every execution model, left idle. The table is kept in the folder of
    --output, in validation.md; that of cinder in validation-cinder.md, and that
    of another probe in validation-burst.md.

    \b
    Examples:
      heartbed validate
      heartbed validate --release 2025.2
      heartbed validate --release 2025.2 --probe burst,reload
      heartbed validate 'uwsgi-{eventlet,native}' --release 2024.1 --output /tmp/validation

    Exit codes: 0 all agree, 1 some differ, 3 something is inconclusive.
    """
    if app not in applications.tokens() or app == applications.DEFAULT:
        known = ", ".join(each for each in applications.tokens() if each != applications.DEFAULT)
        raise InputError(f"--app {applications.lacks(app) or app + ': no such application'}", hint=f"real: {known}")
    if strange := [each for each in releases if each not in RELEASES]:
        raise InputError(f"--release {strange[0]}: no such OpenStack release", hint=f"releases: {', '.join(RELEASES)}")
    pairs = validate.cells(releases or validate.runnable(app, [*RELEASES]), app, expressions)
    ready_folder(output, "--output")
    for scenario in scenarios:
        validated.load(output, str(applications.shows()[app]), scenario.name)  # what cannot be added to is told now
    session = Session(Settings(heartbeat_s=heartbeat, runs=runs), quiet, elsewhere=scheduler)
    brings = {real.release: real.layer.brings if real.layer else {} for _, real in pairs}
    everything = []
    for scenario in scenarios:
        under = session.under([scenario])
        left_out = matrix.left_out([cell for pair in pairs for cell in pair], under)
        both = [pair for pair in pairs if not any(cell.name in left_out for cell in pair)]
        found = validate.play(both, partial(batch.play, session=under))
        kept = validated.kept(found, brings, heartbeat)
        data, page = validated.save(kept, output, str(applications.shows()[app]), scenario.name)
        validated.show(found, console(), scenario.name)
        console().print(f"written: {data} and {page.name}", markup=False)
        everything += found
    return EXIT_CODES[validate.verdict(everything)]


COMMANDS = (validate_,)
