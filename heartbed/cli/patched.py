"""``--with``: libraries of the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from heartbed.cells import axes
from heartbed.cli.common import Command
from heartbed.versions import bring
from heartbed.versions.patched import Patched


def with_option(command: Command) -> Command:
    """``--with PATH``, as ``with_``."""
    option = click.option(
        "--with",
        "with_",
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="PATH",
        help="A library of your own in the place of a release: a checkout, a source distribution or a wheel of "
        "oslo.messaging, eventlet, kombu, amqp, mod_wsgi, oslo.log... May be given several times.",
    )
    return option(command)


def packages() -> list[str]:
    """The packages that are factors of cells."""
    return [each.package for each in axes.TABLE.libraries]


def patched_of(paths: Sequence[Path]) -> tuple[Patched, ...]:
    """What the paths name, ready to be built. Raises ``InputError``."""
    return bring.brought(paths, packages())
