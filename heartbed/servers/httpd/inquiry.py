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
from typing import TYPE_CHECKING

from heartbed.candidates import inside
from heartbed.candidates.adapted import COPY, Replacement
from heartbed.candidates.container import Answer, Container, Question
from heartbed.candidates.values import can_hold_a_script
from heartbed.candidates.workbench import Workbench
from heartbed.places import HTTP_PORT
from heartbed.servers.httpd import commands
from heartbed.servers.httpd.applications import Application
from heartbed.servers.httpd.dump import Node
from heartbed.servers.httpd.place import place

if TYPE_CHECKING:
    from heartbed.servers.httpd.adapt import HttpdAdapted
    from heartbed.servers.httpd.draft import HttpdDraft

SCRIPT = Path(inside.__file__).with_name("in_force.py")
TOLD_BY = "heartbed"
TOLD_BY_IT = f'"told_by": "{TOLD_BY}"'
MAIN = "httpd.conf"
"""The main file of a copy."""

PATHS = ("/heartbed/facts", "/v2.1/servers/1/action")
"""Two of the paths that are asked in a run: a configuration may hold for one and not for the other."""

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


@dataclass(frozen=True)
class Asked:
    """An application, and what is in force for it; None where something else answered, as ``answer`` says."""

    application: Application
    in_force: InForce | None
    answer: Answer
    by_it: bool = False
    """Whether it did answer, but was told another path."""
    differs: bool = False
    """Whether its paths do not all run in the same process group and interpreter."""


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
    tour = (
        mounted.tour(commands.start(f"{COPY}/{draft.label}/{MAIN}"), questions, draft.kind.stop) if questions else None
    )
    answers = iter(tour.answers if tour else ())
    return [_asked(each, next(answers), next(answers)) for each in asking], tour.log if tour else ()


def _scripts(found: Iterable[Application]) -> list[str]:
    """Where the script that answers is put: not where another one lies below, as in a folder."""
    wanted = {each.script for each in found if can_hold_a_script(each.script)}
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


def _asked(application: Application, first: Answer, second: Answer) -> Asked:
    one, other = (_in_force(answer, application.url, path) for answer, path in zip((first, second), PATHS, strict=True))
    if one is None or other is None:
        return Asked(application, None, first, TOLD_BY_IT in first.text)
    differs = (one.group, one.interpreter) != (other.group, other.interpreter)
    return Asked(application, one, first, differs)


def _in_force(answer: Answer, url: str, path: str) -> InForce | None:
    try:
        told = json.loads(answer.text)
        if answer.status != 200 or told["told_by"] != TOLD_BY:
            return None
        if told["handler"]:
            # It is told no more than the whole.
            told |= {"script": told["handler"], "mount": url, "path": (told["mount"] + told["path"]).removeprefix(url)}
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
        )
    except (ValueError, KeyError, TypeError):
        return None
