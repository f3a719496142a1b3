"""The command ``heartbed``.

Exit codes: 0 every cell is kept or recovered, 1 some cell is not, 2 the input is wrong,
3 inconclusive, 4 the testbed could not be brought up, or something could not be written,
70 a defect of heartbed,
130 stopped by the user, 141 nobody reads what it says any more.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Any

import click

from heartbed import __version__
from heartbed.cli import completion, configured
from heartbed.cli.common import encoding_of_the_terminal, show_error, show_notes, show_usage_error
from heartbed.cli.grouped import Sections
from heartbed.errors import HeartbedError, InputError
from heartbed.report.outlet import open_descriptors, use_outlets
from heartbed.run.interrupt import interruptible

INTERRUPTED = 130
BROKEN_PIPE = 141
DEFECT = 70


@click.group(cls=Sections, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="heartbed")
def cli() -> None:
    """Does this Apache / mod_wsgi configuration keep its RabbitMQ connections when idle?

    Heartbed hosts a nova-api-like application under every configuration asked
    for, leaves all of them idle together, watches broker, wire and process,
    and gives each a verdict with its cause.

    \b
    Examples:
      heartbed compare                                  prefork beside event
      heartbed run 'prefork-daemon-{eventlet,native}'   these two cells
      heartbed check site.conf                          your own configuration
      heartbed look                                     what runs on this host: is it affected now?
      heartbed explain prefork-daemon-eventlet          the story of a cell of the newest run
      heartbed report latest --format markdown          the newest run, for a bug report

    Exit codes: 0 every cell is kept or recovered, 1 some cell is not, 2 wrong input, 3 inconclusive, 4 the testbed did
    not come up.
    """


def main() -> None:
    """Run the command and exit with its code.

    Heartbed's own errors become a message and an exit code; everything else is a defect and shows itself.
    """
    open_descriptors()
    out, _ = use_outlets(*encoding_of_the_terminal())
    with interruptible():
        code = _main()
        sys.stdout.flush()
        sys.stderr.flush()
        if out.error is not None and not out.broken:
            error = HeartbedError(f"standard output cannot be written: {out.error.strerror}")
            show_error(error)
            code = error.exit_code if code is None else code
    sys.exit(BROKEN_PIPE if out.broken else code)


def _main() -> int | None:
    """The exit code; None of a command that has come to no answer but what it has said."""
    try:
        result = cli.main(prog_name="heartbed", standalone_mode=False, default_map=_said())
    except HeartbedError as error:
        show_error(error)
        return error.exit_code
    except click.ClickException as error:
        show_usage_error(error)
        return error.exit_code
    except (click.exceptions.Exit, SystemExit) as finished:  # the latter where a shell asks for completions
        result = finished.exit_code if isinstance(finished, click.exceptions.Exit) else finished.code and 2
    except (KeyboardInterrupt, click.Abort) as error:
        # click takes it for the end of what is typed; nothing is asked for here.
        if isinstance(error.__cause__, EOFError):
            return _defect(error.__cause__)
        click.echo("stopped; nothing was left running", err=True)
        show_notes(error.__cause__ or error)  # click puts its own in the place of ours
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the last place where a defect can still be told from the machine's troubles
        return _defect(error)
    return result if isinstance(result, int) else None


def _said() -> dict[str, dict[str, Any]]:
    """What the project's file says; it is not asked by who only wants to read how to write one."""
    if completion.ASKED in os.environ or {"-h", "--help", "--version"} & {*sys.argv}:
        return {}
    try:
        here = Path.cwd()
    except OSError:  # the folder is gone
        return {}
    return configured.said(here, cli.commands)


def _defect(error: Exception) -> int:
    if completion.ASKED in os.environ:  # whoever set these variables was no shell
        show_error(InputError(f"what is to be completed is not understood: {error}"))
        return InputError.exit_code
    traceback.print_exception(error)
    click.echo("this is a defect of heartbed: please report it with the lines above", err=True)
    return DEFECT
