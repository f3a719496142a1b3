"""What is said of a configuration that httpd refuses, or under which the application does not answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from heartbed.candidates.container import Answer
from heartbed.candidates.source import where
from heartbed.candidates.values import can_hold_a_script
from heartbed.errors import InputError
from heartbed.servers.httpd import dump, modules
from heartbed.servers.httpd.applications import Application, handlers
from heartbed.servers.httpd.draft import HttpdDraft
from heartbed.servers.httpd.inquiry import Asked, InForce
from heartbed.servers.httpd.lines import VARIABLE
from heartbed.servers.httpd.place import at, file_of, place
from heartbed.servers.httpd.prepared import HttpdPrepared
from heartbed.servers.httpd.shape import in_scope

NO_GROUP = re.compile(r"No WSGI daemon process called '([^']*)' has been configured")
MISSING = 404
OF_WINDOWS = re.compile(r"[A-Za-z]:[/\\]")
REASONS = {
    403: "access is denied",
    MISSING: "nothing is there, or the script has no such callable",
    401: "it asks for a login",
}


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
    reason = REASONS.get(status, "the application or its set-up failed")
    raise InputError(
        f"{here}: httpd starts on it, but GET {prepared.candidate.mount}/ is answered with {status}: {reason}",
        log=_telling(answer["log"]),
        hint="what httpd logged is above",
    )


def covered(draft: HttpdDraft, root: dump.Node, found: Sequence[Application]) -> None:
    """Raise ``InputError`` where no application is found, or none that can be asked."""
    if not found:
        if used := handlers(root):
            raise not_covered(draft, used[0])
        raise InputError(
            f"{draft.source.main.shown} runs no Python application: there is no WSGIScriptAlias in force",
            log=draft.adapted.notes,
            hint="is it in an <IfModule> or <IfDefine> that does not hold here (--define NAME), or in a file that was "
            "not included?",
        )
    reasons = [(each, reason) for each in found if (reason := _cannot_be_asked(each))]
    if len(reasons) == len(found):
        application, reason = reasons[0]
        raise InputError(f"{at(draft, application.alias)}: {reason[0]}", hint=reason[1])


def _cannot_be_asked(application: Application) -> tuple[str, str] | None:
    """Why, and what to do."""
    script = application.script
    if unset := VARIABLE.search(script):
        return f"the script {script!r} hangs on {unset[0]}, which is not set here", f"--define {unset[1]}=VALUE sets it"
    if OF_WINDOWS.match(script):
        told = f"the script {script!r} has a path of Windows: httpd on Windows is not covered"
        return told, "in a copy of the file, name it as a server on Linux has it"
    if not script.startswith("/"):
        told = f"the script {script!r} is not an absolute path: the alias leads nowhere"
        return told, "name the script by its whole path"
    if script.endswith("/") or (application.is_pattern and re.search(r"\$\d", script)):
        told = f"with {script} the URL chooses the script: this form is not covered"
        return told, "covered are aliases of one script each: name one for this check"
    if can_hold_a_script(script):
        return None
    told = f"the testbed puts its application where the script is named, and in its containers it cannot at {script}"
    return told, "there is something that a container cannot do without: name another path in a copy of the file"


def not_covered(draft: HttpdDraft, handler: dump.Node) -> InputError:
    """For a handler that runs files which no alias names."""
    found = place(draft, handler)
    written = f"{found[1].name} {found[1].arguments}" if found else f"{handler.name} {handler.arguments}"
    return InputError(
        f"{at(draft, handler)}: {written}: this form is not covered: the URL chooses the script",
        hint="covered are WSGIScriptAlias, WSGIHandlerScript, and a wsgi-script handler on an Alias of a file, or in a "
        "folder that a DocumentRoot or an Alias leads to",
    )


def answered(draft: HttpdDraft, root: dump.Node, asked: Asked, log: Sequence[str]) -> InForce:
    """What is in force for the application, if all paths reach it in one process group. Raises ``InputError``."""
    application, answer = asked.application, asked.answer
    here, url = at(draft, application.alias), application.url + asked.path
    if asked.in_force:
        if asked.differs:
            raise InputError(
                f"{here}: {asked.differs}: an application in several process groups is a form that is not covered",
                hint="check one after the other: in a copy of the file, leave one WSGIProcessGroup, outside of every "
                "<Location>",
            )
        return asked.in_force
    telling = _telling(log)
    for line in log:
        if found := NO_GROUP.search(line):
            raise _no_group(draft, root, application, found[1])
        if "disabled by runtime configuration" in line or "Embedded mode" in line:
            restricted = root.own("wsgirestrictembedded")
            place_of = at(draft, restricted[-1]) if restricted else here
            raise InputError(f"{place_of}: WSGIRestrictEmbedded is On, but no WSGIProcessGroup is in force for {url}")
    status = answer.status
    if status is None:
        raise InputError(f"{here}: httpd starts on it but does not answer: {answer.text}", log=telling)
    if status < 300:
        what = (
            f"GET {url} reaches the application, but as {_told(answer)}: this form is not covered"
            if asked.by_it
            else f"GET {url} is answered, but by something else than the application"
        )
        raise InputError(f"{here}: {what}", log=answer.text.splitlines()[:3], hint=draft.kind.about_paths)
    if status < 400:
        raise InputError(
            f"{here}: GET {url} is answered with a redirection ({status}, {answer.text}), also when asked as by a "
            "load balancer that has ended TLS",
            hint="choose the virtual host that runs the application with --vhost",
        )
    raise InputError(
        f"{here}: httpd starts on it, but GET {url} is answered with {status}: {_reason(status, application)}",
        log=telling,
        hint="what httpd logged is above",
    )


def _reason(status: int, application: Application) -> str:
    reason = REASONS.get(status, "its set-up failed")
    if status == MISSING and application.is_pattern:
        reason += "; a pattern that takes some URLs only, and not those that the testbed asks for, is not covered"
    return reason


def _told(answer: Answer) -> str:
    """What the application was told of the request that it was asked."""
    told = json.loads(answer.text)
    return f"the path {told['path']!r} of the mount {told['mount']!r}"


def _no_group(draft: HttpdDraft, root: dump.Node, application: Application, group: str) -> InputError:
    scope = in_scope(root, application)
    known = ", ".join(sorted(n.words[0] for n in root.walk() if n.name == "wsgidaemonprocess" and n.words)) or "none"
    lines = [node for node in scope if node.name == "wsgiprocessgroup"]
    exact = [node for node in lines if node.words[:1] == [group]] or lines or [application.alias]
    return InputError(
        f"{at(draft, exact[-1])}: no WSGIDaemonProcess is called {group!r} (there are: {known})",
        hint="if another file has it, name a file that includes both, or the main file of the server",
    )


def _telling(log: Sequence[str]) -> list[str]:
    """The lines of httpd's log that are about an error, else the last of those that are not about its own doings."""
    errors = [line for line in log if re.search(r"error\]|:crit|:emerg|Traceback|Error", line)]
    others = [line for line in log if not re.search(r":(?:info|notice)\]", line)]
    return [line[:300] for line in (errors or others)][-8:]


def refused(draft: HttpdDraft, stderr: str) -> InputError:
    """What httpd has against the copy, in the user's own file and line."""
    said = dump.complaint(stderr)
    file = file_of(draft, said.file)
    hint = "this is what httpd says of it"
    if missing := dump.unset(stderr):
        hint += "; not set: " + ", ".join(f"${{{name}}} (--define {name}=VALUE)" for name in missing)
    if found := re.search(r"Invalid command '([^']+)'", said.text):
        owners = modules.owners().get(found[1].lower(), ())
        if owners and all(owner.startswith("mpm_") for owner in owners):
            hint = f"{found[1]} belongs to the MPM {owners[0].removeprefix('mpm_')}, and this is {draft.mpm}: --mpm"
        elif owners:
            hint = f"{found[1]} is of mod_{owners[0]}, which the file does not load"
    if file and said.line:
        return InputError(f"{where(file, said.line)}: {said.text}", hint=hint)
    return InputError(f"{draft.source.main.shown}: {said.text}", hint=hint)
