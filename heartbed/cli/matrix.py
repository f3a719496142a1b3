"""The reference matrix, and the results that are kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from heartbed import places
from heartbed.cells.cell import Cell
from heartbed.cells.settings import Settings
from heartbed.cells.shards import Division
from heartbed.cells.subject import Scenario
from heartbed.cli.common import (
    heartbeat_option,
    probe_option,
    quiet_option,
    runs_option,
    scheduler_option,
    shard_option,
)
from heartbed.files import ready_folder
from heartbed.report.console import console
from heartbed.run.playable import weight
from heartbed.studies import batch, reference, results
from heartbed.studies import matrix as matrix_
from heartbed.studies.farm import Farm
from heartbed.studies.results import Results
from heartbed.studies.session import Session
from heartbed.verdict import EXIT_CODES
from heartbed.verdict.values import Outcome


@click.command()
@click.option("--server", "servers", multiple=True, type=click.Choice(matrix_.servers()), help="Only this one.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=results.FOLDER,
    show_default=results.FOLDER_SHOWN,
    help="Folder that the results are written to.",
)
@click.option(
    "--again", is_flag=True, help="Play also what was played with the same versions, images and rules before."
)
@shard_option
@scheduler_option
@probe_option(several=True)
@heartbeat_option("Timeout.")
@quiet_option
@runs_option
def matrix(  # noqa: PLR0913, PLR0917  # click hands over each option by itself
    servers: tuple[str, ...],
    output: Path,
    again: bool,
    shard: Division | None,
    scheduler: Farm | None,
    scenarios: tuple[Scenario, ...],
    heartbeat: int,
    quiet: bool,
    runs: Path,
) -> int:
    """Play the whole reference matrix and write the results down.

    Every server, mode and execution model, under each release of
    oslo.messaging in which its heartbeat changed; in batches that fit into
    one record. With --server only that server's part, and under
    each probe that is named: each is written to a file of its own. What has a
    result with the same images, and the same heartbed and rules, is not played
    again, but in a shard and with a scheduler (docs/many.md).

    \b
    Examples:
      heartbed matrix
      heartbed matrix --server prefork
      heartbed matrix --probe burst,firewall
      heartbed matrix --shard 1/5
      heartbed matrix --scheduler tcp://10.0.0.1:8786
    """
    ready_folder(output, "--output")
    session = Session(Settings(heartbeat_s=heartbeat, runs=runs), quiet, elsewhere=scheduler)
    everything = matrix_.selection(servers).cells
    without = 0
    for scenario in scenarios:
        under, cells = session.under([scenario]).divided(everything, shard)
        # Of a shard all cells are wanted in its record; the images of other machines are not known here.
        command = _command(servers, scenario, heartbeat, shard)
        made = _matrix(under, cells, command, known=not (again or shard or scheduler))
        part = [f"{shard.number}of{shard.of}"] if shard else []
        data, page = results.save(
            made, reference.markdown, output, "-".join([results.name_of(scenario.name, servers), *part])
        )
        console().print(f"written: {data} and {page.name}", markup=False)
        without += len(made.without_verdict)
    if (page_of_all := results.save_overview(reference.overview, output)) is not None:
        console().print(f"all probes: {page_of_all}", markup=False)
    return EXIT_CODES[Outcome.INCONCLUSIVE] if without else 0


def _command(servers: Sequence[str], scenario: Scenario, heartbeat_s: int, shard: Division | None) -> str:
    """What makes this file again, whatever else was asked for beside it."""
    options = [f"--server {each}" for each in servers]
    options += [] if scenario == Scenario() else [f"--probe {scenario.name}"]
    options += [] if heartbeat_s == Settings().heartbeat_s else [f"--heartbeat {heartbeat_s}"]
    options += [f"--shard {shard}"] if shard else []
    whole = "heartbed matrix" if places.INSTALLED else "make matrix"
    return f"heartbed matrix {' '.join(options)}" if options else whole


def _matrix(session: Session, cells: Sequence[Cell], command: str, *, known: bool) -> Results:
    """The results under the session's one probe, told; ``known`` are not played again. Raises ``TestbedError``."""
    (scenario,) = session.settings.scenarios
    left_out = matrix_.left_out(cells, session)
    cells = [cell for cell in cells if cell.name not in left_out]
    played = matrix_.remembered(cells, session) if known else batch.Played()
    if played.verdicts:
        session.say(f"{len(played.verdicts)} of {len(cells)} cells are known from before; --again plays all of them")
    new = [cell for cell in cells if cell.name not in played.verdicts]
    if session.elsewhere is not None:
        played.add(batch.play(new, session))
    else:
        weigh = partial(weight, settings=session.settings)
        played.add(matrix_.play(new, partial(batch.play, session=session), weigh))
    made = results.results(cells, played, session.settings.heartbeat_s, scenario.name, command)
    made.check()
    out = console()
    out.print(f"\n{reference.title(made)}\n", style="bold", markup=False)
    out.print(reference.table(made))
    out.print(f"\n{made.said}", markup=False)
    for line in made.reasons:
        out.print(line, markup=False)
    if new and played.runs:
        out.print(f"report: {session.tell(results.told(made, played), played.runs[-1].run)}", markup=False)
    return made


COMMANDS = (matrix,)
