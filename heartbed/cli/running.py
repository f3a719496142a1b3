"""Commands that play probes on cells."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from heartbed import probes as probes_
from heartbed.cells import expressions as cells_
from heartbed.cells.expressions import Selection
from heartbed.cells.settings import Settings
from heartbed.cells.shards import Division
from heartbed.cells.subject import Scenario, subjects
from heartbed.cli import completion
from heartbed.cli.common import (
    heartbeat_option,
    probe_option,
    quiet_option,
    runs_option,
    scheduler_option,
    shard_option,
    untrusted_option,
)
from heartbed.cli.grouped import Groups
from heartbed.cli.output import Output, of_run, output_options
from heartbed.cli.patched import patched_of, with_option
from heartbed.record.bus import Listener
from heartbed.report import RunData, format_names
from heartbed.report.console import console
from heartbed.report.loaded import load
from heartbed.report.offers import axes_table
from heartbed.report.probes import about, wants_of
from heartbed.run import compose as compose_
from heartbed.studies import bench as bench_
from heartbed.studies.farm import Farm
from heartbed.studies.session import Session
from heartbed.studies.store import keep
from heartbed.testbed.labels import Labels
from heartbed.testbed.plan import Plan
from heartbed.verdict import EXIT_CODES

EXPRESSIONS = click.argument("expressions", metavar="EXPR...", nargs=-1, shell_complete=completion.expressions)
HEARTBEAT = heartbeat_option()


@click.command(cls=Groups, epilog="Axes and factors: `heartbed cells`.")
@EXPRESSIONS
@probe_option(several=True)
@HEARTBEAT
@quiet_option
@click.option("--no-stacks", is_flag=True, help="Do not look into the processes. Losses then have no proven cause.")
@untrusted_option
@with_option
@shard_option
@scheduler_option
@output_options(format_names())
@runs_option
def run(expressions: Sequence[str], *, with_: Sequence[Path], output: Output, **asked: Any) -> int:
    """Leave cells idle together and tell which keep their RabbitMQ connections.

    EXPR names cells by factors joined with dashes; braces stand for
    alternatives, as in a shell.

    \b
    Examples:
      heartbed run prefork-daemon-eventlet
      heartbed run '{prefork,event}-{embedded,daemon}-{eventlet,native}'
      heartbed run prefork-daemon-eventlet-processes{1,4} --heartbeat 6
      heartbed run '{prefork,event}-daemon' --probe trickle
      heartbed run '{prefork,event}-daemon' --probe idle,trickle
      heartbed run prefork-daemon-native --quiet --format junit --output results
      heartbed run prefork-daemon-eventlet-pthread --with ~/src/oslo.messaging
      heartbed run '{prefork,event}-{embedded,daemon}' --shard 1/2
    """
    data = recorded(selected(expressions, with_), listeners=output.listeners, **asked)
    try:
        keep(data)
    finally:
        output.give(of_run(data))
    return EXIT_CODES[data.verdict.outcome]


def selected(expressions: Sequence[str], with_: Sequence[Path]) -> Selection:
    """The cells that are named, with libraries of the user's own. Raises ``InputError``."""
    selection, patched = cells_.select(expressions), patched_of(with_)
    return replace(selection, cells=tuple(cell.with_patched(patched) for cell in selection.cells))


def recorded(  # noqa: PLR0913  # by the values of the command's options
    selection: Selection,
    *,
    scenarios: tuple[Scenario, ...],
    heartbeat: int,
    quiet: bool,
    no_stacks: bool,
    untrusted: bool,
    runs: Path,
    shard: Division | None = None,
    scheduler: Farm | None = None,
    listeners: Sequence[Listener] = (),
) -> RunData:
    """The run of these cells, judged. Raises ``InputError`` and ``TestbedError``."""
    settings = Settings(
        heartbeat_s=heartbeat, runs=runs, stacks=not no_stacks, untrusted=untrusted, scenarios=scenarios
    )
    session = Session(settings, quiet, listeners=listeners, elsewhere=scheduler)
    for name, reason in selection.left_out:
        session.say(f"left out: {name}: {reason}")
    session, mine = session.divided(selection.cells, shard)
    return load(settings.runs, str(session.record(replace(selection, cells=mine))))


@click.command("cells")
@click.argument("expressions", metavar="[EXPR...]", nargs=-1, shell_complete=completion.expressions)
def list_cells(expressions: Sequence[str]) -> None:
    """List the cells that expressions stand for, and what the factors mean.

    \b
    Examples:
      heartbed cells                                        the axes and their factors
      heartbed cells '{prefork,event}-{embedded,daemon}'    four cells
      heartbed cells 'prefork-{eventlet,native}-pthread'    one cell, and one left out
    """
    out = console()
    if not expressions:
        out.print(axes_table())
        return
    selection = cells_.select(expressions)
    for cell in selection.cells:
        out.print(cell.name, markup=False)
    for name, reason in selection.left_out:
        console(stderr=True).print(f"left out: {name}: {reason}", markup=False)


@click.command("probes")
@click.argument("name", metavar="[NAME]", required=False, shell_complete=completion.probes)
def list_probes(name: str | None) -> None:
    """List the probes: what can be done to cells whose connections are open. With NAME, all about one.

    Each opens a cell's connections, lets a window of three heartbeat timeouts
    pass, and then asks for something that needs RabbitMQ. They differ in what
    happens in the window; bursts also in how they open and ask. Those that
    leave the broker alone are played at a time, on cells of their own:
    `--probe idle,trickle`.

    \b
    Examples:
      heartbed probes
      heartbed probes trickle
      heartbed run prefork-daemon-eventlet --probe idle,trickle:pages=4
      heartbed run prefork-daemon-eventlet --probe trickle
      heartbed bisect prefork-daemon-eventlet-pthread --good oslo14.3.0 --bad oslo18.3.1 --probe trickle
    """
    if name:
        console().print(about(probes_.named(name)))
        return
    width = max(map(len, probes_.every()))
    for probe in probes_.every().values():
        wants = f" ({wanted})" if (wanted := wants_of(probe)) else ""
        console().print(f"{probe.name:<{width}}  {probe.meaning}{wants}", markup=False, soft_wrap=True)


@click.command("compose")
@EXPRESSIONS
@HEARTBEAT
def render_compose(expressions: Sequence[str], heartbeat: int) -> None:
    """Print the Compose file that a run of these cells would use.

    \b
    Example:
      heartbed compose event-embedded > event.yaml
      docker compose -f event.yaml up --detach
    """
    selection = cells_.select(expressions)
    plan = Plan(
        project="heartbed-by-hand",
        subjects=subjects(selection.cells),
        settings=Settings(heartbeat_s=heartbeat),
        labels=Labels(run="by-hand"),
    )
    click.echo(compose_.render(plan), nl=False)


@click.command()
@click.argument("expressions", metavar="[EXPR...]", nargs=-1, shell_complete=completion.expressions)
@HEARTBEAT
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@runs_option
def bench(expressions: Sequence[str], heartbeat: int, as_json: bool, runs: Path) -> None:
    """Time cells together, and one after another.

    Without EXPR: 24 cells, and a hundred together. The overhead is the
    whole run as a multiple of what it takes to start the cells, on all cores,
    and one idle time; what a run takes beyond these grows little with its cells.

    \b
    Examples:
      heartbed bench
      heartbed bench '{prefork,event}-native' --json
    """
    session = Session(Settings(heartbeat_s=heartbeat, runs=runs))

    def tell(what: str, timing: bench_.Timing) -> None:
        parts = f"starting {timing.starts_s:.1f} s, idle {timing.idle_s:.1f} s, all else {timing.beyond_s:.1f} s"
        session.say(f"{timing.total_s:7.1f} s  {what}  ({parts}: overhead {timing.overhead:.2f})")

    selection = cells_.select(expressions or bench_.CELLS)
    result = bench_.compare(selection, session, tell, None if expressions else cells_.select(bench_.MANY))
    if as_json:
        click.echo(json.dumps(result.as_dict(), indent=2))
        return
    together = result.together
    console().print(
        f"{together.cells} cells: {together.total_s:.1f} s together, "
        f"{sum(timing.total_s for timing in result.alone):.1f} s one after another: "
        f"{result.gain:.1f} times as long. Overhead {together.overhead:.2f}.",
        markup=False,
    )
    if result.many:
        console().print(
            f"{result.many.cells} cells: {result.many.total_s:.1f} s together. Overhead {result.many.overhead:.2f}.",
            markup=False,
        )


COMMANDS = (bench, run, list_cells, list_probes, render_compose)
