"""From a user's file to a candidate: read, adapted, understood by httpd, and answering."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from heartbed.axes import DEFAULT_OSLO
from heartbed.candidate import dump, modules
from heartbed.candidate.adapt import COPY, Adapted, Replacement, adapt
from heartbed.candidate.frame import Size
from heartbed.candidate.httpd import Container
from heartbed.candidate.lines import Directive
from heartbed.candidate.oslo_config import OsloConfig
from heartbed.candidate.shape import Application, MisplacedError, Shape, applications, choose, shape
from heartbed.candidate.source import Source, SourceFile, read, where
from heartbed.candidate.subject import Candidate, OwnApplication
from heartbed.candidate.workbench import Workbench
from heartbed.errors import InputError
from heartbed.plan import HTTP_PORT

DEFAULT_MPM = "event"
"""What Debian's and Red Hat's httpd loads unless told otherwise."""

MAIN = "httpd.conf"
THREADED_ONLY = frozenset({"threadsperchild", "threadlimit", "maxsparethreads", "minsparethreads"})
PREFORK_ONLY = frozenset({"minspareservers", "maxspareservers"})
NOT_A_NAME = re.compile(r"[^A-Za-z0-9_.]+")
FORBIDDEN = ("/opt/heartbed/", "/run/heartbed/", "/proc/", "/sys/", "/dev/")
"""Where no script can be put in the container."""


@dataclass(frozen=True)
class Wishes:
    """What the user says beside the file; None where it is left to Heartbed, which then says what it assumes."""

    model: str | None = None
    pthread: bool | None = None
    oslo: str | None = None
    mpm: str | None = None
    vhost: str | None = None
    root: Path | None = None
    heartbeat_s: int = 2
    options: Mapping[str, str] = field(default_factory=dict)
    """oslo.config's options from the user's nova.conf, as variables of the environment."""
    switched_off: bool = False
    """Whether that nova.conf switches heartbeats off."""
    oslo_config: OsloConfig | None = None
    own: OwnApplication | None = None
    requirements: Path | None = None
    notes: tuple[str, ...] = ()
    """What is to be said of that nova.conf."""


@dataclass(frozen=True)
class Draft:
    """A user's file, read and adapted. Nothing has been started for it."""

    label: str
    adapted: Adapted
    mpm: str
    load: tuple[str, ...]
    wishes: Wishes
    assumptions: tuple[str, ...]

    @property
    def oslo(self) -> str:
        """The version of oslo.messaging that it is to run with."""
        return self.wishes.oslo or DEFAULT_OSLO

    @property
    def source(self) -> Source:
        """The user's files."""
        return self.adapted.source


@dataclass(frozen=True)
class Prepared:
    """A candidate that httpd accepts and whose application answers."""

    draft: Draft
    shape: Shape
    candidate: Candidate
    root: dump.Node
    """The configuration that httpd has in force."""

    @property
    def label(self) -> str:
        """What the candidate is called."""
        return self.draft.label

    def place(self, node: dump.Node) -> tuple[SourceFile, Directive] | None:
        """The directive of the user's that a node of httpd's tree comes from."""
        return _place(self.draft, node)


def draft(path: Path, wishes: Wishes, *, label: str | None = None) -> Draft:
    """Read and adapt a file. Pure but for the reading. Raises ``InputError``."""
    source = read(path, root=wishes.root)
    adapted = adapt(source)
    if not any(d.key.lstrip("<").startswith("wsgi") for _, d in source.all()):
        raise InputError(
            f"{path} has no directive of mod_wsgi: it runs no Python application",
            hint="Heartbed needs at least a WSGIScriptAlias; name the file of the site, or --root for its Includes",
        )
    assumed: list[str] = []
    mpm = _mpm(adapted, wishes, assumed)
    assumed += _assumed(wishes)
    used = {directive.key for _, directive in source.all() if not directive.name.startswith("</")}
    kept = {key for key in used if not _dropped_everywhere(adapted, key)}
    base: tuple[str, ...] = ("authz_core",) if adapted.own_modules else modules.DISTRIBUTION
    load = () if adapted.own_modules else tuple(modules.load_order(kept, base=base))
    return Draft(label or NOT_A_NAME.sub("-", path.name), adapted, mpm, load, wishes, tuple(assumed))


def _dropped_everywhere(adapted: Adapted, key: str) -> bool:
    """Whether no line of the copy has this directive any more."""
    dropped = {(r.file, r.first) for r in adapted.replacements if r.text is None}
    return all((f.inside, d.first) in dropped for f, d in adapted.source.all() if d.key == key)


def _mpm(adapted: Adapted, wishes: Wishes, assumed: list[str]) -> str:
    if wishes.mpm:
        return wishes.mpm
    if adapted.mpm:
        return adapted.mpm
    used = {d.key for _, d in adapted.source.all() if not any(w.startswith("if") for w in d.within)}
    if used & PREFORK_ONLY:
        assumed.append("MPM prefork: the file loads none, and sizes prefork (--mpm says otherwise)")
        return "prefork"
    if used & THREADED_ONLY:
        assumed.append("MPM event: the file loads none, and sizes threads (--mpm says otherwise)")
        return DEFAULT_MPM
    assumed.append(f"MPM {DEFAULT_MPM}: the file loads none, and this is Debian's and Red Hat's (--mpm says otherwise)")
    return DEFAULT_MPM


def _assumed(wishes: Wishes) -> list[str]:
    found = []
    if wishes.model is None:
        found.append("execution model eventlet, as nova up to 2025.2 (--model native for later ones)")
    if wishes.oslo is None:
        found.append(f"oslo.messaging {DEFAULT_OSLO}, the last series with heartbeat_in_pthread (--oslo VERSION)")
    if wishes.pthread is None and wishes.model != "native" and not _has_pthread(wishes):
        found.append("heartbeat_in_pthread = false, the library's default (--pthread, or --oslo-config nova.conf)")
    if not wishes.switched_off:
        found.append(
            f"a heartbeat timeout of {wishes.heartbeat_s} s, so that the answer comes soon; "
            "oslo.messaging's default is 60 (--heartbeat)"
        )
    found += wishes.notes
    if wishes.own is None:
        found.append("Heartbed's own nova-api-like application where the script would be (--app)")
    elif wishes.own.opening == "GET /":
        found.append("GET / makes your application use the broker (--open)")
    return found


PTHREAD = "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD"


def _has_pthread(wishes: Wishes) -> bool:
    return PTHREAD in wishes.options


def prepare(draft: Draft, bench: Workbench, container: Container) -> Prepared:
    """Have httpd read the copy, choose the application, and see that it answers. Raises ``InputError``."""
    bench.write(draft.label, draft.adapted, draft.mpm, draft.load, None)
    told = container.read(f"{draft.label}/{MAIN}")
    if not told.ok:
        raise _refused(draft, told.stderr)
    root = dump.parse(told.output)
    application = choose(applications(root), draft.wishes.vhost, draft.source.main.shown)
    _check_script(draft, application)
    try:
        found = shape(root, application, draft.mpm)
    except MisplacedError as error:
        raise InputError(f"{_at(draft, error.node)}: {error.message}") from None
    _claim_port(draft, root, application)
    return Prepared(draft, found, candidate(draft, found, bench), root)


def candidate(draft: Draft, found: Shape, bench: Workbench, **changes: Any) -> Candidate:
    """Write the copy, and the candidate that runs it."""
    bench.write(draft.label, draft.adapted, found.mpm, draft.load, size(found))
    wishes = draft.wishes
    pthread = wishes.options.get(PTHREAD, "").lower() == "true" if wishes.pthread is None else wishes.pthread
    made = Candidate(
        server=found.mpm,
        mode=found.mode,
        model=wishes.model or "eventlet",
        thread="pthread" if pthread and wishes.model != "native" else "green",
        oslo=draft.oslo,
        processes=found.processes,
        threads=found.threads,
        heartbeat_s=0 if wishes.switched_off else None,
        label=draft.label,
        folder=bench.folder,
        script=found.application.script,
        mount=found.application.mount,
        own=wishes.own,
        environment=tuple(sorted((k, v) for k, v in wishes.options.items() if k != PTHREAD)),
    )
    return replace(made, **changes)


def size(found: Shape) -> Size:
    """The MPM's children: one that runs the application, or enough to pass requests on to daemon processes."""
    if found.mode == "embedded":
        return Size(1, found.threads)
    if found.mpm == "prefork":
        return Size(max(2, found.processes * min(found.threads, 4)), 1)
    return Size(1, 25)


def answers(prepared: Prepared, answer: Mapping[str, Any]) -> None:
    """Raise ``InputError`` unless the application answered ``GET`` at its root with a success."""
    status, text = answer["status"], str(answer["text"])
    if status is not None and status < 300:
        return
    draft, alias = prepared.draft, prepared.shape.application.alias
    at = _at(draft, alias)
    if status is None:
        raise InputError(f"{at}: httpd starts on it but does not answer: {text}", log=_telling(answer["log"]))
    if 300 <= status < 400:
        raise InputError(
            f"{at}: GET {prepared.candidate.mount}/ is answered with a redirection ({status}, {text})",
            hint="choose the virtual host that runs the application with --vhost",
        )
    log = _telling(answer["log"])
    if status >= 500 and draft.wishes.own:
        raise InputError(
            f"{draft.wishes.own.script}: the application answers {status}: it did not start",
            log=log,
            hint="its traceback is above; it may want a database, a file or a package that is not here "
            "(--requirements; what lies in its own folder is seen)",
        )
    if any("subinterpreters" in line for line in log):
        raise InputError(
            f"{at}: the application cannot be imported: no WSGIApplicationGroup %{{GLOBAL}} is in force for it",
            log=log[-1:],
            hint="without it mod_wsgi makes a sub-interpreter, which extension modules (bcrypt, cryptography) refuse; "
            "nova imports them too",
        )
    reasons = {
        403: "access is denied",
        404: "nothing is there, or the script has no such callable",
        401: "it asks for a login",
    }
    reason = reasons.get(status, "the application or its set-up failed")
    raise InputError(
        f"{at}: httpd starts on it, but GET {prepared.candidate.mount}/ is answered with {status}: {reason}",
        log=log,
        hint="what httpd logged is above",
    )


def _telling(log: Sequence[str]) -> list[str]:
    """The lines of httpd's log that are about an error, else the last ones."""
    errors = [line for line in log if re.search(r"error\]|:crit|:emerg|Traceback|Error", line)]
    return [line[:300] for line in (errors or log)][-8:]


def _refused(draft: Draft, stderr: str) -> InputError:
    said = dump.complaint(stderr)
    place = _file_of(draft, said.file)
    hint = "this is what httpd says of it"
    if found := re.search(r"Invalid command '([^']+)'", said.text):
        owners = modules.owners().get(found[1].lower(), ())
        if owners and all(owner.startswith("mpm_") for owner in owners):
            hint = f"{found[1]} belongs to the MPM {owners[0].removeprefix('mpm_')}, and this is {draft.mpm}: --mpm"
        elif owners:
            hint = f"{found[1]} is of mod_{owners[0]}, which the file does not load"
    if place and said.line:
        return InputError(f"{where(place, said.line)}: {said.text}", hint=hint)
    return InputError(f"{draft.source.main.shown}: {said.text}", hint=hint)


def _file_of(draft: Draft, path: str | None) -> SourceFile | None:
    inside = (path or "").removeprefix(f"{COPY}/{draft.label}/files/")
    return draft.source.file(inside) if inside != path else None


def _place(draft: Draft, node: dump.Node) -> tuple[SourceFile, Directive] | None:
    file = _file_of(draft, node.file)
    if file is None:
        return None
    found = next((d for d in file.directives() if d.first <= node.line <= d.last), None)
    return (file, found) if found else None


def _at(draft: Draft, node: dump.Node) -> str:
    place = _place(draft, node)
    return where(place[0], place[1].first) if place else draft.source.main.shown


def _check_script(draft: Draft, application: Application) -> None:
    script, at = application.script, _at(draft, application.alias)
    if application.alias.name == "wsgiscriptaliasmatch":
        raise InputError(f"{at}: WSGIScriptAliasMatch is not understood", hint="use WSGIScriptAlias for this check")
    if not script.startswith("/"):
        raise InputError(f"{at}: the script {script!r} is not an absolute path: the alias leads nowhere")
    if script.endswith("/"):
        raise InputError(f"{at}: {script} is a folder, and the URL chooses the script", hint="name the script")
    if script.startswith(FORBIDDEN) or "/../" in script:
        raise InputError(f"{at}: the script cannot lie at {script} in the testbed")


def _claim_port(draft: Draft, root: dump.Node, application: Application) -> None:
    """Give the chosen virtual host the port that is listened on, and take it from the others."""
    for host in root.own("<virtualhost"):
        place = _place(draft, host)
        if place is None:
            continue
        chosen = host is application.host
        catches_all = any(not address.rpartition(":")[2].isdigit() for address in host.words)
        if not chosen and not catches_all and not any(a.endswith(f":{HTTP_PORT}") for a in host.words):
            continue
        file, directive = place
        address, reason = (
            (f"*:{HTTP_PORT}", "the port that is asked") if chosen else ("*:1", "another virtual host answers")
        )
        text = f"{directive.indent}<VirtualHost {address}>"
        was = f"{directive.indent}<VirtualHost {directive.arguments}>"
        if text != was:
            draft.adapted.add(Replacement(file.inside, directive.first, directive.last, text, reason, was))
