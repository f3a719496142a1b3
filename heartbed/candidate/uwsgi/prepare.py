"""From a user's uWSGI configuration to a candidate: read, adapted, and understood by uWSGI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from heartbed.candidate import subject
from heartbed.candidate.adapted import COPY, Replacement
from heartbed.candidate.changes import Change, Variant
from heartbed.candidate.container import Container
from heartbed.candidate.oslo_config import GROUP, taken
from heartbed.candidate.prepared import Draft, Prepared
from heartbed.candidate.source import where
from heartbed.candidate.subject import UwsgiCandidate
from heartbed.candidate.uwsgi import complaints, hosting
from heartbed.candidate.uwsgi.adapt import UwsgiAdapted, adapt
from heartbed.candidate.uwsgi.frame import render
from heartbed.candidate.uwsgi.ini import Option
from heartbed.candidate.uwsgi.rules import PROCESSES
from heartbed.candidate.uwsgi.shape import Shape, in_force, known, settings, shape, strangers
from heartbed.candidate.uwsgi.source import UwsgiSource, read
from heartbed.candidate.wishes import SWITCH, Wishes, assumptions
from heartbed.candidate.workbench import Workbench
from heartbed.cell import Cell
from heartbed.errors import InputError
from heartbed.wording import count

MAIN = "uwsgi.ini"
TRUE = ("1", "true", "yes", "on")


@dataclass(frozen=True)
class UwsgiDraft(Draft):
    """A configuration of uWSGI's."""

    adapted: UwsgiAdapted

    server: ClassVar[str] = "uWSGI"
    about_paths: ClassVar[str] = "under a mount point uWSGI needs manage-script-name = true"

    @property
    def cell(self) -> Cell:
        """A cell whose image can read the file."""
        return replace(self.wishes.cell, server="uwsgi", mode="")

    @property
    def source(self) -> UwsgiSource:
        """The user's files."""
        return self.adapted.source

    def with_variable(self, v: Variant[Any], name: str, value: str) -> Variant[Any]:
        """The variant with a variable in the environment of the application: uWSGI itself sets it."""
        return hosting.with_variable(v, self.source, name, value)

    def prepare(self, bench: Workbench, container: Container) -> UwsgiPrepared:
        """Have uWSGI read the copy. Raises ``InputError``."""
        _write(bench, self.label, self.adapted)
        told = container.read(f"{self.label}/{MAIN}")
        if not told.ok:
            raise complaints.refused(self, told.output)
        options = in_force(told.output)
        found = shape(options)
        fields = subject.fields(self, bench.folder) | {
            "server": "uwsgi",
            "mode": "",
            "processes": found.processes,
            "threads": found.threads,
            "script": self.adapted.application.script,
            "mount": self.adapted.application.mount,
            "options": _options(found, self.adapted.front),
            "loading": found.loading,
        }
        ignored = [
            f"{option.key} is no option of uWSGI's, which ignores it" + (f" (is {near} meant?)" if near else "")
            for option, near in strangers(self._own(), known(told.stderr), _text(self.source))
        ]
        if self.adapted.needs_master:
            ignored.append(f"{self.adapted.needs_master} starts uWSGI's master: it is started here too")
        return UwsgiPrepared(self, found, UwsgiCandidate(**fields), tuple(options), (*ignored, *self._open()))

    def _own(self) -> list[Option]:
        """The user's options that are still in the copy."""
        dropped = self.adapted.dropped
        return [option for file, option in self.source.all() if (file.inside, option.line) not in dropped]

    def _open(self) -> list[str]:
        """What is decided by the container, where it may be decided otherwise than on the user's machine."""
        found = []
        for file, option in self.source.all():
            at = where(file, option.line)
            if option.key.startswith(("if", "elseif")):
                found.append(f"{at}: {option.key} = {option.value} is decided in the container, not on your machine")
            elif "$(" in option.value:
                found.append(f"{at}: {option.value}: the container's environment has no such variable of yours")
        return found


@dataclass(frozen=True)
class UwsgiPrepared(Prepared[Shape]):
    """A candidate that uWSGI accepts. ``options`` are those that it has in force."""

    draft: UwsgiDraft
    candidate: UwsgiCandidate
    options: tuple[Option, ...]
    ignored: tuple[str, ...]

    @property
    def source(self) -> UwsgiSource:
        """The user's files."""
        return self.draft.source

    @property
    def oddities(self) -> tuple[str, ...]:
        """Options that uWSGI ignores in silence."""
        return self.ignored

    @property
    def rows(self) -> Mapping[str, str]:
        """What the configuration is, in words."""
        found, adapted = self.shape, self.draft.adapted
        words = [count(found.processes, "process", "es"), f"{count(found.threads, 'thread')} each"]
        words += [
            "master" if found.master else "no master",
            "lazy-apps" if found.lazy else "loaded once, before forking",
        ]
        speaks = {"proxied": "the uwsgi protocol, behind httpd with mod_proxy_uwsgi"}
        option = f" ({adapted.speaks})" if adapted.speaks else ""
        mount = self.candidate.mount or "/"
        return {
            "uWSGI": ", ".join(words),
            "speaks": speaks.get(adapted.front, "HTTP") + option,
            "answers": f"{mount} -> {adapted.application.place[1].value}",
        }

    @property
    def settings(self) -> Mapping[str, str]:
        """The telling options in force, with the number of processes as the user's file has it."""
        asked = [option.value for _, option in self.source.all() if option.key in PROCESSES]
        return settings(self.options) | ({"processes": asked[-1]} if asked else {})

    def answers(self, answer: Mapping[str, Any]) -> None:
        """Raise ``InputError`` unless the application answered with a success."""
        complaints.answers(self, answer)

    def hosting(self) -> list[Change[Shape]]:
        """Its threads, and when it loads the application."""
        return hosting.hosting(self)

    def write(self, variant: Variant[Shape], label: str, bench: Workbench) -> UwsgiCandidate:
        """Write the copy as the variant has it."""
        # One process shows what several would: they are alike, unless the first has loaded what the others got from it.
        alike = variant.shape.master or variant.shape.lazy
        found = replace(variant.shape, processes=1) if alike else variant.shape
        adapted = self.draft.adapted.copied()
        for edit in variant.edits:
            adapted.add(Replacement(edit.inside, edit.first, edit.last, edit.text, "the change", ""))
        for place in self.source.all():
            if place[1].key in PROCESSES:
                adapted.put(place, f"{place[1].key} = {found.processes}", "as many processes as show it all")
        _write(bench, label, adapted)
        return replace(
            self.candidate,
            processes=found.processes,
            threads=found.threads,
            options=_options(found, adapted.front),
            loading=found.loading,
        )


def draft(path: Path, wishes: Wishes, label: str) -> UwsgiDraft:
    """Read and adapt a file. Pure but for the reading. Raises ``InputError``."""
    source = read(path, root=wishes.root)
    adapted = adapt(source, wishes.vhost)
    if wishes.mpm:
        raise InputError("--mpm is httpd's, and this is a configuration of uWSGI", hint="leave it out")
    wishes = _with_variables(source, wishes)
    assumed = []
    if not adapted.speaks:
        assumed.append("http-socket: the file names no socket")
    if adapted.front == "proxied":
        assumed.append("httpd with mod_proxy_uwsgi in front of it, as devstack has it")
    return UwsgiDraft(label, adapted, wishes, (*assumed, *assumptions(wishes)))


def _with_variables(source: UwsgiSource, wishes: Wishes) -> Wishes:
    """The wishes with what the file's own ``env`` lines say, where the user has said nothing else beside the file."""
    given = dict(o.value.partition("=")[::2] for _, o in source.all() if o.key == "env")
    variables = {name.strip(): value.strip() for name, value in given.items()}
    if wishes.model is None and SWITCH in variables:
        wishes = replace(wishes, model="native" if variables[SWITCH].lower() in TRUE else "eventlet")
    prefix = f"OS_{GROUP.upper()}__"
    options = {n.removeprefix(prefix).lower(): value for n, value in variables.items() if n.startswith(prefix)}
    if not options:
        return wishes
    found = taken(source.main.shown, options, {}, wishes.heartbeat_s)
    return replace(
        wishes,
        options={**found.environment, **wishes.options},
        switched_off=wishes.switched_off or found.switched_off,
        notes=(*wishes.notes, *found.notes),
    )


def _options(found: Shape, front: str) -> tuple[str, ...]:
    chosen = (found.loading, front)
    return tuple(token for token in chosen if token not in ("", "lazy", "direct"))


def _text(source: UwsgiSource) -> str:
    return "\n".join(line for file in source.files for line in file.lines)


def _write(bench: Workbench, label: str, adapted: UwsgiAdapted) -> None:
    bench.write(label, adapted, MAIN, render(f"{COPY}/{label}/files", adapted))
