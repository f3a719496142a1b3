"""``heartbed results``: what all runs have come to."""

from __future__ import annotations

from pathlib import Path

import click
from rich.measure import Measurement

from heartbed.cli.common import runs_option
from heartbed.cli.output import TEXT
from heartbed.report.console import console
from heartbed.studies.answers import ask

WIDEST = 10_000
"""Characters: no line of a table is longer."""


@click.command()
@click.argument("question", metavar="[SQL]", default="")
@click.option("--changes", is_flag=True, help="Only what moved with the newest result of each cell and probe.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice((TEXT, "csv", "json")),
    default=TEXT,
    show_default=True,
    help="How it is told; csv and json have all columns unless SQL says otherwise.",
)
@runs_option
def results(question: str, *, changes: bool, format_name: str, runs: Path) -> None:
    """Ask what all runs have come to, also those whose folders are gone.

    SQL is a condition, the end of a query from WHERE on, or a whole one: the
    tables are `results`, a row for each cell under each probe of each run, and
    `changes`. Each axis of cells is a column: docs/many.md has the others.

    \b
    Examples:
      heartbed results "where server = 'prefork' and outcome <> 'kept'"
      heartbed results --changes
      heartbed results --format csv > results.csv
      heartbed results 'select cell, count(*), count(distinct outcome) from results group by cell'
    """
    found = ask(runs, question, changes=changes, everything=format_name != TEXT)
    out = console()
    if format_name != TEXT:
        click.echo(found.as_csv() if format_name == "csv" else found.as_json(), nl=False)
    elif found.rows:
        table = found.table(ascii_only=out.options.ascii_only)
        # Lines may be longer than the terminal is wide: names and words that are broken cannot be read, nor copied.
        least = Measurement.get(out, out.options.update(max_width=WIDEST), table).minimum
        out.print(table, crop=False, width=max(out.width, least))
    else:
        out.print("nothing has moved" if changes and not question else "there is none", markup=False)


COMMANDS = (results,)
