"""``heartbed check``: a user's own configuration, its verdict, and the single changes that mend it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from heartbed import mend
from heartbed.candidate import presets
from heartbed.candidate.httpd import Container
from heartbed.candidate.oslo_config import read_options
from heartbed.candidate.packages import install
from heartbed.candidate.prepare import Draft, Prepared, Wishes, answers, draft, prepare
from heartbed.candidate.subject import OwnApplication
from heartbed.candidate.workbench import Workbench, workbench
from heartbed.cell import Cell
from heartbed.cells import Selection
from heartbed.cli.answer import FORMATS, Checked, show, tell
from heartbed.cli.common import Command, Heartbeat, console, load, runs_option, write_reports
from heartbed.engine import connect
from heartbed.errors import CellFailedError, InputError
from heartbed.mend import Mend
from heartbed.model import Outcome
from heartbed.plan import image_name, image_tag
from heartbed.report import RunData
from heartbed.report.live import LiveView
from heartbed.run import execute
from heartbed.settings import Settings
from heartbed.setup.images import images_for
from heartbed.verdict import EXIT_CODES
from heartbed.versions.locks import milestones

if TYPE_CHECKING:
    import docker

MOST_FAILURES = 4
"""Variants that may fail to start before the testbed is taken to be at fault."""


@dataclass(frozen=True)
class Kitchen:
    """What it takes to make candidates ready and to run them."""

    bench: Workbench
    client: docker.DockerClient
    settings: Settings
    err: Console
    quiet: bool

    def container(self, oslo: str, mounts: Sequence[tuple[Path, str]] = ()) -> Container:
        """A throw-away container of the image with that version of oslo.messaging; the image is made if need be."""
        cell = Cell("prefork", "daemon", "eventlet", "green", oslo)
        refs = images_for([cell], self.err, quiet=self.quiet)
        return Container(self.client, refs[image_name("apache", cell)].id, self.bench.folder, tuple(mounts))

    def versions_here(self) -> list[str]:
        """Versions of oslo.messaging whose images are here already."""
        tags = {tag for image in self.client.images.list(filters={"label": "heartbed=1"}) for tag in image.tags}
        wanted = {v: image_tag(image_name("apache", Cell("", "", "", "", v))) for v in milestones()}
        return [version for version, tag in wanted.items() if tag in tags]

    def say(self, text: str) -> None:
        """A line about what goes on."""
        if not self.quiet:
            self.err.print(text, markup=False, soft_wrap=True)


def application(script: Path | None, opening: str | None) -> OwnApplication | None:
    """The user's own application, as the command line has it. Raises ``InputError``."""
    if script is None:
        if opening:
            raise InputError("--open is a request to your own application: name it with --app")
        return None
    if not script.is_file():
        raise InputError(f"--app: {script} is not a file", hint="name the WSGI script that httpd would run")
    words = (opening or "GET /").split()
    if len(words) != 2 or not words[0].isalpha() or not words[1].startswith("/"):
        raise InputError(f"--open {opening!r} is not a request", hint="for example --open 'GET /v2.1/servers'")
    return OwnApplication(script, f"{words[0].upper()} {words[1]}")


def wishes_of(given: dict[str, Any], heartbeat_s: int, preset: Path | None = None) -> Wishes:
    """What the options of the command line say, with the nova.conf that they or the preset name."""
    own = application(given.pop("app", None), given.pop("opening", None))
    given |= {"own": own, "requirements": given.pop("requirements", None)}
    if given["requirements"] and own is None:
        raise InputError("--requirements are those of an application: name it with --app")
    path = given.pop("oslo_config", None) or (presets.options(preset) if preset else None)
    if path is None:
        return Wishes(heartbeat_s=heartbeat_s, **given)
    config = read_options(path, heartbeat_s)
    return Wishes(
        heartbeat_s=heartbeat_s,
        options=config.environment,
        switched_off=config.switched_off,
        notes=config.notes,
        oslo_config=config,
        **given,
    )


def ready(kitchen: Kitchen, drafted: Draft, *, with_mends: bool) -> tuple[Prepared, list[Mend]]:
    """Make a candidate and its mends ready to run. Raises ``InputError`` for one that cannot."""
    kitchen.say(f"reading {drafted.source.main.shown} with httpd")
    container = kitchen.container(drafted.oslo)
    if config := drafted.wishes.oslo_config:
        for name in config.unknown(container.oslo_options()):
            kitchen.say(f"warning: {config.shown}: oslo.messaging {drafted.oslo} has no option {name}: it is ignored")
    prepared = prepare(with_packages(kitchen, drafted), kitchen.bench, container)
    own = prepared.candidate
    found: list[Mend] = []
    if with_mends:
        beside = mend.versions_beside(own.oslo, kitchen.versions_here())
        found = mend.mends(prepared, kitchen.bench, beside)
    names = [f"{cell.label}/httpd.conf" for cell in (own, *(each.candidate for each in found))]
    told = replace(container, mounts=tuple(own.mounts)).check(names, get=f"{own.mount}/", environment=own.switches)
    answers(prepared, told["answer"])
    accepted = {name for name, said in told["told"].items() if said["ok"]}
    return prepared, [each for each in found if f"{each.candidate.label}/httpd.conf" in accepted]


def with_packages(kitchen: Kitchen, drafted: Draft) -> Draft:
    """The same draft, with the packages that its own application needs. Raises ``InputError``."""
    wishes = drafted.wishes
    if wishes.own is None or wishes.requirements is None:
        return drafted
    kitchen.say(f"installing what {wishes.requirements} names")
    packages = install(wishes.requirements, kitchen.bench.packages)
    return replace(drafted, wishes=replace(wishes, own=replace(wishes.own, packages=packages)))


def play(
    kitchen: Kitchen, cells: Sequence[Cell], needed: frozenset[str], left_out: Sequence[tuple[str, str]] = ()
) -> tuple[RunData, dict[str, str]]:
    """Run the cells; one that is not ``needed`` and does not start is left out, and the reason returned."""
    dropped: dict[str, str] = {}
    while True:
        playing = [cell for cell in cells if cell.name not in dropped]
        selection = Selection(tuple(playing), (*left_out, *dropped.items()))
        beat = kitchen.settings.heartbeat_s
        try:
            with LiveView([c.name for c in playing], beat, quiet=kitchen.quiet, console=kitchen.err) as view:
                outcome = execute(
                    selection, kitchen.settings, lambda w: images_for(w, kitchen.err, quiet=kitchen.quiet), [view]
                )
        except CellFailedError as error:
            if error.cell in needed:
                raise InputError(
                    f"{error.cell} does not start: {error.reason}", log=error.log, hint="its log is above"
                ) from None
            dropped[error.cell] = error.reason
            if len(dropped) > MOST_FAILURES:
                raise
            kitchen.say(f"left out: {error.cell}: {error.reason}")
            continue
        data = load(kitchen.settings.runs, str(outcome.folder))
        write_reports(data)
        kitchen.bench.keep(outcome.folder)
        return data, dropped


@contextlib.contextmanager
def kitchen_for(settings: Settings, *, quiet: bool) -> Iterator[Kitchen]:
    """A kitchen, cleared afterwards."""
    with workbench() as bench, contextlib.closing(connect()) as client:
        yield Kitchen(bench, client, settings, console(stderr=True), quiet)


WISHES = (
    click.option("--model", type=click.Choice(["eventlet", "native"]), help="Execution model of your application."),
    click.option("--pthread/--no-pthread", default=None, help="heartbeat_in_pthread in your nova.conf."),
    click.option("--oslo", metavar="VERSION", help="Your version of oslo.messaging."),
    click.option(
        "--mpm", type=click.Choice(["prefork", "event", "worker"]), help="The MPM, where the file loads none."
    ),
    click.option(
        "--vhost", metavar="NAME", help="The virtual host, by name, address or port, where there are several."
    ),
    click.option(
        "--oslo-config",
        "oslo_config",
        type=click.Path(path_type=Path),
        help="Your nova.conf, for its options of oslo.messaging.",
    ),
    click.option("--app", type=click.Path(path_type=Path), help="Your own WSGI script in place of Heartbed's."),
    click.option("--requirements", type=click.Path(path_type=Path), help="What --app needs, as pip's requirements."),
    click.option("--open", "opening", metavar="'GET /PATH'", help="The request that makes --app use the broker."),
    click.option(
        "--root",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        help="Folder that the file may include from; its own unless named.",
    ),
)
"""Options that say what a configuration file leaves open."""


def wishes_options(command: Command) -> Command:
    """The options that become ``Wishes``."""
    for option in reversed(WISHES):
        command = option(command)
    return command


@click.command()
@click.argument("conf", required=False)
@wishes_options
@click.option(
    "--heartbeat",
    type=Heartbeat(),
    default="2",
    show_default=True,
    envvar="HEARTBED_HEARTBEAT",
    help="Heartbeat timeout in the testbed; every cell idles for three of them.",
)
@click.option("--no-mend", is_flag=True, help="Only the verdict, without looking for changes that mend it.")
@click.option("--format", "format_name", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--quiet", "-q", is_flag=True, help="Show nothing while it works.")
@runs_option
def check(  # noqa: PLR0913  one parameter an option, as click passes them
    conf: str | None,
    *,
    heartbeat: int,
    no_mend: bool,
    format_name: str,
    quiet: bool,
    runs: Path,
    **wishes: Any,
) -> int:
    """Check your own httpd configuration, and find the single change that mends it.

    CONF is an httpd configuration file (a site, or a whole server's), or the
    name of a preset. The testbed runs httpd on a copy of it; what has to be
    replaced in the copy is shown. Your file is never changed.

    \b
    Examples:
      heartbed check site.conf
      heartbed check site.conf --model native --heartbeat 6
      heartbed check nova.conf --vhost 8774 --format junit
      heartbed check kolla-ansible-2025.1

    Exit codes: 0 kept, 1 not kept, 2 the file is wrong, 3 inconclusive, 4 the testbed did not come up.
    """
    if conf is None:
        raise InputError("no configuration was named", hint="heartbed check site.conf, or make check CONF=site.conf")
    settings = Settings(heartbeat_s=heartbeat, runs=runs)
    preset = presets.path(conf)
    label = conf if preset else None
    drafted = draft(preset or Path(conf), wishes_of(wishes, heartbeat, preset), label=label)
    with kitchen_for(settings, quiet=quiet) as kitchen:
        prepared, found = ready(kitchen, drafted, with_mends=not no_mend)
        own = prepared.candidate
        cells = [own, *(each.candidate for each in found)]
        data, dropped = play(kitchen, cells, frozenset({own.name}))
        checked = Checked.of(prepared, found, data, dropped)
        if checked.verdict.outcome in (Outcome.LOST, Outcome.HUNG) and found and not checked.keeping:
            kitchen.say("no single change keeps the connections: trying pairs")
            pairs = mend.pairs(prepared, kitchen.bench)
            again, _ = play(kitchen, [each.candidate for each in pairs], frozenset())
            checked = checked.with_pairs(pairs, again)
        checked.save()
    if format_name == "text":
        show(checked, console())
    else:
        click.echo(tell(checked, format_name), nl=False)
    return EXIT_CODES[checked.verdict.outcome]


@click.command("presets")
def list_presets() -> None:
    """List the configurations of deployment tools that can be checked by name.

    \b
    Examples:
      heartbed presets
      heartbed check kolla-ansible-2025.1
    """
    for name in presets.names():
        console().print(f"{name:<18} {presets.meaning(name)}", markup=False, soft_wrap=True)


COMMANDS = (check, list_presets)
