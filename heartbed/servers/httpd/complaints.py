"""What is said of a configuration that httpd refuses, or under which the application does not answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from heartbed.candidates.source import where
from heartbed.errors import InputError
from heartbed.servers.httpd import dump, modules
from heartbed.servers.httpd.draft import HttpdDraft
from heartbed.servers.httpd.place import at, file_of
from heartbed.servers.httpd.prepared import HttpdPrepared


def answers(prepared: HttpdPrepared, answer: Mapping[str, Any]) -> None:
    """Raise ``InputError`` unless the application answered ``GET`` at its root with a success."""
    status, text = answer["status"], str(answer["text"])
    if status is not None and status < 300:
        return
    draft, alias = prepared.draft, prepared.shape.application.alias
    here = at(draft, alias)
    if status is None:
        raise InputError(f"{here}: httpd starts on it but does not answer: {text}", log=_telling(answer["log"]))
    if 300 <= status < 400:
        raise InputError(
            f"{here}: GET {prepared.candidate.mount}/ is answered with a redirection ({status}, {text})",
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
            f"{here}: the application cannot be imported: no WSGIApplicationGroup %{{GLOBAL}} is in force for it",
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
        f"{here}: httpd starts on it, but GET {prepared.candidate.mount}/ is answered with {status}: {reason}",
        log=log,
        hint="what httpd logged is above",
    )


def _telling(log: Sequence[str]) -> list[str]:
    """The lines of httpd's log that are about an error, else the last ones."""
    errors = [line for line in log if re.search(r"error\]|:crit|:emerg|Traceback|Error", line)]
    return [line[:300] for line in (errors or log)][-8:]


def refused(draft: HttpdDraft, stderr: str) -> InputError:
    """What httpd has against the copy, in the user's own file and line."""
    said = dump.complaint(stderr)
    file = file_of(draft, said.file)
    hint = "this is what httpd says of it"
    if found := re.search(r"Invalid command '([^']+)'", said.text):
        owners = modules.owners().get(found[1].lower(), ())
        if owners and all(owner.startswith("mpm_") for owner in owners):
            hint = f"{found[1]} belongs to the MPM {owners[0].removeprefix('mpm_')}, and this is {draft.mpm}: --mpm"
        elif owners:
            hint = f"{found[1]} is of mod_{owners[0]}, which the file does not load"
    if file and said.line:
        return InputError(f"{where(file, said.line)}: {said.text}", hint=hint)
    return InputError(f"{draft.source.main.shown}: {said.text}", hint=hint)
