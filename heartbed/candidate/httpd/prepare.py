"""From a user's httpd configuration to a candidate: read, adapted, and understood by httpd."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from heartbed.candidate import subject
from heartbed.candidate.adapted import Replacement
from heartbed.candidate.changes import Change, Variant
from heartbed.candidate.container import Container
from heartbed.candidate.httpd import complaints, dump, hosting, modules, seen
from heartbed.candidate.httpd.adapt import HttpdAdapted, adapt, adapted_lines
from heartbed.candidate.httpd.frame import Size, render
from heartbed.candidate.httpd.lines import Directive, expand
from heartbed.candidate.httpd.mpm import mpm_of
from heartbed.candidate.httpd.place import at, files, place
from heartbed.candidate.httpd.shape import Application, MisplacedError, Shape, applications, choose, shape
from heartbed.candidate.httpd.source import HttpdSource, read
from heartbed.candidate.prepared import Draft, Prepared
from heartbed.candidate.source import SourceFile
from heartbed.candidate.subject import Candidate
from heartbed.candidate.values import can_hold_a_script
from heartbed.candidate.wishes import Wishes, assumptions
from heartbed.candidate.workbench import Workbench
from heartbed.cell import Cell
from heartbed.errors import InputError
from heartbed.plan import HTTP_PORT
from heartbed.wording import count

MAIN = "httpd.conf"
ENVIRONMENT = """\
# The environment of httpd's own process; SetEnv does not reach it.
# Debian: a line in /etc/apache2/envvars. Red Hat: systemctl edit httpd, under [Service]: Environment=...
"""


@dataclass(frozen=True)
class HttpdDraft(Draft):
    """A configuration of httpd's, with its MPM and the modules that the testbed loads for it."""

    adapted: HttpdAdapted
    mpm: str
    load: tuple[str, ...]

    server: ClassVar[str] = "httpd"
    about_paths: ClassVar[str] = (
        "a WSGIScriptAliasMatch whose pattern matches the whole URL leaves nothing of it to the application; "
        "a rewrite or another handler may be in front of it"
    )

    @property
    def cell(self) -> Cell:
        """A cell whose image can read the file."""
        return self.wishes.cell

    @property
    def source(self) -> HttpdSource:
        """The user's files."""
        return self.adapted.source

    def with_variable(self, v: Variant[Any], name: str, value: str) -> Variant[Any]:
        """The variant with a variable in the environment of httpd's process, which is not in the user's file."""
        return replace(v, settings=(*v.settings, f"{ENVIRONMENT}{name}={value}"))

    def frame(self, label: str, mpm: str, fixed: Size | None) -> str:
        """The main file of a copy; with ``fixed`` also the size of the MPM."""
        return render(label, self.source.main.inside, mpm, self.load, fixed)

    def prepare(self, bench: Workbench, container: Container) -> HttpdPrepared:
        """Have httpd read the copy, and choose the application. Raises ``InputError``."""
        bench.write(self.label, self.adapted, MAIN, self.frame(self.label, self.mpm, None))
        told = container.read(f"{self.label}/{MAIN}")
        if not told.ok:
            raise complaints.refused(self, told.stderr)
        root = dump.parse(told.output)
        application = choose(applications(root), self.wishes.vhost, self.source.main.shown)
        _check_script(self, application)
        try:
            found = shape(root, application, self.mpm)
        except MisplacedError as error:
            raise InputError(f"{at(self, error.node)}: {error.message}") from None
        _claim_port(self, root, application)
        bench.write(self.label, self.adapted, MAIN, self.frame(self.label, found.mpm, size(found)))
        fields = subject.fields(self, bench.folder) | {
            "server": found.mpm,
            "mode": found.mode,
            "processes": found.processes,
            "threads": found.threads,
            "script": application.script,
            "mount": application.mount,
        }
        return HttpdPrepared(self, found, Candidate(**fields), root)


@dataclass(frozen=True)
class HttpdPrepared(Prepared[Shape]):
    """A candidate that httpd accepts. ``root`` is the configuration that it has in force."""

    draft: HttpdDraft
    root: dump.Node

    @property
    def source(self) -> HttpdSource:
        """The user's files."""
        return self.draft.source

    def place(self, node: dump.Node) -> tuple[SourceFile, Directive] | None:
        """The directive of the user's that a node of httpd's tree comes from."""
        return place(self.draft, node)

    @property
    def rows(self) -> Mapping[str, str]:
        """What the configuration is, in words."""
        own, found = self.candidate, self.shape
        where = f"daemon process group {found.group}" if found.mode == "daemon" else "embedded in httpd's children"
        size = f"{count(own.process_count, 'process', 'es')}, {count(own.thread_count, 'thread')} each"
        return {
            "MPM": own.server,
            "mod_wsgi": f"{where}: {size}",
            "answers": f"{found.application.told}, {own.mount or '/'} -> {own.script}",
        }

    @property
    def settings(self) -> Mapping[str, str]:
        """The telling directives in force, with the number of processes as the user's file has it."""
        daemon = self.place(self.shape.daemon) if self.shape.daemon else None
        words = [expand(word, self.source.variables) for word in daemon[1].words] if daemon else []
        asked = dict(word.partition("=")[::2] for word in words)
        found = {"processes": asked["processes"]} if "processes" in asked else {}
        own = f"{files(self.label)}/"
        return found | seen.settings(self.root, self.shape.application, own) | seen.daemon_options(words)

    def answers(self, answer: Mapping[str, Any]) -> None:
        """Raise ``InputError`` unless the application answered with a success."""
        complaints.answers(self, answer)

    def hosting(self) -> list[Change[Shape]]:
        """The MPM, mod_wsgi's mode, its threads."""
        return hosting.hosting(self)

    def write(self, variant: Variant[Shape], label: str, bench: Workbench) -> Candidate:
        """Write the copy as the variant has it."""
        # One process shows what several would: they are alike.
        found = replace(variant.shape, processes=1)
        bench.write(label, _edited(self, variant), MAIN, self.draft.frame(label, found.mpm, size(found)))
        return replace(self.candidate, server=found.mpm, mode=found.mode, processes=1, threads=found.threads)


def draft(path: Path, wishes: Wishes, label: str) -> HttpdDraft:
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
    assumed += assumptions(wishes)
    used = {directive.key for _, directive in source.all() if not directive.name.startswith("</")}
    kept = {key for key in used if not _dropped_everywhere(adapted, key)}
    base: tuple[str, ...] = ("authz_core",) if adapted.own_modules else modules.DISTRIBUTION
    load = () if adapted.own_modules else tuple(modules.load_order(kept, base=base))
    return HttpdDraft(label, adapted, wishes, tuple(assumed), mpm, load)


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
