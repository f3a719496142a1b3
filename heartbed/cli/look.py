"""``heartbed look``: is the server that runs here affected?"""

from __future__ import annotations

import re
from pathlib import Path

import click

from heartbed.cells.settings import heartbeat
from heartbed.cli.common import Command, runs_option
from heartbed.errors import InputError
from heartbed.look.asked import FOR_S, PORTS, Asked
from heartbed.look.management import management
from heartbed.look.session import Session
from heartbed.report.console import console
from heartbed.report.look_table import LookTable
from heartbed.report.registry import render_look
from heartbed.verdict.look import LOOK_EXIT_CODES

SHORTEST_S, LONGEST_S = 1.0, 3600.0
DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min)?")


class Duration(click.ParamType[float]):
    """A duration as ``20``, ``20s`` or ``2m``, in seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Raises ``InputError``, which says what is valid."""
        del param, ctx
        found = DURATION.fullmatch(str(value).strip())
        length = float(found[1]) * (60 if found[2] and found[2].startswith("m") else 1) if found else 0.0
        if not SHORTEST_S <= length <= LONGEST_S:
            raise InputError(f"--for {value!s}: not a time to watch", hint="from 1s to 3600s, as 20s or 2m")
        return length


def _heartbeat(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    del ctx, param
    return None if value is None else heartbeat(value)


def _options(command: Command) -> Command:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


OPTIONS = (
    click.option("--pid", "pids", type=click.IntRange(1), multiple=True, help="Only this process; several times."),
    click.option("--unit", metavar="NAME", help="Only processes of this unit of systemd's, as httpd.service."),
    click.option("--container", metavar="NAME", help="Only processes of this container, by name or id."),
    click.option(
        "--port",
        "ports",
        type=click.IntRange(1, 65535),
        multiple=True,
        default=PORTS,
        show_default=True,
        help="The broker's port; several times.",
    ),
    click.option(
        "--for", "for_s", type=Duration(), default=f"{FOR_S:g}s", show_default=True, help="How long to watch."
    ),
    click.option(
        "--heartbeat",
        "heartbeat_s",
        metavar="SECONDS",
        callback=_heartbeat,
        help="The heartbeat timeout that was negotiated; else judged by what is seen.",
    ),
    click.option("--no-stacks", is_flag=True, help="Do not let py-spy look at threads. It stops none, either way."),
    click.option(
        "--broker",
        metavar="URL",
        envvar="HEARTBED_LOOK_BROKER",
        help="The broker's management API, which is read: http://user:password@host:15672. All users of a host can see "
        "a command line: HEARTBED_LOOK_BROKER in the environment says the same unseen.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Machine-readable; `heartbed schema --look` says how."),
    runs_option,
)


@click.command()
@_options
def look(  # noqa: PLR0913  one parameter an option, as click passes them
    *,
    pids: tuple[int, ...],
    unit: str | None,
    container: str | None,
    ports: tuple[int, ...],
    for_s: float,
    heartbeat_s: int | None,
    no_stacks: bool,
    broker: str | None,
    as_json: bool,
    runs: Path,
) -> int:
    """Is a server that runs on this host affected now? Looks at all that have a connection to a broker.

    Nothing is touched: no request, no signal, no stop, no write to what is
    looked at, and Docker is not needed. It reads what the kernel knows of each
    connection, watches whether heartbeats are sent, and says which connections
    RabbitMQ will close, and when. As root it sees all processes, also those in
    containers; as another user only that user's own. The command that it prints
    reproduces what was seen in the testbed, where it can be mended safely.

    \b
    Examples:
      heartbed look
      heartbed look --unit httpd.service --for 90s
      heartbed look --container nova_api --heartbeat 60
      heartbed look --broker http://monitor:secret@rabbit1:15672 --json

    Exit codes: 0 all beating, or heartbeats off, 1 some silent or closed, 2 wrong input, 3 cannot tell.
    """
    api = management(broker) if broker else None
    session = Session(Asked(runs, pids, unit, container, ports, for_s, heartbeat_s, not no_stacks, api))
    out = console()
    with session.recording():
        first = session.first()
        if not as_json:
            out.print(LookTable(first, brief=True))
            out.print()
        session.watch()
    verdict = session.verdict()
    if as_json:
        click.echo(render_look("json", verdict), nl=False)
    else:
        out.print(LookTable(verdict))
        out.print(f"[dim]record[/] {session.folder}", soft_wrap=True)
    return LOOK_EXIT_CODES[verdict.outcome]


COMMANDS = (look,)
