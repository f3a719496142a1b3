"""From a user's file to a candidate: read, adapted, understood by httpd, and answering."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from heartbed.candidate import dump, modules
from heartbed.candidate.adapt import Adapted, Replacement, adapt
from heartbed.candidate.complaints import refused
from heartbed.candidate.frame import Size
from heartbed.candidate.httpd import Container
from heartbed.candidate.prepared import Draft, Prepared, at, place
from heartbed.candidate.shape import Application, MisplacedError, Shape, applications, choose, shape
from heartbed.candidate.source import read
from heartbed.candidate.subject import Candidate
from heartbed.candidate.wishes import PTHREAD, Wishes, assumptions, mpm_of
from heartbed.candidate.workbench import Workbench
from heartbed.errors import InputError
from heartbed.plan import HTTP_PORT

MAIN = "httpd.conf"
NOT_A_NAME = re.compile(r"[^A-Za-z0-9_.]+")
FORBIDDEN = ("/opt/heartbed/", "/run/heartbed/", "/proc/", "/sys/", "/dev/")
"""Where no script can be put in the container."""


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
    mpm = mpm_of(adapted, wishes, assumed)
    assumed += assumptions(wishes)
    used = {directive.key for _, directive in source.all() if not directive.name.startswith("</")}
    kept = {key for key in used if not _dropped_everywhere(adapted, key)}
    base: tuple[str, ...] = ("authz_core",) if adapted.own_modules else modules.DISTRIBUTION
    load = () if adapted.own_modules else tuple(modules.load_order(kept, base=base))
    return Draft(label or NOT_A_NAME.sub("-", path.name), adapted, mpm, load, wishes, tuple(assumed))


def _dropped_everywhere(adapted: Adapted, key: str) -> bool:
    """Whether no line of the copy has this directive any more."""
    dropped = {(r.file, r.first) for r in adapted.replacements if r.text is None}
    return all((f.inside, d.first) in dropped for f, d in adapted.source.all() if d.key == key)


def prepare(draft: Draft, bench: Workbench, container: Container) -> Prepared:
    """Have httpd read the copy, choose the application, and see that it answers. Raises ``InputError``."""
    bench.write(draft.label, draft.adapted, draft.mpm, draft.load, None)
    told = container.read(f"{draft.label}/{MAIN}")
    if not told.ok:
        raise refused(draft, told.stderr)
    root = dump.parse(told.output)
    application = choose(applications(root), draft.wishes.vhost, draft.source.main.shown)
    _check_script(draft, application)
    try:
        found = shape(root, application, draft.mpm)
    except MisplacedError as error:
        raise InputError(f"{at(draft, error.node)}: {error.message}") from None
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


def _check_script(draft: Draft, application: Application) -> None:
    script, here = application.script, at(draft, application.alias)
    if application.alias.name == "wsgiscriptaliasmatch":
        raise InputError(f"{here}: WSGIScriptAliasMatch is not understood", hint="use WSGIScriptAlias for this check")
    if not script.startswith("/"):
        raise InputError(f"{here}: the script {script!r} is not an absolute path: the alias leads nowhere")
    if script.endswith("/"):
        raise InputError(f"{here}: {script} is a folder, and the URL chooses the script", hint="name the script")
    if script.startswith(FORBIDDEN) or "/../" in script:
        raise InputError(f"{here}: the script cannot lie at {script} in the testbed")


def _claim_port(draft: Draft, root: dump.Node, application: Application) -> None:
    """Give the chosen virtual host the port that is listened on, and take it from the others."""
    for host in root.own("<virtualhost"):
        found = place(draft, host)
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
            draft.adapted.add(Replacement(file.inside, directive.first, directive.last, text, reason, was))
