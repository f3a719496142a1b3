"""Stands in for the container in which httpd is asked: says what httpd said of recorded files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from heartbed.candidates.adapted import COPY
from heartbed.candidates.container import Answer, Question, Ran, Tour
from heartbed.servers.httpd.inquiry import PATHS

DATA = Path(__file__).parents[2] / "data" / "candidate"


@dataclass(frozen=True)
class Hosted:
    """What mod_wsgi says of an application that is asked at a port."""

    group: str = ""
    processes: int = 1
    threads: int = 1
    interpreter: str = ""


RECORDED: Mapping[str, Mapping[int, Hosted]] = {
    "kolla-nova.conf": {8081: Hosted("nova-api", 2, 1)},
    "puppet-nova.conf": {8081: Hosted("nova-api", 2, 1)},
    "httpd.conf": {8081: Hosted(), 8082: Hosted("metadata", 1, 4)},
}


def told(hosted: Hosted, question: Question) -> Answer:
    """The answer of the script that says what is in force, at the mount that was asked for."""
    path = next(each for each in PATHS if question.path.endswith(each))
    said = {
        "told_by": "heartbed",
        "mount": question.path.removesuffix(path),
        "path": path,
        "handler": "",
        "script": "/srv/script.wsgi",
        "process_group": hosted.group,
        "application_group": hosted.interpreter,
        "processes": hosted.processes,
        "threads": hosted.threads,
    }
    return Answer(200, json.dumps(said), {})


@dataclass(frozen=True)
class Recorded:
    """What a container would say: dumps recorded from httpd 2.4.68, and what mod_wsgi 6.1.1 said when asked."""

    mounts: tuple[tuple[Path, str], ...] = ()
    hosted: Mapping[str, Mapping[int, Hosted]] = field(default_factory=lambda: RECORDED)

    def run(self, commands: Mapping[str, Sequence[str]]) -> dict[str, Ran]:
        """The configuration that httpd has read."""
        dump = DATA / _label(commands["read"]).replace(".conf", ".dump")
        return {"read": Ran(0, dump.read_text(), "")}

    def tours(self, commands: Sequence[Sequence[str]], questions: Sequence[Question], stop: str) -> list[Tour]:
        """What is in force for each application."""
        del stop
        hosts = [self.hosted[_label(command)] for command in commands]
        return [Tour(tuple(told(ports[each.port], each) for each in questions), ()) for ports in hosts]


def _label(command: Sequence[str]) -> str:
    """The candidate whose main file a command names."""
    return next(word for word in command if word.startswith(COPY)).split("/")[-2]
