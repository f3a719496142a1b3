"""``heartbed check``: a user's own configuration, its verdict, and the changes that mend it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click

from heartbed.candidates import presets
from heartbed.cells import expressions as cells_
from heartbed.cells.settings import Settings
from heartbed.cells.subject import Scenario
from heartbed.cli.common import (
    heartbeat_option,
    probe_option,
    quiet_option,
    runs_option,
    scheduler_option,
    untrusted_option,
)
from heartbed.cli.grouped import Groups
from heartbed.cli.output import Answer, Output, output_options
from heartbed.cli.wishes import wishes_of, wishes_options
from heartbed.errors import InputError
from heartbed.files import is_folder, is_regular
from heartbed.record.bus import Listener
from heartbed.report.console import console
from heartbed.servers.kinds import draft
from heartbed.studies import mend
from heartbed.studies.check.answer import show
from heartbed.studies.check.candidates import testing_in
from heartbed.studies.check.checked import FILES, FIRST, FORMATS, Checked, tell
from heartbed.studies.check.study import Changes
from heartbed.studies.check.study import check as study
from heartbed.studies.farm import Farm
from heartbed.verdict import EXIT_CODES
from heartbed.wording import meant


@click.command(cls=Groups)
@click.argument("conf", required=False)
@wishes_options
@probe_option(several=True, default=",".join(FIRST))
@untrusted_option
@scheduler_option
@heartbeat_option("Heartbeat timeout in the testbed; every cell idles for three of them.")
@click.option("--no-mend", is_flag=True, help="Only the verdict, without looking for changes that mend it.")
@click.option(
    "--rule-out",
    multiple=True,
    metavar="CHANGE",
    help="A change that you cannot make, as native, pthread or oslo18.3.1. It is not tried; where no other one "
    "mends it, pairs are.",
)
@quiet_option
@output_options(FORMATS)
@runs_option
def check(*, output: Output, **asked: Any) -> int:
    """Check your own configuration, and find the single change that mends it.

    CONF is an httpd configuration file (a site, or a whole server's), one of
    uWSGI's (ini, YAML, XML or JSON), a gunicorn.conf.py, or the name of a
    preset. The testbed runs the server on a copy of it; what has to be replaced
    in the copy is shown. Your file is never changed. Beside it the
    configurations that differ from it by one change are left idle and then sent
    bursts of requests, as it is; other probes are played on the file and on what
    survives that. A change is recommended only if it survives every probe. Where
    none does, pairs of changes are tried.

    \b
    Examples:
      heartbed check site.conf
      heartbed check nova-api-uwsgi.ini --oslo-config /etc/nova/nova.conf
      heartbed check gunicorn.conf.py --app app.wsgi
      heartbed check site.conf --model native --heartbeat 6
      heartbed check site.conf --release 2024.1 --rule-out native
      heartbed check nova.conf --vhost 8774 --format junit
      heartbed check site.conf --no-mend --output results
      heartbed check kolla-ansible

    Exit codes: 0 kept, 1 not kept, 2 the file is wrong, 3 inconclusive, 4 the testbed did not come up.
    """
    checked = checked_by(listeners=output.listeners, **asked)
    output.give(Answer(partial(show, checked), partial(tell, checked), FILES))
    return EXIT_CODES[checked.verdict.outcome]


def checked_by(  # noqa: PLR0913  one parameter an option, as click passes them
    conf: str | None,
    *,
    scenarios: tuple[Scenario, ...],
    untrusted: bool,
    heartbeat: int,
    no_mend: bool,
    rule_out: tuple[str, ...],
    quiet: bool,
    runs: Path,
    listeners: Sequence[Listener] = (),
    scheduler: Farm | None = None,
    **wishes: Any,
) -> Checked:
    """The checked file, by the values of the command's options. Raises ``InputError`` and ``TestbedError``."""
    if not conf:  # a variable of a pipeline may be empty
        raise InputError("no configuration was named", hint="heartbed check site.conf, or make check CONF=site.conf")
    mend.check_keys(rule_out)
    settings = Settings(heartbeat_s=heartbeat, runs=runs, scenarios=scenarios, untrusted=untrusted)
    preset = presets.path(conf)
    label = conf if preset else None
    drafted = draft(preset or file_of(conf), wishes_of(wishes, heartbeat, preset), label=label)
    with testing_in(settings, quiet=quiet, listeners=listeners, elsewhere=scheduler) as session:
        return study(session, drafted, Changes(ruled_out=rule_out, wanted=not no_mend))


def file_of(conf: str) -> Path:
    """The file of that name. Raises ``InputError`` for a cell, and for what may be a preset that is misspelt."""
    path = Path(conf)
    if is_regular(path) or is_folder(path) or "/" in conf or path.suffix:
        return path
    try:
        cells_.select([conf])
    except InputError:
        near = meant(conf, presets.names())
        hint = "`heartbed presets` lists the presets"
        raise InputError(f"{conf} is neither a file nor a preset{near}", hint=hint) from None
    raise InputError(f"{conf} is a cell's name, and no configuration", hint=f"heartbed run {shlex.quote(conf)}")


@click.command("presets")
def list_presets() -> None:
    """List the configurations of deployment tools that can be checked by name.

    \b
    Examples:
      heartbed presets
      heartbed check devstack
    """
    for name in presets.names():
        if path := presets.path(name):
            console().print(f"{name:<20} {presets.meaning(path)}", markup=False, soft_wrap=True)


COMMANDS = (check, list_presets)
