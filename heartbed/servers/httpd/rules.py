"""The rules by which one directive of a user's is replaced in the testbed, and the reason of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from heartbed.candidates.values import MOST_PROCESSES, leading_number
from heartbed.servers.httpd.lines import Directive, quoted

# A rule is given the directive and returns the new text without its indent, None to drop the line; or the
# directive's own text, to leave it.
_Rule = Callable[[Directive], str | None]


def _drop(_: Directive) -> None:
    return None


def _to(text: str) -> _Rule:
    return lambda _: text


def same(directive: Directive) -> str:
    """The directive as it stands, without its indent."""
    return f"{directive.name} {directive.arguments}".rstrip()


def _require(directive: Directive) -> str | None:
    wanted = " ".join(directive.words).lower()
    if wanted in ("all granted", "all denied"):
        return same(directive)
    if "requirenone" in directive.within:
        return "Require all denied"
    return None if wanted.startswith("not ") else "Require all granted"


def _allow(directive: Directive) -> str:
    return same(directive) if directive.arguments.lower() == "from all" else "Allow from all"


def _deny(directive: Directive) -> str | None:
    return same(directive) if directive.arguments.lower() == "from all" else None


def _ssl_engine(directive: Directive) -> str:
    return same(directive) if directive.arguments.lower() == "off" else "SSLEngine off"


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
        if name.lower() == "processes" and (leading_number(value) or 0) > MOST_PROCESSES:
            kept.append(f"processes={MOST_PROCESSES}")
        else:
            kept.append(word)
    return same(directive) if kept == given else " ".join([directive.name, *map(quoted, kept)])


_LOGS = "logs go to the container's log"
_OWN = "the testbed's own place for it"
_TLS = "TLS is off: the testbed has no certificates, and asks over HTTP"
_AUTH = "everyone may ask in the testbed"
PYTHON = "the testbed's own Python and application"

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
        (_drop, PYTHON),
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


def owner(key: str, missing: list[str]) -> str | None:
    """The module that a directive belongs to which no module of the image knows: well-known, or one of the missing."""
    for prefix, module in OTHERS:
        if key.removeprefix("<").startswith(prefix):
            return module
    return f"mod_{missing[0]}" if missing else None
