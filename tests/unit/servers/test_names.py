"""The name of a server stands in its folder, in its row, and in what is written for people: nowhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

from heartbed import servers
from heartbed.cells import axes
from heartbed.places import ROOT

PROGRAM = ROOT / "heartbed"
TABLE = (PROGRAM / "cells" / "axes.py", PROGRAM / "cells" / "loops.py")
"""The table of choices, and the rows of it that are servers' own."""

DOCUMENTS = ("description", "help", "epilog", "documentation")
"""Keyword arguments, and attributes, whose text is a document: of a command, of the record, or of a probe."""


@cache
def names() -> set[str]:
    families = servers.families()
    found = {*axes.TABLE.axis("server").tokens, *families}
    found |= {word for each in families.values() for word in (each.program, each.image, each.conf) if word}
    return found


@cache
def pattern() -> re.Pattern[str]:
    # "event" is also a word of its own: an MPM where it stands alone, or among factors.
    words = "|".join(sorted(names() - {"event"}))
    return re.compile(
        rf"(?<![A-Za-z0-9_])({words})(?![A-Za-z0-9_])|\Aevent\Z|(?<![a-z])event(?:[-}}]|,[a-z])|[{{,]event(?![a-z])"
    )


def modules() -> list[Path]:
    folders = {PROGRAM / "servers" / name for name in servers.families()}
    return [path for path in sorted(PROGRAM.rglob("*.py")) if path not in TABLE and not folders & {*path.parents}]


def documents(nodes: Sequence[ast.AST]) -> set[int]:
    """The ids of strings that are written for people."""
    texts = [node.value for node in nodes if isinstance(node, ast.Expr)]
    texts += [node.value for node in nodes if isinstance(node, ast.keyword) and node.arg in DOCUMENTS]
    texts += [node.value for node in nodes if isinstance(node, ast.Assign) and _target(node) in DOCUMENTS]
    return {id(part) for text in texts for part in ast.walk(text) if isinstance(text, ast.Constant | ast.JoinedStr)}


def _target(node: ast.Assign) -> str:
    return node.targets[0].id if isinstance(node.targets[0], ast.Name) else ""


def literals(text: str) -> Iterator[tuple[int, str]]:
    nodes = [*ast.walk(ast.parse(text))]
    told = documents(nodes)
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


def named(text: str) -> list[str]:
    words = pattern()
    return [f"{line}: {literal!r}" for line, literal in literals(text) if words.search(literal)]


def test_a_servers_name_is_found_wherever_it_stands() -> None:
    text = 'IMAGE = "heartbed-apache"\nif server == "event":\n    say(f"{port} of uWSGI")\n"""As httpd does."""\n'
    assert named(text) == ["1: 'heartbed-apache'", "2: 'event'", "3: ' of uWSGI'"]
    assert named('"{prefork-daemon,event-embedded}"\nx = "run {uwsgi,event}"\n') == ["2: 'run {uwsgi,event}'"]
    assert named('"an event of the record"\nx = "an event, and another"\ny = "eventlet-pthread"\n') == []
    assert named('x = option(help="as uWSGI has it")') == []
    assert named('class Probe:\n    documentation = "As uWSGI has it."\n    name = "uWSGI"\n') == ["3: 'uWSGI'"]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PROGRAM)))
def test_no_other_module_names_a_server(path: Path) -> None:
    assert named(path.read_text()) == []


def test_every_row_has_a_folder_and_every_folder_a_row() -> None:
    families = servers.families()
    assert {each.family for each in axes.TABLE.servers} == {*families}
    for each in families.values():
        assert (ROOT / "images" / each.image / "Dockerfile").is_file()
        assert (ROOT / each.conf).is_dir()
