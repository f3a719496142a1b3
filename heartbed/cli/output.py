"""Where an answer goes: to the terminal, into files for a gate, or to a program as it comes about."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from heartbed.cli.common import Command
from heartbed.cli.grouped import under
from heartbed.files import ready_folder, save
from heartbed.record.bus import Listener
from heartbed.record.event import Event
from heartbed.report import RunData, file_name, format_names, render
from heartbed.report.console import console
from heartbed.report.terminal import summary

OUTPUT = "--output"
"""The option that names the folder."""

TEXT = "text"
"""The format that is meant for a terminal."""

FOR_GATES = ("html", "json", "junit", "markdown")
"""What is written where a folder is named and no format."""

ANSWER = "answer"
"""What the last of the lines of ``--events`` calls itself; all others are events of the record."""


@dataclass(frozen=True)
class Answer:
    """What a command has found. ``told`` gives it in a format, of which ``files`` has the file's name."""

    show: Callable[[Console], None]
    told: Callable[[str], str | bytes]
    files: Mapping[str, str]


def of_run(data: RunData, show: Callable[[Console], None] | None = None) -> Answer:
    """The answer of one run; the summary of it, or ``show``, for people."""
    files = {name: file_name(name) for name in format_names()}
    return Answer(show or (lambda out: out.print(summary(data))), lambda name: render(name, data), files)


@dataclass(frozen=True)
class Output:
    """What the user wants of an answer: a format, a folder, every event."""

    format_name: str | None = None
    folder: Path | None = None
    events: bool = False

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """What is told of every event while a run goes on."""
        return (_print_event,) if self.events else ()

    def ready(self) -> None:
        """Make the folder, better before a run than after it. Raises ``TestbedError``."""
        if self.folder is not None:
            ready_folder(self.folder, OUTPUT)

    def give(self, answer: Answer) -> None:
        """Write it and show it. Raises ``TestbedError`` where it cannot be written."""
        shown = console(stderr=self.events)
        try:
            if self.folder is not None:
                for name in (self.format_name,) if self.format_name else FOR_GATES:
                    save(self.folder / answer.files[name], answer.told(name), option=OUTPUT)
        finally:
            if self.events:
                _print_line({"kind": ANSWER, "data": json.loads(answer.told("json"))})
            if self.folder is None and self.format_name not in (None, TEXT):
                _print(answer.told(str(self.format_name)))
            else:
                answer.show(shown)


def output_options(formats: Sequence[str]) -> Callable[[Command], Command]:
    """``--format``, ``--output`` and ``--events``, which become the parameter ``output``."""
    option = under("For gates and programs")

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def wrapped(*, format_name: str | None, folder: Path | None, events: bool, **others: Any) -> Any:
            if events and folder is None and format_name not in (None, TEXT):
                raise click.UsageError("--events has standard output for itself: name a folder with --output")
            output = Output(format_name, folder, events)
            output.ready()
            return command(output=output, **others)

        options = (
            option(
                "--format", "format_name", type=click.Choice(formats), help="How the answer is told.  [default: text]"
            ),
            option(
                "--output",
                "folder",
                type=click.Path(path_type=Path, file_okay=False),
                metavar="DIR",
                help="Write the answer into files there, and show it as text: in the one --format, or in "
                f"{', '.join(FOR_GATES)}. The folder is made if need be.",
            ),
            option(
                "--events",
                is_flag=True,
                help="Write each event to standard output as it comes, a line of JSON as in record.jsonl; the last is "
                f"the answer, of kind {ANSWER!r}. People are told on standard error.",
            ),
        )
        for each in reversed(options):
            wrapped = each(wrapped)
        return wrapped  # type: ignore[return-value]  # click hands over parameters by name, whatever the type says

    return decorate


def _print_event(event: Event) -> None:
    click.echo(event.to_json())


def _print_line(content: Mapping[str, Any]) -> None:
    click.echo(json.dumps(content, separators=(",", ":"), ensure_ascii=False))


def _print(content: str | bytes) -> None:
    # A file's encoding is its own, whatever the terminal reads.
    click.echo(content if isinstance(content, bytes) else content.encode("utf-8"), nl=False)
