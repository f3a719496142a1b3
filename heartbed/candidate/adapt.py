"""What is replaced in the copy of a user's configuration so that httpd can run it in the testbed, and why.

Line for line: a replacement takes as many lines as what it stands for, so
that a line that httpd complains of is the user's own line.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from heartbed.candidate import modules
from heartbed.candidate.lines import Directive, directives, quoted
from heartbed.candidate.source import Source, SourceFile, where
from heartbed.errors import InputError

COPY = "/opt/heartbed/candidate"
"""Where copies are in the container: a folder for each candidate, with the user's files in ``files`` beneath it."""

FILES = "${HEARTBED_FILES}"
"""The user's files within it; the main file defines the variable."""

MOST_PROCESSES = 2
"""Daemon processes that the testbed runs of one configuration. They are alike: more would show nothing else."""


@dataclass(frozen=True)
class Replacement:
    """Lines of a user's file that read otherwise in the copy. ``text`` is the new line, None for no line at all."""

    file: str
    first: int
    last: int
    text: str | None
    reason: str
    was: str


@dataclass
class Adapted:
    """A configuration made ready for the testbed."""

    source: Source
    mpm: str | None
    """The MPM that the files load; None when they leave it to the distribution."""
    own_modules: bool
    """Whether the files load their modules themselves."""
    replacements: list[Replacement] = field(default_factory=list)
    missing_modules: list[str] = field(default_factory=list)

    def add(self, replacement: Replacement) -> None:
        """Replace, also what was replaced before."""
        same = [r for r in self.replacements if (r.file, r.first) == (replacement.file, replacement.first)]
        for old in same:
            self.replacements.remove(old)
        self.replacements.append(replacement)

    def text(self, file: SourceFile) -> list[str]:
        """The lines of the copy of one file."""
        lines = list(file.lines)
        for each in self.replacements:
            if each.file == file.inside:
                lines[each.first - 1 : each.last] = _in_place(each)
        return lines

    def diff(self) -> str:
        """All that was replaced, as a unified diff; empty when nothing was."""
        return "".join(diff(file, list(file.lines), self.text(file)) for file in self.source.files)


def _in_place(each: Replacement) -> list[str]:
    count = each.last - each.first + 1
    note = f"# {each.was}"
    first = note if each.text is None else each.text
    return [first, *["#"] * (count - 1)]


def diff(file: SourceFile, before: list[str], after: list[str], *, note: str = "in the testbed") -> str:
    """A unified diff of one file, without context."""
    name = file.shown
    told = difflib.unified_diff(before, after, name, f"{name} ({note})", lineterm="", n=0)
    return "".join(f"{line}\n" for line in told)


# A rule is given the directive and returns the new text without its indent, None to drop the line; or the
# directive's own text, to leave it.
_Rule = Callable[[Directive], str | None]


def _drop(_: Directive) -> None:
    return None


def _to(text: str) -> _Rule:
    return lambda _: text


def _same(directive: Directive) -> str:
    return f"{directive.name} {directive.arguments}".rstrip()


def _require(directive: Directive) -> str | None:
    wanted = " ".join(directive.words).lower()
    if wanted in ("all granted", "all denied"):
        return _same(directive)
    if "requirenone" in directive.within:
        return "Require all denied"
    return None if wanted.startswith("not ") else "Require all granted"


def _allow(directive: Directive) -> str:
    return _same(directive) if directive.arguments.lower() == "from all" else "Allow from all"


def _deny(directive: Directive) -> str | None:
    return _same(directive) if directive.arguments.lower() == "from all" else None


def _ssl_engine(directive: Directive) -> str:
    return _same(directive) if directive.arguments.lower() == "off" else "SSLEngine off"


NOT_HERE = frozenset(
    {
        *("user", "group", "supplementary-groups", "home", "chroot", "python-home", "python-path", "python-eggs"),
        *("socket-user", "script-user", "script-group", "threads-priority"),
    }
)
"""Options of WSGIDaemonProcess that name users, folders and a Python of the user's machine."""


def _daemon(directive: Directive) -> str:
    kept = []
    given = directive.words
    for word in given:
        name, _, value = word.partition("=")
        if name.lower() in NOT_HERE:
            continue
        if name.lower() == "processes" and value.isdigit() and int(value) > MOST_PROCESSES:
            kept.append(f"processes={MOST_PROCESSES}")
        else:
            kept.append(word)
    return _same(directive) if kept == given else " ".join([directive.name, *map(quoted, kept)])


_LOGS = "logs go to the container's log"
_OWN = "the testbed's own place for it"
_TLS = "TLS is off: the testbed has no certificates, and asks over HTTP"
_AUTH = "everyone may ask in the testbed"
_PYTHON = "the testbed's own Python and application"

RULES: Mapping[str, tuple[_Rule, str]] = {
    "listen": (_drop, "the testbed listens on port 8080"),
    **dict.fromkeys(("user", "group", "chrootdir", "suexec"), (_drop, "httpd runs as an ordinary user")),
    "errorlog": (_to('ErrorLog "/dev/stderr"'), _LOGS),
    **dict.fromkeys(("errorlogformat", "customlog", "transferlog", "globallog", "forensiclog"), (_drop, _LOGS)),
    **dict.fromkeys(
        (
            *("serverroot", "pidfile", "mutex", "defaultruntimedir", "coredumpdirectory", "scoreboardfile"),
            *("lockfile", "wsgisocketprefix", "typesconfig", "mimemagicfile", "loadfile"),
        ),
        (_drop, _OWN),
    ),
    **dict.fromkeys(
        (
            *("wsgipythonhome", "wsgipythonpath", "wsgipythoneggs", "wsgiauthuserscript", "wsgiauthgroupscript"),
            *("wsgiaccessscript", "wsgidispatchscript"),
        ),
        (_drop, _PYTHON),
    ),
    "wsgidaemonprocess": (_daemon, f"users and folders of another machine; {MOST_PROCESSES} processes show it all"),
    "require": (_require, _AUTH),
    "allow": (_allow, _AUTH),
    "deny": (_deny, _AUTH),
    "satisfy": (_drop, _AUTH),
    "sslengine": (_ssl_engine, _TLS),
}

DROPPED_PREFIXES = (
    ("sslcertificate", _TLS),
    ("sslca", _TLS),
    ("sslverify", _TLS),
    ("sslrequire", _TLS),
    ("sslstapling", _TLS),
    ("sslusestapling", _TLS),
    ("sslsession", _TLS),
    ("sslrandomseed", _TLS),
    ("sslpassphrase", _TLS),
    ("sslocsp", _TLS),
    ("sslcryptodevice", _TLS),
    ("sslopenssl", _TLS),
    ("sslproxy", _TLS),
    ("sslsrp", _TLS),
    ("auth", _AUTH),
    ("anonymous", _AUTH),
)
"""First letters of directives that need files of the user's machine, or a login."""


def adapt(source: Source) -> Adapted:
    """Apply every rule. Raises ``InputError`` for a directive that no module of the image knows."""
    own = [d for _, d in source.all() if d.key == "loadmodule" and not _is_wsgi(d)]
    adapted = Adapted(source, mpm=_mpm(source), own_modules=any(not _mpm_of(d) for d in own))
    for file, directive in source.all():
        if directive.name.startswith("</"):
            continue
        for text, reason in _changes(adapted, file, directive):
            if text is None or text != _same(directive):
                new = None if text is None else directive.indent + text
                was = f"{directive.indent}{_same(directive)}"
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


def _changes(adapted: Adapted, file: SourceFile, directive: Directive) -> Iterator[tuple[str | None, str]]:
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
            yield None, _PYTHON
    else:
        for prefix, reason in DROPPED_PREFIXES:
            if key.startswith(prefix):
                yield None, reason
                return


def _include(source: Source, file: SourceFile, directive: Directive) -> tuple[str | None, str]:
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


def _module(adapted: Adapted, directive: Directive) -> tuple[str | None, str]:
    if len(directive.words) != 2:
        return _same(directive), ""
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


def _mpm(source: Source) -> str | None:
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
    if chosen and chosen not in modules.MPMS:
        raise InputError(f"the MPM {chosen!r} is not one of {', '.join(modules.MPMS)}")
    return chosen


def _refuse_unknown(adapted: Adapted) -> None:
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
        owner = _owner(key, adapted.missing_modules)
        if owner is None:
            raise InputError(
                f"{where(file, directive.first)}: no module of httpd or of the testbed knows {directive.name!r}",
                hint=f"a misspelling, or a module that is not here; set it aside with a # and check again: "
                f"{_same(directive)[:100]}",
            )
        if not key.startswith("<"):
            was = f"{directive.indent}{_same(directive)}"
            reason = f"the testbed has no {owner}"
            adapted.add(Replacement(file.inside, directive.first, directive.last, None, reason, was))


OTHERS = (
    ("oidc", "mod_auth_openidc"),
    ("oauth", "mod_auth_openidc"),
    ("mellon", "mod_auth_mellon"),
    ("shib", "mod_shib"),
    ("gssapi", "mod_auth_gssapi"),
    ("krb", "mod_auth_kerb"),
    ("sec", "mod_security2"),
    ("modsecurity", "mod_security2"),
    ("evasive", "mod_evasive"),
    ("dos", "mod_evasive"),
    ("php", "mod_php"),
    ("qs_", "mod_qos"),
    ("passenger", "mod_passenger"),
    ("pagespeed", "mod_pagespeed"),
    ("jk", "mod_jk"),
)
"""First letters of the directives of well-known modules that are not part of httpd."""


def _owner(key: str, missing: list[str]) -> str | None:
    for prefix, module in OTHERS:
        if key.removeprefix("<").startswith(prefix):
            return module
    return f"mod_{missing[0]}" if missing else None


def _macro(key: str) -> bool:
    return key in ("<macro", "use", "undefmacro") or "$" in key or "@" in key
