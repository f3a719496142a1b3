"""What the testbed's httpd can load, and which module a directive belongs to."""

from __future__ import annotations

from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("directives.txt")
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


@cache
def table() -> dict[str, frozenset[str]]:
    """Module -> its directives, in lower case, for all modules in the image."""
    found = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            module, _, names = line.partition(":")
            found[module] = frozenset(names.lower().split())
    return found


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
