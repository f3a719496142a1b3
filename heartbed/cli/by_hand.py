"""Commands for the services by hand, and for cleaning up."""

from __future__ import annotations

import contextlib
import subprocess

import click

from heartbed.cells import axes
from heartbed.cells import expressions as cells_
from heartbed.errors import InputError
from heartbed.places import ROOT
from heartbed.report.console import console
from heartbed.run.images import images_for
from heartbed.testbed.by_hand import ByHand
from heartbed.testbed.by_hand import clean as clean_all
from heartbed.testbed.engine import connect


@click.command()
def images() -> None:
    """Build the images that the comparison needs, where they are missing or out of date.

    \b
    Example:
      heartbed images
    """
    refs = images_for(cells_.select(cells_.COMPARISON).cells, console(stderr=True))
    for name, image in refs.items():
        console().print(f"{name:<22} {image.tag:<28} {image.id[7:19]}", markup=False)


@click.command()
def doctor() -> int:
    """Say what Heartbed needs, what of it is on this machine, and how to get the rest. Changes nothing.

    \b
    Example:
      heartbed doctor

    Exit codes: 0 if all is there or will come by itself, else 4.
    """
    code = subprocess.run([str(ROOT / "scripts" / "doctor")], check=False).returncode
    return 128 - code if code < 0 else code  # as a shell has it: 141 where nobody reads what it says


@click.command()
def up() -> None:
    """Start RabbitMQ, the RPC server, and the API under prefork and event; to try things by hand.

    \b
    Example:
      heartbed up && curl http://127.0.0.1:8081/heartbed/facts
    """
    images_for((), console(stderr=True))
    services = ByHand()
    ports = services.ports()
    services.up()
    out = console()
    for server in axes.TABLE.axis("server").tokens:
        if port := ports.get(f"HEARTBED_{server.upper()}_PORT"):
            out.print(f"{server:<9} http://127.0.0.1:{port}/heartbed/facts", markup=False)
    management = f"http://127.0.0.1:{ports['HEARTBED_MANAGEMENT_PORT']}"
    for line in (
        f"rabbitmq  {management}   user heartbed, password in {services.env_file}",
        "`heartbed logs` follows the logs, `heartbed down` stops it.",
        f"What to ask is at the top of {services.root / 'compose.yaml'}.",
    ):
        out.print(line, markup=False, soft_wrap=True)


@click.command()
def down() -> None:
    """Stop what `heartbed up` started.

    \b
    Example:
      heartbed down
    """
    connect().close()
    ByHand().down()


@click.command()
def logs() -> None:
    """Follow the logs of what `heartbed up` started.

    \b
    Example:
      heartbed logs
    """
    connect().close()
    services = ByHand()
    if not services.running():
        raise InputError("nothing is up", hint="`heartbed up` starts it")
    with contextlib.suppress(KeyboardInterrupt):
        services.show("logs", "--follow", "--tail", "50")


@click.command()
def clean() -> None:
    """Remove every container, network, volume and image that carries Heartbed's label, and nothing else.

    Runs that are going on keep theirs. The folder of runs stays.

    \b
    Example:
      heartbed clean
    """
    containers, removed = clean_all(connect(to_play=False))
    console().print(f"removed {containers} containers and {removed} images; the folders of runs are left as they are")


COMMANDS = (doctor, images, up, down, logs, clean)
