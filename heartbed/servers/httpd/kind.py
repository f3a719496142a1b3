"""From a user's httpd configuration to a candidate: read, adapted, and understood by httpd."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from heartbed.candidates import subject
from heartbed.candidates.adapted import COPY, Replacement
from heartbed.candidates.change import Change, Variant
from heartbed.candidates.container import Container
from heartbed.candidates.prepared import Kind
from heartbed.candidates.source import SourceFile
from heartbed.candidates.subject import Candidate
from heartbed.candidates.values import can_hold_a_script
from heartbed.candidates.wishes import Wishes
from heartbed.candidates.workbench import Workbench
from heartbed.cells.axes import MPMS
from heartbed.errors import InputError
from heartbed.places import HTTP_PORT
from heartbed.servers.httpd import commands, complaints, dump, hosting, modules
from heartbed.servers.httpd.adapt import HttpdAdapted, adapt, adapted_lines
from heartbed.servers.httpd.draft import HttpdDraft
from heartbed.servers.httpd.frame import Size
from heartbed.servers.httpd.lines import Directive
from heartbed.servers.httpd.mpm import mpm_of
from heartbed.servers.httpd.place import at, place
from heartbed.servers.httpd.prepared import HttpdPrepared
from heartbed.servers.httpd.shape import Application, MisplacedError, Shape, applications, choose, shape
from heartbed.servers.httpd.source import read

MAIN = "httpd.conf"
ENVIRONMENT = """\
# The environment of httpd's own process; SetEnv does not reach it.
# Debian: a line in /etc/apache2/envvars. Red Hat: systemctl edit httpd, under [Service]: Environment=...
"""


class HttpdKind(Kind):
    """Configurations of Apache httpd with mod_wsgi."""

    server: ClassVar[str] = "httpd"
    about_paths: ClassVar[str] = (
        "a WSGIScriptAliasMatch whose pattern matches the whole URL leaves nothing of it to the application; "
        "a rewrite or another handler may be in front of it"
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
        source = read(path, root=wishes.root)
        adapted = adapt(source)
        if not any(d.key.lstrip("<").startswith("wsgi") for _, d in source.all()):
            raise InputError(
                f"{path} has no directive of mod_wsgi: it runs no Python application",
                hint="Heartbed needs at least a WSGIScriptAlias; name the file of the site, or --root for its Includes",
            )
        assumed: list[str] = []
        mpm = mpm_of(adapted, wishes, assumed)
        used = {directive.key for _, directive in source.all() if not directive.name.startswith("</")}
        kept = {key for key in used if not _dropped_everywhere(adapted, key)}
        base: tuple[str, ...] = ("authz_core",) if adapted.own_modules else modules.DISTRIBUTION
        load = () if adapted.own_modules else tuple(modules.load_order(kept, base=base))
        return HttpdDraft(self, label, adapted, wishes, tuple(assumed), mpm, load)

    def prepare(self, draft: HttpdDraft, workbench: Workbench, container: Container) -> HttpdPrepared:
        """Have httpd read the copy, and choose the application. Raises ``InputError``."""
        workbench.write(draft.label, draft.adapted, MAIN, draft.frame(draft.label, draft.mpm, None))
        told = container.run({"read": self.read(f"{COPY}/{draft.label}/{MAIN}")})["read"]
        if not self.accepts(told):
            raise complaints.refused(draft, told.errors)
        root = dump.parse(told.output)
        application = choose(applications(root), draft.wishes.vhost, draft.source.main.shown)
        _check_script(draft, application)
        try:
            found = shape(root, application, draft.mpm)
        except MisplacedError as error:
            raise InputError(f"{at(draft, error.node)}: {error.message}") from None
        _claim_port(draft, root, application)
        workbench.write(draft.label, draft.adapted, MAIN, draft.frame(draft.label, found.mpm, size(found)))
        fields = subject.fields(draft.wishes, draft.label, workbench.folder) | {
            "main": MAIN,
            "server": found.mpm,
            "mode": found.mode,
            "processes": found.processes,
            "threads": found.threads,
            "script": application.script,
            "mount": application.mount,
        }
        return HttpdPrepared(draft, found, Candidate(**fields), root)

    def with_variable(self, draft: HttpdDraft, v: Variant[Any], name: str, value: str) -> Variant[Any]:
        """The variant with a variable in the environment of httpd's process, which is not in the user's file."""
        del draft
        return replace(v, settings=(*v.settings, f"{ENVIRONMENT}{name}={value}"))

    def answers(self, prepared: HttpdPrepared, answer: Mapping[str, Any]) -> None:
        """Raise ``InputError`` unless the application answered with a success."""
        complaints.answers(prepared, answer)

    def hosting(self, prepared: HttpdPrepared) -> list[Change[Shape]]:
        """The MPM, mod_wsgi's mode, its threads."""
        return hosting.hosting(prepared)

    def write(self, prepared: HttpdPrepared, variant: Variant[Shape], label: str, workbench: Workbench) -> Candidate:
        """Write the copy as the variant has it."""
        # One process shows what several would: they are alike.
        found = replace(variant.shape, processes=1)
        workbench.write(label, _edited(prepared, variant), MAIN, prepared.draft.frame(label, found.mpm, size(found)))
        return replace(prepared.candidate, server=found.mpm, mode=found.mode, processes=1, threads=found.threads)


def _dropped_everywhere(adapted: HttpdAdapted, key: str) -> bool:
    """Whether no line of the copy has this directive any more."""
    return all((f.inside, d.first) in adapted.dropped for f, d in adapted.source.all() if d.key == key)


def size(found: Shape) -> Size:
    """The MPM's children: one that runs the application, or enough to pass requests on to daemon processes."""
    if found.mode == "embedded":
        return Size(1, found.threads)
    if found.mpm == "prefork":
        return Size(max(2, found.processes * min(found.threads, 4)), 1)
    return Size(1, 25)


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
        _one_process(adapted, *found)
    return adapted


def _one_process(adapted: HttpdAdapted, file: SourceFile, directive: Directive) -> None:
    before = [r for r in adapted.replacements if (r.file, r.first) == (file.inside, directive.first)]
    text = (before[0].text if before else None) or f"{directive.indent}{directive.name} {directive.arguments}"
    text = re.sub(r"\bprocesses=\d+", "processes=1", text)
    adapted.add(Replacement(file.inside, directive.first, directive.last, text, "one process shows it all", ""))


def _check_script(own: HttpdDraft, application: Application) -> None:
    script, here = application.script, at(own, application.alias)
    if not script.startswith("/"):
        raise InputError(f"{here}: the script {script!r} is not an absolute path: the alias leads nowhere")
    if script.endswith("/") or (application.is_pattern and re.search(r"\$\d", script)):
        raise InputError(f"{here}: with {script} the URL chooses the script", hint="name one script for this check")
    if not can_hold_a_script(script):
        raise InputError(f"{here}: the script cannot lie at {script} in the testbed")


def _claim_port(own: HttpdDraft, root: dump.Node, application: Application) -> None:
    """Give the chosen virtual host the port that is listened on, and take it from the others."""
    for host in root.own("<virtualhost"):
        found = place(own, host)
        if found is None:
            continue
        chosen = host is application.host
        catches_all = any(not address.rpartition(":")[2].isdigit() for address in host.words)
        if not chosen and not catches_all and not any(a.endswith(f":{HTTP_PORT}") for a in host.words):
            continue
        file, directive = found
        address, reason = (
            (f"*:{HTTP_PORT}", "the port that is asked") if chosen else ("*:1", "another virtual host answers")
        )
        text = f"{directive.indent}<VirtualHost {address}>"
        was = f"{directive.indent}<VirtualHost {directive.arguments}>"
        if text != was:
            own.adapted.add(Replacement(file.inside, directive.first, directive.last, text, reason, was))
