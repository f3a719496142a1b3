"""Asks the running httpd what is in force for each application: its process, its interpreter, its mount and script.

How httpd merges its sections, and what it makes of patterns, conditions and
variables, is not reckoned out here. A script that says what mod_wsgi made of
the request takes the place of every application; each virtual host that has one
is given a port of its own, and all are asked while httpd runs once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heartbed.applications.requests import FACTS
from heartbed.candidates import inside
from heartbed.candidates.adapted import COPY, Replacement
from heartbed.candidates.container import Answer, Container, Question
from heartbed.candidates.subject import placeholders
from heartbed.candidates.values import can_hold_a_script
from heartbed.candidates.workbench import Workbench
from heartbed.places import HTTP_PORT
from heartbed.servers.httpd import commands
from heartbed.servers.httpd.applications import Application
from heartbed.servers.httpd.dump import Node
from heartbed.servers.httpd.place import place
from heartbed.wording import count

if TYPE_CHECKING:
    from heartbed.candidates.prepared import Prepared
    from heartbed.candidates.subject import Candidate
    from heartbed.servers.httpd.adapt import HttpdAdapted
    from heartbed.servers.httpd.draft import HttpdDraft

SCRIPT = Path(inside.__file__).with_name("in_force.py")
TOLD_BY = "heartbed"
TOLD_BY_IT = f'"told_by": "{TOLD_BY}"'
MAIN = "httpd.conf"
"""The main file of a copy."""

PATHS = (FACTS, "/v2.1/servers/1/action", "/")
"""Paths that are asked in a run: a configuration may hold for one and not for another. The root may be another's."""

BALANCER = {"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "on", "X-Forwarded-Port": "443"}
"""What a load balancer says that has ended TLS."""


@dataclass(frozen=True)
class InForce:
    """What httpd has in force for an application. ``group`` is its process group, empty when embedded."""

    mount: str
    script: str
    group: str
    interpreter: str
    """The application group, empty for the main interpreter."""
    processes: int
    threads: int
    by_handler: bool
    """Whether it is a WSGIHandlerScript."""
    headers: Mapping[str, str]
    """What the request had to say so that the application was reached."""
    has_root: bool = True
    """Whether it also answers at its root, where httpd may have something else."""
    told_whole: bool = False
    """Whether it is told the whole URL as its mount, and no path: a pattern leaves none."""


@dataclass(frozen=True)
class Asked:
    """An application, and what is in force for it; None where something else answered, as ``answer`` says."""

    application: Application
    in_force: InForce | None
    answer: Answer
    path: str = FACTS
    """The path of the application's that was so answered."""
    by_it: bool = False
    """Whether it did answer, but was told another path."""
    differs: str = ""
    """Where its paths run, if they do not all run in the same process group."""


def ask(
    draft: HttpdDraft, workbench: Workbench, container: Container, root: Node, found: Sequence[Application]
) -> tuple[list[Asked], tuple[str, ...]]:
    """Ask for every application that httpd has; also what it logged meanwhile."""
    scripts = _scripts(found)
    asking = [each for each in found if each.script in scripts]
    hosts = list({id(each.host): each.host for each in asking if each.host}.values())
    ports = {id(host): HTTP_PORT + number for number, host in enumerate(hosts, 1)}
    adapted = addressed(draft, root, ports)
    workbench.write(draft.label, adapted, MAIN, draft.frame(draft.label, draft.mpm, ports=tuple(ports.values())))
    mounted = replace(container, mounts=(*container.mounts, *((SCRIPT, script) for script in scripts)))
    questions = [
        Question(ports.get(id(each.host), HTTP_PORT), each.url + path, tuple(_headers(each)))
        for each in asking
        for path in PATHS
    ]
    start = commands.start(f"{COPY}/{draft.label}/{MAIN}")
    tour = mounted.tours([start], questions, draft.kind.stop)[0] if questions else None
    answers = iter(tour.answers if tour else ())
    return [_asked(each, [next(answers) for _ in PATHS]) for each in asking], tour.log if tour else ()


def _scripts(found: Iterable[Application]) -> list[str]:
    """Where the script that answers is put: not where another one lies below, as in a folder."""
    chosen_by_url = {each.script for each in found if each.is_pattern and "$" in each.script}
    wanted = {each.script for each in found if can_hold_a_script(each.script)} - chosen_by_url
    return sorted(each for each in wanted if not any(other.startswith(f"{each}/") for other in wanted))


def addressed(draft: HttpdDraft, root: Node, ports: Mapping[int, int]) -> HttpdAdapted:
    """A copy in which virtual hosts have these ports, by their nodes' ids; the others are out of the way."""
    adapted = draft.adapted.copied()
    for host in root.own("<virtualhost"):
        if (found := place(draft, host)) is None:
            continue
        file, directive = found
        port = ports.get(id(host))
        reason = "the port that is asked" if port else "another virtual host answers"
        text = f"{directive.indent}<VirtualHost *:{port or 1}>"
        was = f"{directive.indent}<VirtualHost {directive.arguments}>"
        if text != was:
            adapted.add(Replacement(file.inside, directive.first, directive.last, text, reason, was))
    return adapted


def _headers(application: Application) -> Iterator[Mapping[str, str]]:
    """What to say besides, one after the other: nothing, then as a load balancer does, then the host's own name."""
    yield {}
    yield BALANCER
    if application.names:
        yield {"Host": application.names[0]}
        yield {"Host": application.names[0], **BALANCER}


def _asked(application: Application, answers: Sequence[Answer]) -> Asked:
    one, other, at_root = (
        _in_force(answer, application.url, path) for answer, path in zip(answers, PATHS, strict=True)
    )
    if one is None or other is None:
        failed = 0 if one is None else 1
        return Asked(application, None, answers[failed], PATHS[failed], by_it=TOLD_BY_IT in answers[failed].text)
    where = [
        f"GET {application.url}{path} runs {_place(each.group)}"
        for path, each in zip(PATHS[:2], (one, other), strict=True)
    ]
    differs = ", ".join(where) if one.group != other.group else ""
    # The copy has one interpreter for all of them: a sub-interpreter of any is told.
    in_force = replace(
        one,
        interpreter=one.interpreter or other.interpreter,
        has_root=at_root is not None and at_root.group == one.group,
    )
    return Asked(application, in_force, answers[0], differs=differs)


def _place(group: str) -> str:
    return f"in the daemon processes {group}" if group else "in httpd's own children"


def _in_force(answer: Answer, url: str, path: str) -> InForce | None:
    try:
        told = json.loads(answer.text)
        if answer.status != 200 or told["told_by"] != TOLD_BY:
            return None
        if told["handler"]:
            # It is told no more than the whole.
            told |= {"script": told["handler"], "mount": url, "path": told["whole"].removeprefix(url)}
        whole = not told["path"] and told["mount"] == url + path
        if whole:
            told |= {"mount": url, "path": path}
        if told["path"] != path:
            return None
        return InForce(
            told["mount"],
            told["script"],
            told["process_group"],
            told["application_group"],
            told["processes"],
            told["threads"],
            bool(told["handler"]),
            answer.headers,
            told_whole=whole,
        )
    except (ValueError, KeyError, TypeError):
        return None


def without_effect(prepared: Prepared[Any], changed: Sequence[Candidate], container: Container) -> dict[str, str]:
    """Of candidates with a change to how they are hosted those, by label, on which it does not act, and why."""
    own = prepared.candidate
    wanted = [each for each in changed if (each.mode, each.threads) != (own.mode, own.threads)]
    if not wanted:
        return {}
    mounted = replace(container, mounts=(*placeholders(own.folders), (SCRIPT, own.script)))
    question = Question(HTTP_PORT, own.mount + PATHS[0], (dict(own.headers),))
    starts = [commands.start(each.place) for each in wanted]
    found: dict[str, str] = {}
    for each, tour in zip(wanted, mounted.tours(starts, [question], prepared.kind.stop), strict=True):
        told = _in_force(tour.answers[0], own.mount, PATHS[0])
        if told is None:
            found[each.label] = "httpd does not serve the application with it"
        elif ("daemon" if told.group else "embedded", told.threads) != (each.mode, each.threads):
            threads = count(told.threads, "thread")
            found[each.label] = f"it changes nothing: the application then runs {_place(told.group)}, {threads} each"
    return found
