"""Lines of an httpd configuration: directives with their arguments, as httpd splits them, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from heartbed.errors import InputError

LONGEST = 65_536
"""Characters of a text with the values of its variables; httpd's own line has 8,192 before them."""

WORD = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'|(\S+))')
VARIABLE = re.compile(r"\$\{([^}]+)\}")
OPTION = re.compile(r'([^\s=]+)=("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\S*)')


@dataclass(frozen=True)
class Directive:
    """One directive, or the line that opens or closes a section.

    ``name`` is as written, with the bracket of a section (``<VirtualHost``,
    ``</VirtualHost>``). ``first`` and ``last`` are line numbers from 1: a
    directive may be continued with backslashes. ``within`` are the names of the
    sections around it, in lower case, the innermost last; ``conditions`` the
    arguments of those of them that are an ``<IfDefine>``, and ``modules`` of
    those that are an ``<IfModule>``.
    """

    name: str
    arguments: str
    first: int
    last: int
    indent: str
    within: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name as httpd compares it."""
        return self.name.lower()

    @property
    def words(self) -> list[str]:
        """The arguments one by one, without their quotes."""
        return words(self.arguments)


def words(text: str) -> list[str]:
    """Split arguments at blanks, as httpd does: quotes keep them together."""
    return [
        re.sub(r"\\([\"'])", r"\1", double or single) or bare for double, single, bare in WORD.findall(text.strip())
    ]


@dataclass(frozen=True)
class Option:
    """An option of one of mod_wsgi's directives, ``name=value``: its value bare, and as ``written``."""

    name: str
    value: str
    written: str


def options(text: str) -> list[Option]:
    """The options among arguments, as mod_wsgi splits them: a value in quotes may have blanks in it."""
    return [
        Option(found[1].lower(), (words(found[2]) or [""])[0], found[0])
        for found in OPTION.finditer(text.partition(words(text)[0])[2] if words(text) else "")
    ]


def quoted(word: str) -> str:
    """The word as an argument: in quotes where it needs them."""
    return f'"{word}"' if not word or re.search(r"\s", word) else word


def directives(lines: Sequence[str]) -> Iterator[Directive]:
    """The directives of a file, comments and blank lines left out."""
    around: list[tuple[str, str]] = []
    for first, last, text in _joined(lines):
        stripped = text.strip()
        if not stripped or stripped.startswith("#"):
            continue
        indent = text[: len(text) - len(text.lstrip())]
        name, arguments = _split(stripped)
        if name.startswith("</"):
            arguments = ""
            if around:
                around.pop()
        within = tuple(section for section, _ in around)
        conditions = tuple(condition for section, condition in around if section == "ifdefine")
        asked = tuple(condition for section, condition in around if section == "ifmodule")
        yield Directive(name, arguments, first, last, indent, within, conditions, asked)
        if name.startswith("<") and not name.startswith("</"):
            around.append((name[1:].lower(), arguments))


def holds(directive: Directive, defined: Collection[str]) -> bool:
    """Whether every ``<IfDefine>`` around a directive holds, with these names defined."""
    return all((each.lstrip("!") in defined) != each.startswith("!") for each in directive.conditions)


def _joined(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """First line, last line and text of each logical line. A comment can be continued too."""
    first, text = 0, ""
    for number, line in enumerate(lines, 1):
        first = first or number
        if line.endswith("\\") and number < len(lines):
            text += line[:-1]
            continue
        yield first, number, text + line
        first, text = 0, ""


def _split(text: str) -> tuple[str, str]:
    if text.startswith("</"):
        return text, ""
    name, _, rest = text.partition(" ") if " " in text.partition("\t")[0] else text.partition("\t")
    if name.startswith("<"):
        # `<IfModule x>`: the bracket at the end closes the opening line.
        return name.removesuffix(">"), rest.strip().removesuffix(">").strip()
    return name, rest.strip()


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Put the values of ``${NAME}`` in; an unknown one stays, as httpd leaves it.

    Raises ``InputError`` where it comes to more than ``LONGEST``: values of values may double and double.
    """
    if sum(len(variables.get(name, "")) for name in VARIABLE.findall(text)) > LONGEST:
        raise InputError(f"{text[:60]!r} has more than {LONGEST:,} characters with the values of its variables")
    return VARIABLE.sub(lambda found: variables.get(found[1], found[0]), text)
