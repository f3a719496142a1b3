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
from heartbed.candidate.prepared import Draft, Prepared, count
from heartbed.candidate.subject import SWITCH, UwsgiCandidate
from heartbed.candidate.uwsgi import complaints, hosting
from heartbed.candidate.uwsgi.adapt import UwsgiAdapted, adapt
from heartbed.candidate.uwsgi.frame import render
from heartbed.candidate.uwsgi.ini import Option
from heartbed.candidate.uwsgi.rules import PROCESSES
from heartbed.candidate.uwsgi.shape import Shape, in_force, known, settings, shape, strangers
from heartbed.candidate.uwsgi.source import UwsgiSource, read
from heartbed.candidate.wishes import Wishes, assumptions
from heartbed.candidate.workbench import Workbench
from heartbed.cell import Cell

MAIN = "uwsgi.ini"
TRUE = ("1", "true", "yes", "on")


@dataclass(frozen=True)
class UwsgiDraft(Draft):
    """A configuration of uWSGI's."""

    adapted: UwsgiAdapted

    server: ClassVar[str] = "uWSGI"

    @property
    def cell(self) -> Cell:
        """A cell whose image can read the file."""
        return Cell("uwsgi", "", "eventlet", "green", self.oslo)

    @property
    def source(self) -> UwsgiSource:
        """The user's files."""
        return self.adapted.source

    def with_variable(self, v: Variant[Any], line: str) -> Variant[Any]:
        """The variant with a variable in the environment of the application: uWSGI itself sets it."""
        return hosting.added(v, self.source.main, f"env = {line}")

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
        ignored = tuple(
            f"{option.key} is no option of uWSGI's, which ignores it" + (f" (is {near} meant?)" if near else "")
            for option, near in strangers(self._own(), known(told.stderr), _text(self.source))
        )
        return UwsgiPrepared(self, found, UwsgiCandidate(**fields), tuple(options), ignored)

    def _own(self) -> list[Option]:
        """The user's options that are still in the copy."""
        dropped = {(r.file, r.first) for r in self.adapted.replacements if r.text is None}
        return [option for file, option in self.source.all() if (file.inside, option.line) not in dropped]


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
        # One process shows what several would: they are alike.
        found = replace(variant.shape, processes=1)
        adapted = self.draft.adapted.copied()
        for edit in variant.edits:
            adapted.add(Replacement(edit.inside, edit.first, edit.last, edit.text, "the change", ""))
        for place in self.source.all():
            if place[1].key in PROCESSES:
                adapted.put(place, f"{place[1].key} = 1", "one process shows it all")
        _write(bench, label, adapted)
        return replace(
            self.candidate,
            processes=1,
            threads=found.threads,
            options=_options(found, adapted.front),
            loading=found.loading,
        )


def draft(path: Path, wishes: Wishes, label: str) -> UwsgiDraft:
    """Read and adapt a file. Pure but for the reading. Raises ``InputError``."""
    source = read(path, root=wishes.root)
    adapted = adapt(source, wishes.vhost)
    assumed = []
    model = _model(source)
    if wishes.model is None and model:
        wishes = replace(wishes, model=model)
    if not adapted.speaks:
        assumed.append("http-socket: the file names no socket")
    if adapted.front == "proxied":
        assumed.append("httpd with mod_proxy_uwsgi in front of it, as devstack has it")
    return UwsgiDraft(label, adapted, wishes, (*assumed, *assumptions(wishes)))


def _model(source: UwsgiSource) -> str | None:
    """What the file's own environment says of nova's execution model."""
    given = [o.value.partition("=")[2] for _, o in source.all() if o.key == "env" and o.value.startswith(f"{SWITCH}=")]
    return None if not given else ("native" if given[-1].lower() in TRUE else "eventlet")


def _options(found: Shape, front: str) -> tuple[str, ...]:
    chosen = (found.loading, front)
    return tuple(token for token in chosen if token not in ("", "lazy", "direct"))


def _text(source: UwsgiSource) -> str:
    return "\n".join(line for file in source.files for line in file.lines)


def _write(bench: Workbench, label: str, adapted: UwsgiAdapted) -> None:
    bench.write(label, adapted, MAIN, render(f"{COPY}/{label}/files", adapted))
