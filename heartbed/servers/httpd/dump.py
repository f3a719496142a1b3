"""Reads what httpd says of its configuration: ``-D DUMP_CONFIG`` (mod_info), and its complaints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from heartbed.servers.httpd.lines import words

FILE = re.compile(r"^\s*# In file: (.*)$")
LINE = re.compile(r"^\s*#\s+(\d+):\s*$")
COMPLAINT = re.compile(r".*Syntax error on line (\d+) of ([^:]+):\s*(.*)", re.DOTALL)
"""The innermost: httpd tells first in which Include it was."""

UNSET = re.compile(r"AH00111: Config variable \$\{([^}]+)\} is not defined")


@dataclass
class Node:
    """A directive or a section that httpd has in force, and where it comes from. Names are in lower case."""

    name: str
    arguments: str
    file: str
    line: int
    children: list[Node] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        """The arguments one by one."""
        return words(self.arguments)

    def walk(self) -> Iterator[Node]:
        """Itself and everything in it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def own(self, name: str) -> list[Node]:
        """Directives of that name that stand directly in it."""
        return [child for child in self.children if child.name == name]


def parse(text: str) -> Node:
    """The configuration as a tree; the root is the server itself."""
    root = Node("", "", "", 0)
    open_sections = [root]
    file, line = "", 0
    for raw in text.splitlines():
        if match := FILE.match(raw):
            file = match[1].strip()
        elif match := LINE.match(raw):
            line = int(match[1])
        else:
            _take(open_sections, raw.strip(), file, line)
    return root


def _take(sections: list[Node], text: str, file: str, line: int) -> None:
    if not text or not file:
        return
    if text.startswith("</"):
        if len(sections) > 1:
            sections.pop()
        return
    name, _, arguments = text.partition(" ")
    if name.startswith("<"):
        node = Node(name.removesuffix(">").lower(), arguments.strip().removesuffix(">").strip(), file, line)
        sections[-1].children.append(node)
        sections.append(node)
        return
    sections[-1].children.append(Node(name.lower(), arguments.strip(), file, line))


@dataclass(frozen=True)
class Complaint:
    """What httpd has against a configuration; ``file`` and ``line`` where it says them."""

    text: str
    file: str | None = None
    line: int | None = None


def unset(stderr: str) -> tuple[str, ...]:
    """The variables that httpd missed: it leaves ``${NAME}`` as it stands, and warns."""
    return tuple(dict.fromkeys(UNSET.findall(stderr)))


def complaint(stderr: str) -> Complaint:
    """The first complaint in what ``httpd -t`` says."""
    match = COMPLAINT.search(stderr)
    if match:
        file = match[2].strip()
        told = " ".join(match[3].split()).split(" AH00")[0].removesuffix("Action '-t' failed.").strip()
        return Complaint(re.sub(rf"^{re.escape(file)}:\d+: ", "", told), file, int(match[1]))
    telling = [line for line in stderr.splitlines() if line.strip() and "AH00558" not in line and "AH00557" not in line]
    return Complaint(telling[-1] if telling else "httpd does not accept it, and does not say why")
