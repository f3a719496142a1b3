"""Which modules a configuration loads, which MPM, and whether it is a whole server or a part of one."""

from __future__ import annotations

import re

from heartbed.candidates.source import where
from heartbed.cells.axes import MPMS
from heartbed.errors import InputError
from heartbed.servers.httpd import modules
from heartbed.servers.httpd.lines import Directive, holds
from heartbed.servers.httpd.rules import same
from heartbed.servers.httpd.source import HttpdSource

DISTRIBUTIONS_OWN = re.compile(
    r"(^|/)(mods-enabled|mods-available|conf-enabled|conf-available|conf\.modules\.d|conf\.d|sites-enabled|"
    r"sites-available|vhosts\.d|extra|ports\.conf|envvars|magic|httpd\.conf|apache2\.conf)(/|$)"
)
"""Parts that a distribution brings. A site file that includes them is not expected to come with them."""

EVERY_SERVER_HAS = "authz_core"
"""A module without which no server does anything: files that load it load all that they need."""


def is_distributions(pattern: str) -> bool:
    """Whether an Include names what a distribution brings."""
    return bool(DISTRIBUTIONS_OWN.search(pattern))


def is_whole(source: HttpdSource) -> bool:
    """Whether the files load all of their modules; a site loads at most some beside the distribution's."""
    return any(_name(d) == EVERY_SERVER_HAS for _, d in source.all() if d.key == "loadmodule")


def is_wsgi(directive: Directive) -> bool:
    """Whether a LoadModule loads mod_wsgi."""
    return bool(directive.words) and directive.words[0].lower() == "wsgi_module"


def _name(directive: Directive) -> str:
    """``ssl`` of ``LoadModule ssl_module modules/mod_ssl.so``."""
    given = directive.words
    file = re.search(r"mod_([\w.-]+?)\.so$", given[1]) if len(given) > 1 else None
    return file[1] if file else (given[0].removesuffix("_module") if given else "")


def _mpm_of(directive: Directive) -> str | None:
    name = _name(directive)
    return name.removeprefix("mpm_") if name.startswith("mpm_") else None


def module(directive: Directive, missing: list[str]) -> tuple[str | None, str]:
    """What a LoadModule is in the copy, and why; a module that the testbed lacks is added to ``missing``."""
    if len(directive.words) != 2:
        return same(directive), ""
    name = _name(directive)
    if is_wsgi(directive):
        return None, "the testbed loads its own mod_wsgi"
    if name.startswith("mpm_"):
        return None, f"the testbed loads the MPM {name.removeprefix('mpm_')} before your file"
    if name in modules.BUILT_IN:
        return None, "built into the testbed's httpd"
    if name not in modules.table():
        missing.append(name)
        return None, f"the testbed has no mod_{name}"
    return f"LoadModule {directive.words[0]} {modules.MODULES_FOLDER}/mod_{name}.so", "where the module is here"


def asked_for(source: HttpdSource) -> tuple[str, ...]:
    """Modules that the application's own sections ask for: where they are not loaded, nothing runs it.

    The distribution's and mod_wsgi are not among them, nor is one that the image lacks.
    """
    found = [
        re.sub(r"^mod_|\.c$|_module$", "", name)
        for _, d in source.all()
        if d.key.lstrip("<").startswith("wsgi") or "wsgi-script" in d.words
        for name in d.modules
    ]
    here = set(modules.table()) - {*modules.DISTRIBUTION, *modules.BUILT_IN, "wsgi"}
    return tuple(dict.fromkeys(name for name in found if name in here and not name.startswith("mpm_")))


def mpm(source: HttpdSource) -> str | None:
    """The MPM that the files load. Raises ``InputError`` for two."""
    found = [
        (file, d, mpm)
        for file, d in source.all()
        if d.key == "loadmodule" and (mpm := _mpm_of(d)) and holds(d, source.variables_at(file, d))
    ]
    certain = [each for each in found if not any(name != "ifdefine" for name in each[1].within)]
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
