"""The command ``heartbed``.

Exit codes: 0 every cell is kept, 1 some cell is not, 2 the input is wrong,
3 inconclusive, 4 the testbed could not be brought up, 70 a defect of heartbed,
130 stopped by the user.
"""

from __future__ import annotations

import sys
import traceback

import click

from heartbed import __version__
from heartbed.cli import running, runs, stack
from heartbed.cli.common import show_error
from heartbed.errors import HeartbedError
from heartbed.run import InterruptedRunError

INTERRUPTED = 130
DEFECT = 70


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="heartbed")
def cli() -> None:
    """Does this Apache / mod_wsgi configuration keep its RabbitMQ connections when idle?

    Heartbed hosts a nova-api-like application under every configuration asked
    for, leaves all of them idle together, watches broker, wire and process,
    and gives each a verdict with its cause.

    \b
    Examples:
      heartbed compare                             prefork beside event
      heartbed run prefork-daemon-{eventlet,native}  these two cells
      heartbed cells '{prefork,event}-native'      what an expression stands for
      heartbed explain prefork-daemon-eventlet     the story of a cell of the newest run
      heartbed report latest --format markdown     the newest run, for a bug report

    Exit codes: 0 all kept, 1 some not, 2 wrong input, 3 inconclusive, 4 the testbed did not come up.
    """


for module in (running, runs, stack):
    for command in module.COMMANDS:
        cli.add_command(command)


def main() -> None:
    """Run the command and exit with its code.

    Heartbed's own errors become a message and an exit code; everything else is a defect and shows itself.
    """
    try:
        result = cli.main(prog_name="heartbed", standalone_mode=False)
    except HeartbedError as error:
        show_error(error)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as finished:
        sys.exit(finished.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (InterruptedRunError, KeyboardInterrupt, click.Abort):
        click.echo("stopped; nothing was left running", err=True)
        sys.exit(INTERRUPTED)
    except Exception:
        traceback.print_exc()
        click.echo("this is a defect of heartbed: please report it with the lines above", err=True)
        sys.exit(DEFECT)
    sys.exit(result if isinstance(result, int) else 0)
