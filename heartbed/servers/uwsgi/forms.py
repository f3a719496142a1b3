"""Configurations of uWSGI's in other languages than ini: uWSGI itself says what it reads of them.

What it says is an ini file, which is then treated as one of the user's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from heartbed.candidates import templates
from heartbed.candidates.source import Source, SourceFile, permitted, shown_path, where
from heartbed.errors import InputError
from heartbed.servers.uwsgi.ini import INCLUDES, INCLUDES_OTHERS, is_ini
from heartbed.servers.uwsgi.keys import first, origins
from heartbed.servers.uwsgi.rules import APPLICATIONS
from heartbed.servers.uwsgi.shape import FORMS, LOGIC, in_force
from heartbed.servers.uwsgi.source import UwsgiSource

SECTION = {
    "yaml": re.compile(r"^uwsgi[ \t]*:", re.MULTILINE),
    "xml": re.compile(r"<uwsgi[\s>/]"),
    "json": re.compile(r'"uwsgi"\s*:'),
}
"""Language -> what a file in it has, if it is uWSGI's."""

BEGINS = {"xml": "<", "json": "{"}
"""Language -> what its files begin with."""


SUFFIXES = {".yaml": "YAML", ".yml": "YAML", ".json": "JSON", ".xml": "XML"}
"""How such files are named -> their language."""

HAS = {"YAML": "a mapping uwsgi:", "JSON": 'an object with the key "uwsgi"', "XML": "an element <uwsgi>"}
"""Language -> where its options stand."""


def form(lines: Sequence[str]) -> str:
    """The language of a file of uWSGI's; empty where it is none."""
    if is_ini(lines):
        return "ini"
    text = "\n".join(lines).lstrip("\ufeff \t\r\n")
    return next(
        (name for name, found in SECTION.items() if text.startswith(BEGINS.get(name, "")) and found.search(text)), ""
    )


def refuse(path: Path) -> None:
    """Raise ``InputError`` for a file that is named as one in these languages: nothing of uWSGI's was found in it."""
    if language := SUFFIXES.get(path.suffix):
        raise InputError(
            f"{path} has nothing that uWSGI reads", hint=f"in {language} its options stand in {HAS[language]}"
        )


def unread(path: Path, lines: tuple[str, ...], root: Path | None) -> Source:
    """The user's file as it is. Raises ``InputError`` where it is outside of the permitted folder, or a template."""
    source = Source(permitted(path, root or path.resolve().parent))
    source.add(path.resolve(), lines, 0, shown_path(path))
    templates.refuse(source.main.shown, lines)
    return source


APP = "app"
"""An element of XML around the options of one application, of which uWSGI tells no more than that there is one."""

APP_ELEMENT = re.compile(rf"<{APP}[\s>]")

APPS = (
    "its <app> elements are passed over and the options in them taken for its own, as by a uWSGI with expat such as "
    "PyPI's; one with libxml2, as Debian's is built, mounts an application for each"
)


def has_apps(lines: Sequence[str]) -> bool:
    """Whether a file is XML with an element for each application."""
    return form(lines) == "xml" and APP_ELEMENT.search("\n".join(lines)) is not None


def as_ini(source: Source, output: str) -> UwsgiSource:
    """The same configuration as an ini file, from what ``uwsgi --show-config`` says.

    Raises ``InputError`` for one whose applications only another build of uWSGI takes.
    """
    # What directs the reading has been done, and what is included has been read: its options follow.
    done = (*INCLUDES, *FORMS, "show-config")
    read = [each for each in in_force(output) if not LOGIC.match(each.key) and each.key not in done]
    if has_apps(source.main.lines) and not any(each.key in APPLICATIONS for each in read):
        at = next(number for number, line in enumerate(source.main.lines, 1) if APP_ELEMENT.search(f"{line}\n"))
        raise InputError(
            f"{where(source.main, at)}: <{APP}>: this form is not covered: only uWSGI with libxml2 mounts what it has",
            hint="a line <mount>/path=application</mount> for each says the same to every uWSGI",
        )
    read = [each for each in read if each.key != APP]
    return _source(source, [(each.key, each.value) for each in read if each.value != "/dev/stderr"])


def refuse_includes(source: Source) -> None:
    """Raise ``InputError`` for a file that includes others, of which uWSGI is shown none: it then reads nothing."""
    if found := first(source.main, (*INCLUDES, *INCLUDES_OTHERS)):
        raise InputError(
            f"{found}: this form is not covered: only an ini file may include others here",
            hint="write what they say into a copy of the file",
        )


def as_plain_yaml(source: Source) -> UwsgiSource:
    """The same configuration as the reader has it that uWSGI brings along for where there is no libyaml.

    It knows no YAML but lines of a key, a colon, a blank and a value, and ends at any other: core/yaml.c of 2.0.31.
    """
    found: list[tuple[str, str]] = []
    inside = False
    for line in source.main.lines:
        text = line.partition("#")[0].rstrip()
        if not text.strip():
            continue
        if not text[0].isspace():
            if inside:
                break
            inside = text.partition(":")[0].rstrip() == "uwsgi"
            continue
        key, colon, value = text.replace(":\t", ": ").partition(": ")
        if inside and (not colon or key.lstrip()[0] in "-[{"):
            break
        if inside:
            found.append((key.strip(), value.strip()))
    return _source(source, found)


def _source(source: Source, read: Sequence[tuple[str, str]]) -> UwsgiSource:
    """An ini file with these options, each of whose lines knows where the user has it."""
    main = source.main
    path = main.path.with_name(f"{main.path.name}.ini")
    lines = ("[uwsgi]", *(f"{key} = {value}" for key, value in read))
    found = UwsgiSource(source.root)
    inside = str(Path(main.inside).with_name(path.name))
    found.files.append(
        SourceFile(path, main.shown, inside, lines, (main.shown, *origins(main, read)), "as an ini file")
    )
    return found


def said(shown: str, form: str) -> str:
    """What is to be said of such a file, in words."""
    return f"{shown} is {form.upper()}, as uWSGI itself reads it; changes are shown as lines of an ini file"


LISTS = "its lists are read, as by Debian's uWSGI; one without libyaml, as PyPI's is built, ends at the first"
PLAIN = "libyaml refuses it, and so does Debian's uWSGI; it is read as by one without libyaml, as PyPI's is built"


KEY = re.compile(r"\s+(?:-\s+)?[\"']?([\w-]+)[\"']?\s*:(?:\s|\Z)")
"""A line of YAML with a key in uWSGI's own mapping, or in one that lies in it."""


def told_of_lists(lines: Sequence[str], output: str) -> tuple[str, ...]:
    """What is to be said of the lists of a YAML file, from what ``uwsgi --show-config`` says."""
    if not has_lists(lines):
        return ()
    read = {each.key for each in in_force(output) if each.value != "/dev/stderr"}
    if unread_ := [key for key in _keys(lines) if key not in read]:
        return (f"uWSGI reads nothing of these keys of it, which are not in its form: {', '.join(unread_)}",)
    return (LISTS,)


def _keys(lines: Sequence[str]) -> list[str]:
    """The keys of a YAML file beneath ``uwsgi``."""
    found: dict[str, None] = {}
    inside = False
    for line in lines:
        if line.strip() and line[0] not in " \t-#":
            inside = SECTION["yaml"].match(line) is not None
        elif inside and (key := KEY.match(f" {line}")):
            found[key[1]] = None
    return list(found)


def has_lists(lines: Sequence[str]) -> bool:
    """Whether a YAML file may have lists."""
    return any(line.lstrip().startswith("- ") for line in lines)
