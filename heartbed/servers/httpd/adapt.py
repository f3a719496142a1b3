"""What is replaced in the copy of a user's configuration so that httpd can run it in the testbed, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from heartbed.candidates.adapted import Adapted, Replacement
from heartbed.candidates.source import SourceFile, where
from heartbed.cells.axes import MPMS
from heartbed.errors import InputError
from heartbed.servers.httpd import modules
from heartbed.servers.httpd.lines import Directive, directives
from heartbed.servers.httpd.rules import DROPPED_PREFIXES, PYTHON, RULES, owner, same
from heartbed.servers.httpd.source import HttpdSource

FILES = "${HEARTBED_FILES}"
"""The user's files within it; the main file defines the variable."""


@dataclass
class HttpdAdapted(Adapted):
    """A configuration of httpd's made ready for the testbed."""

    source: HttpdSource
    mpm: str | None = None
    """The MPM that the files load; None when they leave it to the distribution."""
    own_modules: bool = False
    """Whether the files load their modules themselves."""
    missing_modules: list[str] = field(default_factory=list)


def adapt(source: HttpdSource) -> HttpdAdapted:
    """Apply every rule. Raises ``InputError`` for a directive that no module of the image knows."""
    own = [d for _, d in source.all() if d.key == "loadmodule" and not _is_wsgi(d)]
    adapted = HttpdAdapted(source, mpm=_mpm(source), own_modules=any(not _mpm_of(d) for d in own))
    for file, directive in source.all():
        if directive.name.startswith("</"):
            continue
        for text, reason in _changes(adapted, file, directive):
            if text is None or text != same(directive):
                new = None if text is None else directive.indent + text
                was = f"{directive.indent}{same(directive)}"
                adapted.add(Replacement(file.inside, directive.first, directive.last, new, reason, was))
    _refuse_unknown(adapted)
    return adapted


def adapted_lines(text: str) -> str:
    """Lines that a user might write, under the rules that hold on their own; what is dropped becomes a comment."""
    lines = text.split("\n")
    for directive in directives(lines):
        if directive.key in RULES:
            new = RULES[directive.key][0](directive)
            lines[directive.first - 1] = f"# {lines[directive.first - 1]}" if new is None else directive.indent + new
        elif directive.key == "loadmodule":
            lines[directive.first - 1] = f"# {lines[directive.first - 1]}"
    return "\n".join(lines)


def _changes(adapted: HttpdAdapted, file: SourceFile, directive: Directive) -> Iterator[tuple[str | None, str]]:
    key = directive.key
    if key in RULES:
        rule, reason = RULES[key]
        yield rule(directive), reason
    elif key in ("include", "includeoptional"):
        yield _include(adapted.source, file, directive)
    elif key == "loadmodule":
        yield _module(adapted, directive)
    elif key == "wsgiimportscript":
        scripts = {d.words[1] for _, d in adapted.source.all() if d.key == "wsgiscriptalias" and len(d.words) > 1}
        if directive.words and directive.words[0] not in scripts:
            yield None, PYTHON
    else:
        for prefix, reason in DROPPED_PREFIXES:
            if key.startswith(prefix):
                yield None, reason
                return


def _include(source: HttpdSource, file: SourceFile, directive: Directive) -> tuple[str | None, str]:
    pattern = source.includes.get((file.inside, directive.first))
    if pattern is None:
        return None, "it is not here: the testbed brings what a distribution's own files would"
    return f'{directive.name} "{FILES}/{pattern}"', "the copy of what it includes"


def _is_wsgi(directive: Directive) -> bool:
    return bool(directive.words) and directive.words[0].lower() == "wsgi_module"


def _module_name(directive: Directive) -> str:
    """``ssl`` of ``LoadModule ssl_module modules/mod_ssl.so``."""
    given = directive.words
    file = re.search(r"mod_([\w.-]+?)\.so$", given[1]) if len(given) > 1 else None
    return file[1] if file else (given[0].removesuffix("_module") if given else "")


def _mpm_of(directive: Directive) -> str | None:
    name = _module_name(directive)
    return name.removeprefix("mpm_") if name.startswith("mpm_") else None


def _module(adapted: HttpdAdapted, directive: Directive) -> tuple[str | None, str]:
    if len(directive.words) != 2:
        return same(directive), ""
    name = _module_name(directive)
    if _is_wsgi(directive):
        return None, "the testbed loads its own mod_wsgi"
    if name.startswith("mpm_"):
        return None, f"the testbed loads the MPM {name.removeprefix('mpm_')} before your file"
    if name in modules.BUILT_IN:
        return None, "built into the testbed's httpd"
    if name not in modules.table():
        adapted.missing_modules.append(name)
        return None, f"the testbed has no mod_{name}"
    return f"LoadModule {directive.words[0]} {modules.MODULES_FOLDER}/mod_{name}.so", "where the module is here"


def _mpm(source: HttpdSource) -> str | None:
    """The MPM that the files load. Raises ``InputError`` for two."""
    found = [(file, d, mpm) for file, d in source.all() if d.key == "loadmodule" and (mpm := _mpm_of(d))]
    certain = [each for each in found if not each[1].within]
    if len({mpm for _, _, mpm in certain}) > 1:
        (one, first, a), (other, second, b) = certain[0], certain[1]
        raise InputError(
            f"{where(other, second.first)}: a second MPM, {b}; {where(one, first.first)} loads {a}",
            hint="httpd has exactly one",
        )
    chosen = next((mpm for _, _, mpm in certain or found), None)
    if chosen and chosen not in MPMS:
        raise InputError(f"the MPM {chosen!r} is not one of {', '.join(MPMS)}")
    return chosen


def _refuse_unknown(adapted: HttpdAdapted) -> None:
    """Set aside what belongs to a module that is not here; refuse what belongs to none.

    A directive that no module of the image knows is taken to be of a missing
    module that the files load. Without one it is an error, as it is to httpd.
    """
    for file, directive in adapted.source.all():
        key = directive.key
        if key.startswith("</") or modules.is_known(key) or _macro(key):
            continue
        if any(each in ("ifmodule", "ifdefine", "iffile", "ifdirective", "ifversion") for each in directive.within):
            # httpd itself decides whether this is read at all.
            continue
        module = owner(key, adapted.missing_modules)
        if module is None:
            raise InputError(
                f"{where(file, directive.first)}: no module of httpd or of the testbed knows {directive.name!r}",
                hint=f"a misspelling, or a module that is not here; set it aside with a # and check again: "
                f"{same(directive)[:100]}",
            )
        if not key.startswith("<"):
            was = f"{directive.indent}{same(directive)}"
            reason = f"the testbed has no {module}"
            adapted.add(Replacement(file.inside, directive.first, directive.last, None, reason, was))


def _macro(key: str) -> bool:
    return key in ("<macro", "use", "undefmacro") or "$" in key or "@" in key
