"""What the commands share: consoles, options, and how errors are shown."""

from __future__ import annotations

import functools
import io
import locale
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from click.shell_completion import CompletionItem
from rich.markup import escape

from heartbed import places, probes
from heartbed.cells.settings import heartbeat
from heartbed.cells.shards import Division
from heartbed.cells.subject import DEFAULT_PROBE, Scenario
from heartbed.errors import HeartbedError, InputError
from heartbed.record import folder as runfolder
from heartbed.report import RunData
from heartbed.report.console import console
from heartbed.report.terminal import summary
from heartbed.report.text import printable
from heartbed.studies.farm import Farm
from heartbed.studies.store import keep
from heartbed.verdict import EXIT_CODES

Command = TypeVar("Command", bound=Callable[..., Any])


def encoding_of_the_terminal() -> tuple[str, str]:
    """ASCII and how to write the rest in it, where the locale is not UTF-8, as with LC_ALL=C; else nothing.

    Python itself would write UTF-8 there. Whoever sets PYTHONIOENCODING knows better.
    """
    if locale.getencoding().lower().replace("-", "") == "utf8" or os.environ.get("PYTHONIOENCODING"):
        return "", ""
    return "ascii", "backslashreplace"


def show_usage_error(error: click.ClickException) -> None:
    """What click has to say of the command line, in which anything may have been written."""
    usage = io.StringIO()
    error.show(usage)
    click.echo(printable(usage.getvalue()), nl=False, err=True)


def show_error(error: HeartbedError) -> None:
    """What went wrong, the log that proves it, and what to do next."""
    out = console(stderr=True)
    for line in error.log:
        out.print(f"  [dim]|[/] {escape(printable(line))}", soft_wrap=True)
    out.print(f"[bold red]error:[/] {escape(printable(error.message))}", soft_wrap=True)
    if error.hint:
        out.print(f"[bold]hint:[/]  {escape(printable(error.hint))}", soft_wrap=True)
    show_notes(error)


def show_notes(error: BaseException) -> None:
    """What was learnt about an error on its way up, such as where its record is."""
    for note in getattr(error, "__notes__", ()):
        console(stderr=True).print(f"[bold]note:[/]  {escape(note)}", soft_wrap=True)


def publish(data: RunData) -> int:
    """Write a run's verdicts and report, show the summary also where they cannot be written; the exit code."""
    try:
        keep(data)
    finally:
        console().print(summary(data))
    return EXIT_CODES[data.verdict.outcome]


class Heartbeat(click.ParamType[int]):
    """A heartbeat timeout in whole seconds."""

    name = "seconds"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Raises ``InputError``, which says what is valid."""
        del param, ctx
        return heartbeat(str(value))


def heartbeat_option(
    text: str = "Heartbeat timeout. A cell idles for three of them; oslo.messaging's own default is 60.",
) -> Callable[[Command], Command]:
    """``--heartbeat SECONDS``, with ``text`` as its help."""
    return click.option(
        "--heartbeat", type=Heartbeat(), default="2", show_default=True, envvar="HEARTBED_HEARTBEAT", help=text
    )


def untrusted_option(command: Command) -> Command:
    """``--untrusted``."""
    option = click.option(
        "--untrusted",
        is_flag=True,
        help="The files are somebody else's, as in a pull request: let nothing into their processes, not even to look. "
        "Losses then have no proven cause.",
    )
    return option(command)


class Shard(click.ParamType[Division]):
    """One shard of several, as ``2/5``."""

    name = "shard"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Division:
        """Raises ``InputError``, which says what is valid."""
        del param, ctx
        return Division.named(str(value))


def shard_option(command: Command) -> Command:
    """``--shard K/N`` as ``shard``."""
    option = click.option(
        "--shard",
        type=Shard(),
        metavar="K/N",
        help="Play only the K-th of N parts of the cells, as 2/5; `heartbed merge` makes one run of all parts.",
    )
    return option(command)


class Scheduler(click.ParamType[Farm]):
    """The address of a scheduler of Dask's, or the hosts on which one is to be started."""

    name = "scheduler"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Farm:
        """Whether there is one is seen when it is used."""
        del param, ctx
        return value if isinstance(value, Farm) else Farm(str(value))


def scheduler_option(command: Command) -> Command:
    """``--scheduler ADDRESS`` and ``--hosts A,B,C`` as ``scheduler``."""
    option = click.option(
        "--scheduler",
        "--hosts",
        type=Scheduler(),
        metavar="ADDRESS|A,B,C",
        envvar="HEARTBED_SCHEDULER",
        help="Play the cells on the workers of this scheduler of Dask's, as tcp://10.0.0.1:8786; or on these hosts, "
        "reached by SSH: docs/many.md.",
    )
    return option(command)


class Probes(click.ParamType[tuple[Scenario, ...]]):
    """One probe: ``idle``, ``trickle:pages=4``."""

    name = "probe"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Scenario, ...]:
        """Raises ``InputError``, which says what is valid."""
        del param, ctx
        found = probes.scenarios([str(value)])
        if len(found) > 1:
            raise InputError(f"{value}: one probe at a time here", hint="`heartbed run` plays several together")
        return found

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The probes' names."""
        del ctx, param
        return [CompletionItem(name) for name in probes.every() if name.startswith(incomplete)]


def complete_probes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The probes' names, and ``all``, also behind a comma."""
    del ctx, param
    before, comma, _ = incomplete.rpartition(",")
    names = [f"{before}{comma}{name}" for name in (*probes.every(), probes.ALL)]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def probe_option(*, several: bool = False, default: str = DEFAULT_PROBE) -> Callable[[Command], Command]:
    """``--probe NAME`` as ``scenarios``; with ``several`` also some with commas, ``--probe all``, and ``--for``."""
    more = "; several with commas, or `all` but soak" if several else ""
    option = click.option(
        "--probe",
        "scenarios",
        type=click.STRING if several else Probes(),
        default=default,
        show_default=True,
        metavar="NAME",
        shell_complete=complete_probes if several else None,
        help=f"What is done to the cells: `heartbed probes` lists them{more}. A parameter: NAME:pages=4.",
    )
    return (lambda command: option(_repeatable(command))) if several else option


def with_scenarios(options: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a command's options, with what ``--probe`` and ``--for`` come to together."""
    others = {name: value for name, value in options.items() if name != "for_s"}
    if "for_s" not in options:
        return others
    return {**others, "scenarios": probes.scenarios([options["scenarios"]], options["for_s"])}


def _repeatable(command: Command) -> Command:
    """The command with ``--for``, which has the probes repeated."""

    @functools.wraps(command)
    def repeating(*args: Any, **options: Any) -> Any:
        return command(*args, **with_scenarios(options))

    option = click.option(
        "--for",
        "for_s",
        metavar="TIME",
        help="Repeat the probe for so long, as 30m, and tell what grows meanwhile: `heartbed probes soak`.",
    )
    return option(cast(Command, repeating))


quiet_option = click.option("--quiet", "-q", is_flag=True, help="Show nothing while it works.")
"""``--quiet``."""


def runs_option(command: Command) -> Command:
    """``--runs DIR``."""
    option = click.option(
        "--runs",
        type=click.Path(path_type=Path, file_okay=False),
        default=runfolder.default,
        show_default=f"{places.RUNS}/, or HEARTBED_RUNS",
        help="Folder of all runs.",
    )
    return option(command)
