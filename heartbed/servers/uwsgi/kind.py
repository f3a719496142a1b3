"""From a user's uWSGI configuration to a candidate: read, adapted, and understood by uWSGI."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from heartbed.candidates import subject
from heartbed.candidates.adapted import COPY, Adapted, Replacement
from heartbed.candidates.change import Change, Variant
from heartbed.candidates.container import Container, Ran
from heartbed.candidates.prepared import Kind
from heartbed.candidates.source import read_lines
from heartbed.candidates.values import MOST_PROCESSES, leading_number
from heartbed.candidates.wishes import Wishes
from heartbed.candidates.workbench import Workbench
from heartbed.errors import InputError
from heartbed.servers.uwsgi import commands, complaints, forms, hosting
from heartbed.servers.uwsgi.adapt import adapt, fewer, reached, run_ours
from heartbed.servers.uwsgi.adapted import UwsgiAdapted
from heartbed.servers.uwsgi.candidate import UwsgiCandidate
from heartbed.servers.uwsgi.draft import NO_NUMBER, UnreadDraft, UwsgiDraft
from heartbed.servers.uwsgi.forms import as_ini, form, said, unread
from heartbed.servers.uwsgi.frame import render
from heartbed.servers.uwsgi.gevents import in_gevents_loop, told_of_patching
from heartbed.servers.uwsgi.ini import Option, last
from heartbed.servers.uwsgi.prepared import UwsgiPrepared
from heartbed.servers.uwsgi.rules import PROCESSES, is_no_number
from heartbed.servers.uwsgi.shape import END, Shape, in_force, itself, known, recycling, shape, strangers
from heartbed.servers.uwsgi.source import UwsgiSource, read

MAIN = "uwsgi.ini"


class UwsgiKind(Kind):
    """Configurations of uWSGI."""

    server: ClassVar[str] = "uWSGI"
    about_paths: ClassVar[str] = "under a mount point uWSGI needs manage-script-name = true"

    keys: ClassVar[tuple[str, ...]] = ("lazy", "preload", "enable-threads", "threads1", "simple-loop")
    stop: ClassVar[str] = "SIGINT"
    """At SIGTERM it begins anew."""

    def read(self, place: str) -> Sequence[str]:
        """Telling what is in force."""
        return commands.read(place)

    def accepts(self, told: Ran) -> bool:
        """Where it has told all of it."""
        return told.ok and END in told.output + told.errors

    def start(self, place: str) -> Sequence[str]:
        """With httpd in front, where the environment says so."""
        return commands.start(place)

    def recognises(self, lines: Sequence[str]) -> bool:
        """An ini file, or one in another language that has uWSGI's section."""
        return bool(form(lines))

    def refuse(self, path: Path, lines: Sequence[str]) -> None:
        """A file in one of uWSGI's languages without its section. Raises ``InputError``."""
        del lines
        forms.refuse(path)

    def draft(self, path: Path, wishes: Wishes, label: str) -> UwsgiDraft | UnreadDraft:
        """Read and adapt a file. Pure but for the reading. Raises ``InputError``."""
        if wishes.mpm:
            raise InputError("--mpm is httpd's, and this is a configuration of uWSGI", hint="leave it out")
        lines = read_lines(path, str(path))
        language = form(lines)
        if language == "ini":
            return self._drafted(read(path, root=wishes.root), wishes, label)
        source = unread(path, lines, wishes.root)
        return UnreadDraft(self, label, Adapted(source), wishes, (said(source.main.shown, language),), language)

    def _drafted(self, source: UwsgiSource, wishes: Wishes, label: str, before: tuple[str, ...] = ()) -> UwsgiDraft:
        adapted = adapt(source, wishes.vhost or wishes.path, wishes.started_with)
        wishes = _with_variables(source, wishes)
        wishes, assumed = in_gevents_loop(adapted, wishes, before)
        if not adapted.speaks:
            assumed.append("http-socket: the file names no socket" + (" that the testbed can ask" * adapted.has_others))
        if adapted.application.place is None:
            assumed.append("the application is named on uWSGI's command line: the file names none")
        if adapted.front == "proxied":
            assumed.append("httpd with mod_proxy_uwsgi in front of it, as devstack has it")
        return UwsgiDraft(self, label, adapted, wishes, tuple(assumed))

    def prepare(self, draft: UwsgiDraft | UnreadDraft, workbench: Workbench, container: Container) -> UwsgiPrepared:
        """Have uWSGI read the copy. Raises ``InputError``."""
        if isinstance(draft, UnreadDraft):
            draft = self._translated(draft, workbench, container)
        options, help_text, server = self._in_force(draft, workbench, container)
        asked = last(options, *PROCESSES)
        if _mounted(draft, options) | _have_fewer(draft, asked):
            options, *_ = self._in_force(draft, workbench, container)
        found = shape(options)
        fields = subject.fields(draft.wishes, draft.label, workbench.folder, draft.wishes.started_with) | {
            "main": MAIN,
            "server": "uwsgi",
            "mode": "",
            "processes": found.processes,
            "threads": found.threads,
            "script": draft.adapted.application.script,
            "mount": draft.adapted.application.mount,
            "options": _options(found, draft.adapted.front),
            "loading": found.loading,
            "recycles": recycling(options),
        }
        ignored = [
            f"{option.key} is no option of the testbed's {server}, which ignores it"
            + (f" (is {near} meant?)" if near else "")
            for option, near in strangers(draft.own(), known(help_text), _text(draft.source))
        ]
        if draft.adapted.needs_master:
            ignored.append(f"{draft.adapted.needs_master} starts uWSGI's master: it is started here too")
        ignored += told_of_patching(options)
        beside = [f"not this, but also here: the application at {each} (--path)" for each in draft.adapted.beside]
        oddities = (*ignored, *draft.undecided(), *beside)
        return UwsgiPrepared(draft, found, UwsgiCandidate(**fields), tuple(options), oddities, asked)

    def _in_force(self, draft: UwsgiDraft, workbench: Workbench, container: Container) -> tuple[list[Option], str, str]:
        """The options that uWSGI has in force, the words in which it says which it has, and what it calls itself.

        Raises ``InputError``.
        """
        _write(workbench, draft.label, draft.adapted)
        asked = {"read": self.read(f"{COPY}/{draft.label}/{MAIN}"), "options": commands.OPTIONS}
        ran = container.run(asked, draft.wishes.started_with)
        text = ran["read"].output + ran["read"].errors
        if not self.accepts(ran["read"]):
            raise complaints.refused(draft, ran["read"])
        return in_force(text), ran["options"].output, itself(text)

    def _translated(self, draft: UnreadDraft, workbench: Workbench, container: Container) -> UwsgiDraft:
        """Have uWSGI say what it reads of a file in another language. Raises ``InputError``."""
        main = f"uwsgi.{draft.form}"
        source = draft.adapted.source
        workbench.write(draft.label, draft.adapted, main, "\n".join(source.main.lines))
        asked = {"read": commands.read_as_it_is(f"{COPY}/{draft.label}/{main}")}
        ran = container.run(asked, draft.wishes.started_with)["read"]
        text = ran.output + ran.errors
        assumed = draft.assumed
        if END in text:
            found = as_ini(source, text)
            assumed += forms.told_of_lists(source.main.lines, text) if draft.form == "yaml" else ()
            assumed += (forms.APPS,) if forms.has_apps(source.main.lines) else ()
        else:
            forms.refuse_includes(source)
            if draft.form != "yaml":
                raise complaints.refused(draft, ran)
            found = forms.as_plain_yaml(source)
            assumed += (forms.PLAIN,)
        return self._drafted(found, draft.wishes, draft.label, assumed)

    def with_variable(self, draft: UwsgiDraft, v: Variant[Any], name: str, value: str) -> Variant[Any]:
        """The variant with a variable in the environment of the application: uWSGI itself sets it."""
        return hosting.with_variable(v, draft.source, name, value)

    def answers(self, prepared: UwsgiPrepared, answer: Mapping[str, Any]) -> None:
        """Raise ``InputError`` unless the application answered with a success."""
        complaints.answers(prepared, answer)

    def hosting(self, prepared: UwsgiPrepared) -> list[Change[Shape]]:
        """Its threads, and when it loads the application."""
        return hosting.hosting(prepared)

    def write(
        self, prepared: UwsgiPrepared, variant: Variant[Shape], label: str, workbench: Workbench
    ) -> UwsgiCandidate:
        """Write the copy as the variant has it."""
        # One process shows what several would: they are alike, unless the first has loaded what the others got from it.
        alike = variant.shape.master or variant.shape.lazy
        found = replace(variant.shape, processes=1) if alike else variant.shape
        adapted = prepared.draft.adapted.copied()
        for edit in variant.edits:
            adapted.add(Replacement(edit.inside, edit.first, edit.last, edit.text, "the change", ""))
        for place in prepared.source.all():
            if place[1].key in PROCESSES:
                adapted.put(place, f"{place[1].key} = {found.processes}", "as many processes as show it all")
        _write(workbench, label, adapted)
        return replace(
            prepared.candidate,
            processes=found.processes,
            threads=found.threads,
            options=_options(found, adapted.front),
            loading=found.loading,
        )


def _mounted(draft: UwsgiDraft, options: list[Option]) -> bool:
    """Whether uWSGI had to say where the application is mounted: it stands behind a variable. Raises ``InputError``."""
    application = draft.adapted.application
    if application.is_open:
        draft.adapted.application = application.resolved(options)
        run_ours(draft.adapted, reached(draft.source, draft.wishes.started_with))
    return application.is_open


def _have_fewer(draft: UwsgiDraft, asked: Option | None) -> bool:
    """Whether the number of processes had to be lowered, where it stands behind a variable."""
    number = leading_number(asked.value) if asked else 1
    if number is not None and 0 < number <= MOST_PROCESSES:
        return False
    # A variable that is not set here is no number to uWSGI, which would start no process.
    why = f"{number} here; " if number else "the container has no such variable of yours: "
    for place in draft.source.all():
        if place[1].key in PROCESSES and leading_number(place[1].value) is None:
            fewer(draft.adapted, place, NO_NUMBER if is_no_number(place[1]) else why)
    return True


def _with_variables(source: UwsgiSource, wishes: Wishes) -> Wishes:
    """The wishes with what the file's own ``env`` lines say, where the user has said nothing else beside the file."""
    given = dict(o.value.partition("=")[::2] for _, o in source.all() if o.key == "env")
    variables = {name.strip(): value.strip() for name, value in given.items()}
    return wishes.with_variables("--define", wishes.started_with).with_variables(source.main.shown, variables)


def _options(found: Shape, front: str) -> tuple[str, ...]:
    chosen = (found.loading, front, found.loop)
    return tuple(token for token in chosen if token not in ("", "lazy", "direct", "simple"))


def _text(source: UwsgiSource) -> str:
    return "\n".join(line for file in source.files for line in file.lines)


def _write(workbench: Workbench, label: str, adapted: UwsgiAdapted) -> None:
    workbench.write(label, adapted, MAIN, render(f"{COPY}/{label}/files", adapted))
