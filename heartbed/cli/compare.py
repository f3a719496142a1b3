"""``heartbed compare``: cells and configuration files side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from heartbed.cells.expressions import COMPARISON
from heartbed.cells.settings import Settings
from heartbed.cells.shards import Division
from heartbed.cells.subject import Scenario
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
from heartbed.cli.patched import patched_of
from heartbed.cli.wishes import wishes_of, wishes_options
from heartbed.errors import InputError
from heartbed.report import format_names
from heartbed.studies.check.candidates import testing_in
from heartbed.studies.compare import Named, show
from heartbed.studies.compare import compare as study
from heartbed.studies.farm import Farm


@click.command(cls=Groups)
@click.argument("subjects", metavar="[CELLS|CONF]...", nargs=-1, shell_complete=completion.expressions)
@wishes_options
@click.option("--fail-if-worse", is_flag=True, help="Exit 1 only where one is worse than the first: for gates.")
@probe_option(several=True)
@untrusted_option
@shard_option
@scheduler_option
@heartbeat_option()
@quiet_option
@output_options(format_names())
@runs_option
def compare(  # noqa: PLR0913  # click hands over each option by itself
    subjects: Sequence[str],
    *,
    fail_if_worse: bool,
    scenarios: tuple[Scenario, ...],
    untrusted: bool,
    shard: Division | None,
    scheduler: Farm | None,
    heartbeat: int,
    quiet: bool,
    output: Output,
    runs: Path,
    **wishes: Any,
) -> int:
    """Compare prefork with event, or any cells and configuration files.

    Without arguments: prefork beside event, each embedded and daemon, with
    eventlet, with eventlet and heartbeat_in_pthread, and with native threads.
    An argument is a cell expression, a file of httpd's, uWSGI's or gunicorn's, or a preset.

    \b
    Examples:
      heartbed compare
      heartbed compare prefork-embedded event-daemon-threads4
      heartbed compare today.conf tomorrow.conf --fail-if-worse
      heartbed compare site.conf event-daemon-native
      heartbed compare --probe trickle
      heartbed compare prefork-daemon-eventlet-pthread --with ~/src/oslo.messaging     without it, and with it

    Exit codes: 0 every cell is kept or recovered, 1 some cell is not, 2 wrong input, 3 inconclusive, 4 the testbed did
    not come up.
    With --fail-if-worse, 1 only where one does not keep what the first one keeps.
    """
    if shard and fail_if_worse:
        raise InputError(
            "--fail-if-worse needs all cells, and a shard has a part of them", hint="leave out one of the two"
        )
    settings = Settings(heartbeat_s=heartbeat, runs=runs, scenarios=scenarios, untrusted=untrusted)
    named = Named.by(subjects or COMPARISON, patched_of(wishes["with_"]))
    with testing_in(settings, quiet=quiet, listeners=output.listeners, elsewhere=scheduler) as session:
        compared = study(session, named, lambda preset: wishes_of(dict(wishes), heartbeat, preset), shard)
    output.give(of_run(compared.data, lambda out: show(compared, out)))
    return compared.exit_code(fail_if_worse=fail_if_worse)


COMMANDS = (compare,)
