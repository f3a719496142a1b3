"""Commands that read runs that have been."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from heartbed.cli.common import publish, runs_option
from heartbed.cli.completion import cell_names, formats, run_names
from heartbed.cli.output import Output, of_run, output_options
from heartbed.errors import InputError
from heartbed.record import folder as runfolder
from heartbed.report import format_names, render
from heartbed.report.console import console
from heartbed.report.data import RunData
from heartbed.report.diff import difference, rich_difference
from heartbed.report.explain import explain as explain_cell
from heartbed.report.listing import Listing, entry
from heartbed.report.loaded import load, load_any
from heartbed.report.registry import OF_LOOKS, render_look
from heartbed.report.text import printable
from heartbed.studies import merge as merge_
from heartbed.studies.store import keep
from heartbed.verdict import EXIT_CODES
from heartbed.verdict.look.values import LookVerdict
from heartbed.verdict.values import CellVerdict, RunVerdict

TERMINAL = "text"
"""The format that is meant for a terminal."""

RUN = click.argument("run_name", metavar="[RUN]", default=runfolder.LATEST, shell_complete=run_names)


@click.command()
@RUN
@runs_option
def verdict(run_name: str, runs: Path) -> int:
    """Judge a record anew, also one of a run that was interrupted.

    RUN is a run's name, its folder, or `latest`. Writes verdicts.json and the
    report beside the record.

    \b
    Examples:
      heartbed verdict
      heartbed verdict runs/20251229-092000

    Exit codes: 0 every cell is kept or recovered, 1 some cell is not, 2 no such run, 3 inconclusive.
    """
    return publish(load(runs, run_name))


@click.command()
@RUN
@click.option(
    "--format",
    "format_name",
    default="html",
    show_default=True,
    shell_complete=formats,
    help=f"One of: {', '.join(format_names())}.",
)
@click.option("--cell", metavar="NAME", shell_complete=cell_names, help="Only this one, under each of its probes.")
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file instead.")
@runs_option
def report(run_name: str, format_name: str, cell: str | None, output: Path | None, runs: Path) -> None:
    """Render a run in another format.

    RUN is a run's name, its folder, or `latest`; also one that was
    interrupted, or made on another machine.

    \b
    Examples:
      heartbed report > report.html
      heartbed report latest --format markdown        a comment for a review
      heartbed report latest --format junit -o heartbed.xml
      heartbed report latest --cell prefork-daemon-eventlet > bug.html
    """
    needs_cells = cell is not None or format_name not in format_names(OF_LOOKS)
    data = (load if needs_cells and run_name == runfolder.LATEST else load_any)(runs, run_name)
    if cell is not None:
        data = _only(data, cell)
    content = render_look(format_name, data) if isinstance(data, LookVerdict) else render(format_name, data)
    if output is None:
        if format_name == TERMINAL and isinstance(content, str):
            out = console()
            out.out(printable(content, ascii_only=out.options.ascii_only), end="")
        else:  # a file's encoding is its own, whatever the terminal reads
            click.echo(content if isinstance(content, bytes) else content.encode("utf-8"), nl=False)
        return
    try:
        output.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    except OSError as error:
        raise InputError(f"cannot write {output}: {error.strerror}") from error


def _only(data: RunData | LookVerdict, cell: str) -> RunData:
    """The run as if only that cell had been in it. Raises ``InputError`` where it was not."""
    if isinstance(data, LookVerdict):
        raise InputError(f"{data.run} is the record of a look, which has no cells")
    return data.only(_named(data, cell))


def _named(data: RunData, cell: str) -> list[CellVerdict]:
    """The verdicts on a cell. Raises ``InputError`` where there is none."""
    if found := data.under_each(cell):
        return found
    names = dict.fromkeys(each.cell for each in data.verdict.cells)
    raise InputError(f"the run {data.verdict.run} has no cell {cell!r}", hint=f"its cells: {', '.join(names)}")


@click.command()
@click.argument("cell", shell_complete=cell_names)
@RUN
@runs_option
def explain(cell: str, run_name: str, runs: Path) -> None:
    """Tell the whole story of one cell, in order of time.

    RUN is a run's name, its folder, or `latest`.

    \b
    Examples:
      heartbed explain prefork-daemon-eventlet
      heartbed explain prefork-daemon-eventlet 20251229-092000
    """
    data = load(runs, run_name)
    _named(data, cell)
    console().print(explain_cell(data, cell))


@click.command()
@click.argument("shards", metavar="RUN...", nargs=-1, required=True, shell_complete=run_names)
@output_options(format_names())
@runs_option
def merge(shards: Sequence[str], output: Output, runs: Path) -> int:
    """Make one run of the shards that `--shard K/N` played, also on other machines, and judge it as one.

    RUN is a run's name or its folder. A shard that is given twice counts once;
    one that is missing is named, and nothing is claimed of the whole then.

    \b
    Examples:
      heartbed run '{prefork,event}-{embedded,daemon}' --shard 1/2      on one machine
      heartbed run '{prefork,event}-{embedded,daemon}' --shard 2/2      on another
      heartbed merge shard-1/runs/latest shard-2/runs/latest
      heartbed merge shard-*/runs/2* --format junit --output results

    Exit codes: 0 every cell is kept or recovered, 1 some cell is not, 2 no such run or no shard of this one, 3
    inconclusive or not all there.
    """
    folders = [runfolder.find(runs, each) for each in shards]
    data = load(runs, str(merge_.merge(folders, runs)))
    try:
        keep(data)
    finally:
        output.give(of_run(data))
    return EXIT_CODES[data.verdict.outcome]


@click.command("runs")
@runs_option
def list_runs(runs: Path) -> None:
    """List all runs with their answers, oldest first.

    \b
    Example:
      heartbed runs
    """
    folders = runfolder.every(runs)
    if not folders:
        raise InputError(f"there is no run in {runs}", hint="`heartbed compare` makes the first")
    console().print(Listing([entry(folder) for folder in folders]))


@click.command()
@click.argument("before", shell_complete=run_names)
@click.argument("after", metavar="[AFTER]", default=runfolder.LATEST, shell_complete=run_names)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@runs_option
def diff(before: str, after: str, as_json: bool, runs: Path) -> None:
    """Tell what changed between two runs: verdicts, times, versions.

    BEFORE and AFTER are runs' names or folders; AFTER is the newest run unless
    named.

    \b
    Examples:
      heartbed diff 20251229-092000
      heartbed diff 20251229-092000 20251230-101500 --json
    """
    changes = difference(load(runs, before).verdict, load(runs, after).verdict)
    if as_json:
        click.echo(json.dumps(changes, indent=2, default=str))
        return
    console().print(rich_difference(changes))


@click.command()
@click.option("--look", is_flag=True, help="Of what `heartbed look --json` prints.")
def schema(*, look: bool) -> None:
    """Print the JSON Schema of verdicts.json.

    \b
    Examples:
      heartbed schema > verdicts.schema.json
      heartbed schema --look > look.schema.json
    """
    values = LookVerdict if look else RunVerdict
    click.echo(json.dumps(values.model_json_schema(), indent=2))


COMMANDS = (verdict, report, explain, merge, list_runs, diff, schema)
