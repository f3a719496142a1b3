"""From a user's httpd configuration to a candidate: read, adapted, and understood by httpd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from heartbed.candidates import subject
from heartbed.candidates.adapted import COPY, Replacement
from heartbed.candidates.change import Change, Variant
from heartbed.candidates.container import Container
from heartbed.candidates.prepared import Kind
from heartbed.candidates.subject import Candidate
from heartbed.candidates.wishes import Wishes
from heartbed.candidates.workbench import Workbench
from heartbed.cells.axes import MPMS
from heartbed.errors import InputError
from heartbed.places import HTTP_PORT
from heartbed.servers.httpd import commands, complaints, dump, express, hosting, loading, modules
from heartbed.servers.httpd.adapt import HttpdAdapted, adapt, adapted_lines
from heartbed.servers.httpd.applications import applications, handlers
from heartbed.servers.httpd.choice import choose, others
from heartbed.servers.httpd.daemons import one_process, others_small
from heartbed.servers.httpd.draft import HttpdDraft
from heartbed.servers.httpd.findings import findings
from heartbed.servers.httpd.inquiry import MAIN, InForce, addressed, ask, without_effect
from heartbed.servers.httpd.mpm import mpm_of
from heartbed.servers.httpd.prepared import HttpdPrepared
from heartbed.servers.httpd.shape import Shape, recycling, shape
from heartbed.servers.httpd.source import read

ENVIRONMENT = """\
# The environment of httpd's own process; SetEnv does not reach it.
# Debian, a line in /etc/apache2/envvars:
export {setting}
# Red Hat, systemctl edit httpd:
[Service]
Environment={setting}"""
"""Debian's apache2ctl reads envvars as a shell does: without ``export`` httpd is not given the variable."""


class HttpdKind(Kind):
    """Configurations of Apache httpd with mod_wsgi."""

    server: ClassVar[str] = "httpd"
    about_paths: ClassVar[str] = (
        "a rewrite or another handler may be in front of it, or a pattern that leaves it a part of its path only"
    )

    keys: ClassVar[tuple[str, ...]] = (*MPMS, "embedded", "daemon", "threads1")
    last: ClassVar[bool] = True

    def check(self, place: str) -> Sequence[str]:
        """Without telling what is in force."""
        return commands.check(place)

    def read(self, place: str) -> Sequence[str]:
        """Telling what is in force."""
        return commands.read(place)

    def start(self, place: str) -> Sequence[str]:
        """Httpd in the foreground."""
        return commands.start(place)

    def recognises(self, lines: Sequence[str]) -> bool:
        """Whatever no other kind recognises is taken for httpd's, which says what is wrong with it."""
        del lines
        return True

    def draft(self, path: Path, wishes: Wishes, label: str) -> HttpdDraft:
        """Read and adapt a file. Pure but for the reading. Raises ``InputError``."""
        source = read(path, root=wishes.root, defines=wishes.defines)
        adapted = adapt(source, own_application=wishes.own is not None)
        if not any(d.key.lstrip("<").startswith("wsgi") or "wsgi-script" in d.words for _, d in source.all()):
            raise InputError(
                f"{path} has no directive of mod_wsgi: it runs no Python application",
                log=adapted.notes,
                hint="Heartbed needs at least a WSGIScriptAlias; name the file of the site, or --root for its Includes",
            )
        assumed: list[str] = []
        mpm = mpm_of(adapted, wishes, assumed)
        assumed += _from_express(path)
        used = {directive.key for _, directive in source.all() if not directive.name.startswith("</")}
        kept = {key for key in used if not _dropped_everywhere(adapted, key)}
        asked = () if adapted.whole else loading.asked_for(source)
        assumed += [f"mod_{name} is loaded: the application stands in an <IfModule> of it" for name in asked]
        load = () if adapted.whole else tuple(modules.load_order(kept, base=(*modules.DISTRIBUTION, *asked)))
        base = ("authz_core",) if adapted.whole else ()
        return HttpdDraft(self, label, adapted, wishes, tuple(assumed), mpm, (*base, *load))

    def prepare(self, draft: HttpdDraft, workbench: Workbench, container: Container) -> HttpdPrepared:
        """Have httpd read the copy, and ask it for the applications in it. Raises ``InputError``."""
        placed = replace(container, mounts=subject.placeholders(draft.adapted.folders))
        workbench.write(draft.label, draft.adapted, MAIN, draft.frame(draft.label, draft.mpm))
        told = placed.run({"read": self.read(f"{COPY}/{draft.label}/{MAIN}")})["read"]
        if not self.accepts(told):
            raise complaints.refused(draft, told.errors)
        root = dump.parse(told.output)
        found = applications(root, draft.wishes.path)
        complaints.covered(draft, root, found)
        asked, log = ask(draft, workbench, placed, root, found)
        if not any(each.in_force for each in asked if each.application.by_handler):
            asked = [each for each in asked if not each.application.by_handler]
        if not asked:
            raise complaints.not_covered(draft, handlers(root)[0])
        chosen = choose(asked, draft.wishes.vhost, draft.wishes.path, draft.source.main.shown)
        in_force = complaints.answered(draft, root, chosen, log)
        used = [each.in_force.group for each in asked if each.in_force]
        made = shape(root, chosen.application, draft.mpm, in_force, used)
        prepared = self._prepared(draft, workbench, root, in_force, made)
        return replace(prepared, found=findings(prepared, dump.unset(told.errors), others(chosen, asked)))

    def _prepared(
        self, draft: HttpdDraft, workbench: Workbench, root: dump.Node, in_force: InForce, made: Shape
    ) -> HttpdPrepared:
        """The candidate, written down ready to run."""
        host = made.application.host
        adapted = addressed(draft, root, {id(host): HTTP_PORT} if host else {})
        if in_force.interpreter:
            adapted = adapted.in_main_interpreter()
        others_small(adapted, draft, root, made)
        ready = replace(draft, adapted=adapted)
        fields = subject.fields(draft.wishes, draft.label, workbench.folder) | {
            "main": MAIN,
            "server": made.mpm,
            "mode": made.mode,
            "processes": made.processes,
            "threads": made.threads,
            "script": in_force.script,
            "mount": in_force.mount,
            "headers": tuple(in_force.headers.items()),
            "whole_urls": in_force.by_handler or in_force.told_whole,
            "has_root": in_force.has_root,
            "folders": tuple(adapted.folders),
            "recycles": recycling(root, made),
        }
        prepared = HttpdPrepared(ready, made, Candidate(**fields), root, in_force)
        workbench.write(draft.label, adapted, MAIN, prepared.frame(draft.label, made))
        return prepared

    def with_variable(self, draft: HttpdDraft, v: Variant[Any], name: str, value: str) -> Variant[Any]:
        """The variant with a variable in the environment of httpd's process, which is not in the user's file."""
        del draft
        return replace(v, settings=(*v.settings, ENVIRONMENT.format(setting=f"{name}={value}")))

    def answers(self, prepared: HttpdPrepared, answer: Mapping[str, Any]) -> None:
        """Raise ``InputError`` unless the application answered with a success."""
        complaints.answers(prepared, answer)

    def without_effect(
        self, prepared: HttpdPrepared, changed: Sequence[Candidate], container: Container
    ) -> Mapping[str, str]:
        """Those that are still in the mode, or have the threads, that they were to leave."""
        return without_effect(prepared, changed, container)

    def hosting(self, prepared: HttpdPrepared) -> list[Change[Shape]]:
        """The MPM, mod_wsgi's mode, its threads."""
        return hosting.hosting(prepared)

    def write(self, prepared: HttpdPrepared, variant: Variant[Shape], label: str, workbench: Workbench) -> Candidate:
        """Write the copy as the variant has it."""
        # One process shows what several would: they are alike.
        found = replace(variant.shape, processes=1)
        workbench.write(label, _edited(prepared, variant), MAIN, prepared.frame(label, found))
        return replace(
            prepared.candidate,
            server=found.mpm,
            mode=found.mode,
            processes=1,
            threads=found.threads,
            recycles=recycling(prepared.root, found),
        )


def _from_express(path: Path) -> list[str]:
    """What is said of variables that were found beside the file."""
    found = sorted(express.defines(path))
    return [f"started with {' '.join(f'-D{name}' for name in found)}, as the apachectl beside it does"] if found else []


def _dropped_everywhere(adapted: HttpdAdapted, key: str) -> bool:
    """Whether no line of the copy has this directive any more."""
    return all((f.inside, d.first) in adapted.dropped for f, d in adapted.source.all() if d.key == key)


def _edited(prepared: HttpdPrepared, variant: Variant[Shape]) -> HttpdAdapted:
    """The copy with the edits in it, under the rules that hold for the user's own lines."""
    adapted = prepared.draft.adapted.copied()
    for edit in variant.edits:
        text = adapted_lines(edit.text)
        adapted.add(Replacement(edit.inside, edit.first, edit.last, text, "the change", ""))
    mpm = variant.shape.mpm
    if mpm != prepared.shape.mpm:
        for file, d in adapted.source.all():
            if not d.name.startswith("<") and not modules.belongs_to_mpm(d.key, mpm):
                was = f"{d.name} {d.arguments}"
                adapted.add(Replacement(file.inside, d.first, d.last, None, "of another MPM", was))
    found = prepared.place(variant.shape.daemon) if variant.shape.daemon else None
    if found:
        one_process(adapted, *found)
    return adapted
