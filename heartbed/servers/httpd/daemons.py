"""Daemon process groups in the copy: how many processes and threads of them there are."""

from __future__ import annotations

import re

from heartbed.candidates.adapted import Replacement
from heartbed.candidates.source import SourceFile
from heartbed.servers.httpd.adapt import HttpdAdapted
from heartbed.servers.httpd.draft import HttpdDraft
from heartbed.servers.httpd.dump import Node
from heartbed.servers.httpd.lines import Directive, options
from heartbed.servers.httpd.place import place
from heartbed.servers.httpd.rules import same
from heartbed.servers.httpd.shape import Shape

SMALLEST = {"processes": "1", "threads": "1"}


def one_process(adapted: HttpdAdapted, file: SourceFile, directive: Directive) -> None:
    """Have a group no more than one process."""
    text = re.sub(r"\bprocesses=\S+", "processes=1", _text(adapted, file, directive))
    adapted.add(Replacement(file.inside, directive.first, directive.last, text, "one process shows it all", ""))


def others_small(adapted: HttpdAdapted, draft: HttpdDraft, root: Node, made: Shape) -> None:
    """Have the groups small in which nothing that is asked runs, and which no change uses.

    A server with a dozen of them has more threads than a cell may have.
    """
    wanted = (made.daemon, made.unused)
    for node in root.walk():
        found = place(draft, node) if node.name == "wsgidaemonprocess" and node not in wanted else None
        if found is None or not node.words or node.words[0] == made.group:
            continue
        file, directive = found
        text = _text(adapted, file, directive)
        for name, value in SMALLEST.items():
            given = next((option for option in options(text) if option.name == name), None)
            text = text.replace(given.written, f"{name}={value}") if given else f"{text} {name}={value}"
        adapted.put(file, directive, text.strip(), "nothing that is asked here runs in it")


def _text(adapted: HttpdAdapted, file: SourceFile, directive: Directive) -> str:
    """The line as the copy has it."""
    before = [r for r in adapted.replacements if (r.file, r.first) == (file.inside, directive.first)]
    return (before[0].text if before else None) or f"{directive.indent}{same(directive)}"
