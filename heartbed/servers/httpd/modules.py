"""What the testbed's httpd can load, and which module a directive belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("directives.txt")
PACKAGED = Path(__file__).with_name("packaged.txt")
MODULES_FOLDER = "/usr/lib/apache2/modules"
MOD_WSGI = "/opt/heartbed/modules/mod_wsgi.so"

BUILT_IN = frozenset({"core", "so", "watchdog", "http", "log_config", "logio", "version", "unixd"})
"""Modules that Debian compiles into httpd: loading them is an error there, and needless."""

DISTRIBUTION = (
    *("access_compat", "alias", "auth_basic", "authn_core", "authn_file", "authz_core", "authz_groupfile"),
    *("authz_host", "authz_user", "autoindex", "deflate", "dir", "env", "expires", "filter", "headers", "mime"),
    *("negotiation", "reqtimeout", "setenvif", "status", "unique_id"),
)
"""What both Debian and Red Hat's family load unasked, as far as a site file can build on it."""

NEEDED_BY = {
    "ssl": ("socache_shmcb",),
    "proxy_balancer": ("proxy", "slotmem_shm", "lbmethod_byrequests"),
    "proxy_http": ("proxy",),
    "authnz_ldap": ("ldap",),
    "session_cookie": ("session",),
    "auth_digest": ("authn_core",),
}
"""Module -> what must be loaded before it."""

BY_PREFIX = {
    "proxy": ("proxy", "proxy_http", "proxy_uwsgi", "proxy_wstunnel"),
    "balancer": ("proxy_balancer",),
    "session": ("session_cookie",),
}
"""First letters of a directive -> modules that are loaded for it beside the one that knows it."""


WELL_KNOWN = (
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
    ("modpagespeed", "mod_pagespeed"),
    ("jk", "mod_jk"),
    ("nss", "mod_nss"),
    ("cloudflare", "mod_cloudflare"),
)
"""First letters of the directives of well-known modules that are not part of httpd."""


@cache
def table() -> dict[str, frozenset[str]]:
    """Module -> its directives, in lower case, for all modules in the image."""
    return dict(_lines(TABLE))


def _lines(table: Path) -> Iterator[tuple[str, frozenset[str]]]:
    for line in table.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            owner, _, names = line.partition(":")
            yield owner, frozenset(names.lower().split())


def packaged(directive: str) -> str | None:
    """The package of Debian's that has the module of a directive (in lower case) which the image lacks."""
    return next((package for package, names in _lines(PACKAGED) if directive in names), None)


@cache
def owners() -> dict[str, tuple[str, ...]]:
    """Directive in lower case -> the modules that know it."""
    found: dict[str, tuple[str, ...]] = {}
    for module, names in table().items():
        for name in names:
            found[name] = (*found.get(name, ()), module)
    return found


def is_known(directive: str) -> bool:
    """Whether any module of the image knows this directive."""
    return directive.lower() in owners()


def belongs_to_mpm(directive: str, mpm: str) -> bool:
    """False for a directive that other MPMs know and this one does not."""
    found = owners().get(directive.lower(), ())
    return not found or f"mpm_{mpm}" in found or not all(owner.startswith("mpm_") for owner in found)


def load_order(directives: set[str], *, base: tuple[str, ...] = DISTRIBUTION) -> list[str]:
    """Modules to load so that these directives (in lower case) are known, each after what it needs."""
    wanted = list(base)
    for name in sorted(directives):
        found = owners().get(name, ())
        if found and not any(module in ("core", "wsgi", *wanted) or module.startswith("mpm_") for module in found):
            wanted.append(found[0])
        for prefix, modules in BY_PREFIX.items():
            if name.removeprefix("<").startswith(prefix):
                wanted += modules
    ordered: list[str] = []
    for module in wanted:
        ordered += [each for each in (*NEEDED_BY.get(module, ()), module) if each in table()]
    return list(dict.fromkeys(ordered))
