"""The options that say what a configuration file leaves open."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from heartbed.candidates import presets
from heartbed.candidates.oslo_config import read_options
from heartbed.candidates.wishes import Wishes
from heartbed.cells import axes
from heartbed.cli.common import Command
from heartbed.cli.grouped import under
from heartbed.cli.own import own_of, own_options
from heartbed.cli.patched import patched_of, with_option
from heartbed.errors import InputError
from heartbed.versions.pythons import PYTHONS
from heartbed.versions.releases import RELEASES

VARIABLE = re.compile(r'[A-Za-z_][A-Za-z0-9_]*(=[^"\n\r]*)?')

option = under("What a configuration file leaves open")

WISHES = (
    option(
        "--model", type=click.Choice([*axes.TABLE.axis("model").tokens]), help="Execution model of your application."
    ),
    option("--pthread/--no-pthread", default=None, help="heartbeat_in_pthread in your nova.conf."),
    option("--oslo", metavar="VERSION", help="Your version of oslo.messaging."),
    option(
        "--release",
        type=click.Choice([*RELEASES]),
        metavar="NAME",
        help="Your OpenStack release, as 2024.1: its versions of all libraries, and nova's execution model in it.",
    ),
    option(
        "--python",
        type=click.Choice([*PYTHONS]),
        help="Your Python; the release's unless named. The server is that of the Debian release which has it.",
    ),
    option("--mpm", type=click.Choice(axes.MPMS), help="The MPM, where the file loads none."),
    option(
        "--vhost",
        metavar="NAME",
        help="The virtual host, by name, address or port, or the mount point; where there are several.",
    ),
    option("--path", metavar="/URL", help="Where its URLs begin, where a virtual host has several applications."),
    option(
        "--define",
        "defines",
        multiple=True,
        metavar="NAME[=VALUE]",
        help="A variable that your server is started with: httpd's -D, one of envvars, of uWSGI's or gunicorn's "
        "environment.",
    ),
    option(
        "--oslo-config",
        "oslo_config",
        type=click.Path(path_type=Path),
        help="Your nova.conf, for its options of oslo.messaging.",
    ),
    option(
        "--root",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        help="Folder that the file may include from; its own unless named.",
    ),
)
"""Options that say what a configuration file leaves open."""


def wishes_options(command: Command) -> Command:
    """The options that become ``Wishes``."""
    command = with_option(own_options(command))
    for each in reversed(WISHES):
        command = each(command)
    return command


def variables(given: Sequence[str]) -> dict[str, str]:
    """The variables of ``--define NAME=VALUE``. Raises ``InputError``."""
    for each in given:
        if not VARIABLE.fullmatch(each):
            raise InputError(f"--define {each!r} is not NAME or NAME=VALUE", hint="for example --define PORT=8774")
    return dict(each.partition("=")[::2] for each in given)


def wishes_of(given: dict[str, Any], heartbeat_s: int, preset: Path | None = None) -> Wishes:
    """What the options of the command line say, with the nova.conf that they or the preset name."""
    given |= {"own": own_of(given), "defines": variables(given.get("defines", ()))}
    given["patched"] = patched_of(given.pop("with_", ()))
    path = given.pop("oslo_config", None) or (presets.options(preset) if preset else None)
    if path is None:
        return Wishes(heartbeat_s=heartbeat_s, **given)
    return Wishes(heartbeat_s=heartbeat_s, configs=(read_options(path),), **given)
