"""Commands that read runs that have been."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from heartbed import runfolder
from heartbed.cli.common import console, load, runs_option, write_reports
from heartbed.errors import HeartbedError, InputError
from heartbed.model import RunVerdict
from heartbed.report import format_names, render
from heartbed.report.diff import difference, rich_difference
from heartbed.report.explain import explain as explain_cell
from heartbed.report.terminal import summary
from heartbed.verdict import EXIT_CODES

RUN = click.argument("run_name", metavar="[RUN]", default=runfolder.LATEST)


@click.command()
@RUN
@runs_option
def verdict(run_name: str, runs: Path) -> int:
    """Judge a record anew, also one of a run that was interrupted.

    RUN is a run's name, its folder, or `latest`. Writes verdicts.json and the
    report beside the record.
    """
    data = load(runs, run_name)
    try:
        write_reports(data)
    finally:
        console().print(summary(data))
    return EXIT_CODES[data.verdict.outcome]


@click.command()
@RUN
@click.option(
    "--format", "format_name", default="html", show_default=True, help=f"One of: {', '.join(format_names())}."
)
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file instead.")
@runs_option
def report(run_name: str, format_name: str, output: Path | None, runs: Path) -> None:
    """Render a run in another format.

    \b
    Examples:
      heartbed report latest --format markdown        a comment for a review
      heartbed report latest --format junit -o heartbed.xml
    """
    content = render(format_name, load(runs, run_name))
    if output is None:
        click.echo(content, nl=False)
        return
    try:
        output.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    except OSError as error:
        raise InputError(f"cannot write {output}: {error.strerror}") from error


@click.command()
@click.argument("cell")
@RUN
@runs_option
def explain(cell: str, run_name: str, runs: Path) -> None:
    """Tell the whole story of one cell, in order of time.

    \b
    Example:
      heartbed explain prefork-daemon-eventlet
    """
    data = load(runs, run_name)
    names = [each.cell for each in data.verdict.cells]
    if cell not in names:
        raise InputError(f"the run {data.verdict.run} has no cell {cell!r}", hint=f"its cells: {', '.join(names)}")
    console().print(explain_cell(data, cell))


@click.command("runs")
@runs_option
def list_runs(runs: Path) -> None:
    """List all runs with their answers, oldest first."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("run", "status", "cells", "outcome", "answer"):
        table.add_column(title)
    for folder in runfolder.every(runs):
        try:
            found = load(runs, str(folder)).verdict
        except HeartbedError as error:
            table.add_row(folder.name, "unreadable", "", "", Text(error.message))
            continue
        table.add_row(found.run, found.status, str(len(found.cells)), str(found.outcome), Text(found.answer))
    console().print(table)


@click.command()
@click.argument("before")
@click.argument("after", default=runfolder.LATEST)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@runs_option
def diff(before: str, after: str, as_json: bool, runs: Path) -> None:
    """Tell what changed between two runs: verdicts, times, versions."""
    changes = difference(load(runs, before).verdict, load(runs, after).verdict)
    if as_json:
        click.echo(json.dumps(changes, indent=2, default=str))
        return
    console().print(rich_difference(changes))


@click.command()
def schema() -> None:
    """Print the JSON Schema of verdicts.json."""
    click.echo(json.dumps(RunVerdict.model_json_schema(), indent=2))


COMMANDS = (verdict, report, explain, list_runs, diff, schema)
