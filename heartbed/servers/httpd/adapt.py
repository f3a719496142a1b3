"""What is replaced in the copy of a user's configuration so that httpd can run it in the testbed, and why."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from heartbed.candidates.adapted import Adapted, Replacement
from heartbed.candidates.source import SourceFile, where
from heartbed.candidates.values import can_hold_a_script
from heartbed.errors import InputError
from heartbed.servers.httpd import loading, modules
from heartbed.servers.httpd.lines import Directive, directives, expand
from heartbed.servers.httpd.patterns import takes_slash
from heartbed.servers.httpd.rules import (
    AUTH,
    BALANCER,
    DROPPED_PREFIXES,
    OWN_CALLABLE,
    PROVIDERS,
    PYTHON,
    RULES,
    daemon,
    is_misplaced,
    over_tls,
    owner,
    same,
    with_options,
)
from heartbed.servers.httpd.source import HttpdSource

FILES = "${HEARTBED_FILES}"
"""The user's files within it; the main file defines the variable."""

SCRIPTS = ("wsgiscriptalias", "wsgiscriptaliasmatch", "wsgihandlerscript")
CALLABLE = "callable-object"
GLOBAL = "%{GLOBAL}"


@dataclass
class HttpdAdapted(Adapted):
    """A configuration of httpd's made ready for the testbed."""

    source: HttpdSource
    mpm: str | None = None
    """The MPM that the files load; None when they leave it to the distribution."""
    whole: bool = False
    """Whether the files are a whole server, which loads all of its modules itself."""
    missing_modules: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    """Folders of the user's machine that httpd wants to exist."""
    notes: list[str] = field(default_factory=list)
    """What is to be said of it beside the replacements."""

    def put(self, file: SourceFile, directive: Directive, text: str | None, reason: str) -> None:
        """Have a directive read otherwise; ``text`` is without its indent, None for no line."""
        if text is None or text != same(directive):
            new = None if text is None else directive.indent + text
            was = f"{directive.indent}{same(directive)}"
            self.add(Replacement(file.inside, directive.first, directive.last, new, reason, was))

    def in_main_interpreter(self) -> HttpdAdapted:
        """A copy in which no line chooses a sub-interpreter."""
        found = self.copied()
        reason = "the main interpreter, in which alone extension modules are sure to work"
        for file, d in self.source.all():
            if (file.inside, d.first) in self.dropped:
                continue
            if d.key == "wsgiapplicationgroup":
                found.put(file, d, f"{d.name} {GLOBAL}", reason)
            elif d.key in (*SCRIPTS, "wsgiimportscript") and "application-group=" in d.arguments:
                found.put(file, d, f"{d.name} {with_options(d, 'application-group', GLOBAL)}", reason)
        return found


def adapt(source: HttpdSource, *, own_application: bool = False) -> HttpdAdapted:
    """Apply every rule. Raises ``InputError`` for a directive that no module of the image knows.

    With ``own_application`` the callable is the user's, and its name too.
    """
    adapted = HttpdAdapted(source, mpm=loading.mpm(source), whole=loading.is_whole(source))
    adapted.notes += [*source.links, *_told_absent(source)]
    for file, directive in source.all():
        if directive.name.startswith("</"):
            continue
        for text, reason in _changes(adapted, file, directive):
            adapted.put(file, directive, text, reason)
        if not own_application and directive.key in SCRIPTS and CALLABLE in directive.arguments:
            adapted.put(file, directive, f"{directive.name} {with_options(directive, CALLABLE, None)}", OWN_CALLABLE)
        if not own_application and directive.key == "wsgicallableobject":
            adapted.put(file, directive, None, OWN_CALLABLE)
    _set_aside(adapted)
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
    if is_misplaced(directive):
        return
    if key in _WITH_THE_FILES:
        yield _WITH_THE_FILES[key](adapted, file, directive)
    elif key in RULES:
        rule, reason = RULES[key]
        yield rule(directive), reason
    elif dropped := next((reason for prefix, reason in DROPPED_PREFIXES if key.startswith(prefix)), None):
        yield None, dropped


def _include(adapted: HttpdAdapted, file: SourceFile, directive: Directive) -> tuple[str | None, str]:
    source, here = adapted.source, (file.inside, directive.first)
    pattern = source.includes.get(here)
    if directive.key == "use":
        return f'Include "{FILES}/{pattern}"' if pattern else same(directive), "the macro, written out"
    if pattern is not None:
        return f'{directive.name} "{FILES}/{pattern}"', "the copy of what it includes"
    if here not in source.absent:
        return same(directive), ""  # it stands in an <IfDefine> that does not hold
    if loading.is_distributions(expand(directive.words[0], source.variables_at(file, directive))):
        return None, "it is not here: the testbed brings what a distribution's own files would"
    return None, "it is not here"


def _told_absent(source: HttpdSource) -> Iterator[str]:
    """What is said of lines that include what is not here: in one sentence where the reason is one."""
    together: dict[tuple[SourceFile, str], list[Directive]] = {}
    for file, d in source.all():
        why = source.absent.get((file.inside, d.first))
        if not why or loading.is_distributions(expand(d.words[0], source.variables_at(file, d))):
            continue
        if d.key == "include" or why.startswith("outside"):
            together.setdefault((file, why), []).append(d)
    for (file, why), lines in together.items():
        at = ", ".join(str(d.first) for d in lines)
        names = ", ".join(dict.fromkeys(d.words[0] for d in lines))
        several = len(lines) > 1
        what = (
            "are set aside, with whatever they say: they are"
            if several
            else "is set aside, with whatever it says: it is"
        )
        yield f"{file.shown}:{at}: {names} {what} {why}"


def _import_script(adapted: HttpdAdapted, _: SourceFile, directive: Directive) -> tuple[str | None, str]:
    scripts = {word for _, d in adapted.source.all() if d.key in SCRIPTS for word in d.words[1:2]}
    return (same(directive) if directive.words[:1] and directive.words[0] in scripts else None), PYTHON


def _slash(adapted: HttpdAdapted, file: SourceFile, directive: Directive) -> tuple[str | None, str]:
    """A pattern that takes a slash which would part the script from the path behind it: it is left to the path."""
    pattern, script, *_ = [*directive.words, "", ""]
    if not takes_slash(pattern, script):
        return same(directive), ""
    adapted.notes.append(
        f"{where(file, directive.first)}: {pattern} takes the slash behind which the path begins: mod_wsgi looks for "
        f"{script}... with the path behind it, without a slash, and answers 404; the copy leaves the slash to the path"
    )
    shorter = directive.arguments.replace(pattern, pattern.removesuffix("/"), 1)
    return f"{directive.name} {shorter}", "the slash is left to the path"


def _document_root(adapted: HttpdAdapted, file: SourceFile, directive: Directive) -> tuple[str | None, str]:
    """A folder that httpd wants to exist: an empty one is made at its place."""
    if not directive.words:
        return same(directive), ""
    source = adapted.source
    path = expand(directive.words[0], source.variables_at(file, directive))
    absolute = path if path.startswith("/") else f"{source.server_root or '/etc/apache2'}/{path}"
    if "${" in absolute or not can_hold_a_script(f"{absolute.rstrip('/')}/x"):
        return f'{directive.name} "/run/heartbed"', "that folder cannot be had here"
    adapted.folders.append(absolute.rstrip("/"))
    adapted.notes.append(f"{where(file, directive.first)}: {directive.name} {absolute} is there without your files")
    text = same(directive) if path == absolute else f'{directive.name} "{absolute}"'
    return text, "as ServerRoot has it"


_WITH_THE_FILES: Mapping[str, Callable[[HttpdAdapted, SourceFile, Directive], tuple[str | None, str]]] = {
    **dict.fromkeys(("include", "includeoptional", "use"), _include),
    "loadmodule": lambda adapted, _, directive: loading.module(directive, adapted.missing_modules),
    "documentroot": _document_root,
    "wsgiimportscript": _import_script,
    "wsgiscriptaliasmatch": _slash,
    **dict.fromkeys(("<if", "<elseif"), lambda _, __, directive: (over_tls(directive, "'"), BALANCER)),
    "wsgidaemonprocess": lambda adapted, file, directive: daemon(
        directive, adapted.source.variables_at(file, directive)
    ),
}
"""Rules that need more than the directive itself."""


def _set_aside(adapted: HttpdAdapted) -> None:
    """Set aside what belongs to a module that is not here, or says who may ask; refuse what belongs to none.

    A directive that no module of the image knows is taken to be of a missing
    module that the files load. Without one it is an error, as it is to httpd.
    """
    for file, directive in adapted.source.all():
        key = directive.key
        if key in PROVIDERS:
            _section(adapted, file, directive, AUTH)
        if key.startswith("</") or modules.is_known(key) or _macro(key):
            continue
        if any(each in ("ifmodule", "ifdefine", "iffile", "ifdirective", "ifversion") for each in directive.within):
            # httpd itself decides whether this is read at all.
            continue
        reason = owner(key, adapted.missing_modules)
        if reason is None:
            raise _unknown(file, directive)
        if not key.startswith("<"):
            adapted.put(file, directive, None, reason)
        else:
            _section(adapted, file, directive, reason)


def _section(adapted: HttpdAdapted, file: SourceFile, opening: Directive, reason: str) -> None:
    """Set a whole section aside."""
    for each in adapted.source.of(file):
        if each.first >= opening.first:
            adapted.put(file, each, None, reason)
            if each.key == f"</{opening.key[1:]}>" and len(each.within) == len(opening.within):
                return


def _unknown(file: SourceFile, directive: Directive) -> InputError:
    near = difflib.get_close_matches(directive.key, modules.owners(), n=1, cutoff=0.8)
    return InputError(
        f"{where(file, directive.first)}: no module of httpd or of the testbed knows {directive.name!r}"
        + (f"; is {near[0]} meant?" if near else ""),
        hint=f"a misspelling, or a module that is not here; set it aside with a # and check again: "
        f"{same(directive)[:100]}",
    )


def _macro(key: str) -> bool:
    return key in ("<macro", "use", "undefmacro") or "$" in key or "@" in key
