"""The rules by which one directive of a user's is replaced in the testbed, and the reason of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from heartbed.candidates.values import MOST_PROCESSES, leading_number
from heartbed.servers.httpd import modules
from heartbed.servers.httpd.lines import Directive, Option, expand, options

# A rule is given the directive and returns the new text without its indent, None to drop the line; or the
# directive's own text, to leave it.
_Rule = Callable[[Directive], str | None]

FEWER_PROCESSES = f"{MOST_PROCESSES} processes show it all"


def _drop(_: Directive) -> None:
    return None


def _to(text: str) -> _Rule:
    return lambda _: text


def same(directive: Directive) -> str:
    """The directive as it stands, without its indent."""
    text = f"{directive.name} {directive.arguments}".rstrip()
    return f"{text}>" if directive.name.startswith("<") and not directive.name.startswith("</") else text


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


def daemon(directive: Directive, variables: Mapping[str, str] = MappingProxyType({})) -> tuple[str, str]:
    """A daemon process group as it is in the copy, and what of it is replaced; with the values of variables in it."""
    text, expanded = directive.arguments, expand(directive.arguments, variables)
    if [option.name for option in options(text)] != [option.name for option in options(expanded)]:
        text = expanded  # a variable has whole options in it
    own = more = False
    for option in options(text):
        if option.name in NOT_HERE:
            text, own = _without(text, option), True
        elif option.name == "processes" and _number(option.value, variables) > MOST_PROCESSES:
            text, more = text.replace(option.written, f"processes={MOST_PROCESSES}"), True
    reasons = ["users, folders or a Python of another machine"] * own + [FEWER_PROCESSES] * more
    return f"{directive.name} {text}".rstrip(), "; ".join(reasons) or "its options, written out"


def _number(value: str, variables: Mapping[str, str]) -> int:
    return leading_number(expand(value, variables)) or 0


def _without(text: str, option: Option) -> str:
    before, _, after = text.partition(option.written)
    return f"{before.rstrip()} {after.lstrip()}".strip()


def over_tls(directive: Directive, quote: str = "") -> str:
    """What a condition asks of TLS, as it is where TLS ends before the request comes here."""
    text = same(directive)
    for name, value in OVER_TLS.items():
        if name != "SERVER_PORT" or WEB_PORTS.search(text):
            text = re.sub(rf"%\{{{name}\}}", f"{quote}{value}{quote}", text, flags=re.IGNORECASE)
    return text


def _rewrite_map(directive: Directive) -> str | None:
    return same(directive) if directive.words[1:2] and directive.words[1].startswith("int:") else None


def with_options(directive: Directive, name: str, value: str | None) -> str:
    """The arguments of one of mod_wsgi's directives with an option set otherwise where it has it, or without it."""
    text = directive.arguments
    for option in options(text):
        if option.name == name:
            text = _without(text, option) if value is None else text.replace(option.written, f"{name}={value}")
    return text


_LOGS = "logs go to the container's log"
_OWN = "the testbed's own place for it"
_TLS = "TLS is off: the testbed has no certificates, and asks over HTTP"
AUTH = "everyone may ask in the testbed"
PYTHON = "the testbed's own Python and application"
BALANCER = "asked as by a load balancer that has ended TLS"

OVER_TLS = {"HTTPS": "on", "REQUEST_SCHEME": "https", "SERVER_PORT": "443"}
"""What conditions ask to know whether the request came over TLS, and the answer when it did."""

WEB_PORTS = re.compile(r"\b(443|80)\b")
"""A condition on another port asks something else."""

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
    "wsgidaemonprocess": (lambda directive: daemon(directive)[0], FEWER_PROCESSES),
    "require": (_require, AUTH),
    "allow": (_allow, AUTH),
    "deny": (_deny, AUTH),
    "satisfy": (_drop, AUTH),
    "sslengine": (_ssl_engine, _TLS),
    "rewritecond": (over_tls, BALANCER),
    "rewritemap": (_rewrite_map, "its file or program is of another machine"),
    "remoteiptrustedproxylist": (_drop, _OWN),
    "remoteipinternalproxylist": (_drop, _OWN),
}

MAIN_SERVER_ONLY = frozenset(
    {
        *("listen", "user", "group", "chrootdir", "serverroot", "pidfile", "mutex", "defaultruntimedir"),
        *("coredumpdirectory", "scoreboardfile", "wsgisocketprefix", "wsgipythonhome", "wsgipythonpath"),
        "wsgipythoneggs",
    }
)
"""Directives that httpd refuses in a virtual host or a folder: there it is left to say so."""

SECTIONS = frozenset({"virtualhost", "directory", "directorymatch", "location", "locationmatch", "files", "filesmatch"})

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
    ("auth", AUTH),
    ("anonymous", AUTH),
    ("md", _TLS),
)
"""First letters of directives that need files of the user's machine, or a login."""


PROVIDERS = ("<authnprovideralias", "<authzprovideralias")
"""Sections that name a way to tell who asks, which may be a module's that is not here."""

OWN_CALLABLE = "the testbed's own application is called application"

GONE = frozenset(
    {
        *("wsgilazyinitialization", "wsgipy3kwarningflag", "wsgiuserauthoritative"),
        *("wsginewrelicconfigfile", "wsginewrelicenvironment"),
    }
)
"""Directives of mod_wsgi 5 and before that 6 does not have: read from the releases' own sources."""


def is_misplaced(directive: Directive) -> bool:
    """Whether httpd refuses a directive where it stands."""
    return directive.key in MAIN_SERVER_ONLY and not SECTIONS.isdisjoint(directive.within)


def owner(key: str, missing: Sequence[str]) -> str | None:
    """Where a directive is from that no module of the image knows; None where that cannot be told."""
    name = key.removeprefix("<")
    if name in GONE:
        return "a directive of mod_wsgi 5 and before: mod_wsgi 6, which is here, has none of this name"
    if package := modules.packaged(name):
        return f"a directive of Debian's {package}, which the testbed does not have"
    for prefix, module in modules.WELL_KNOWN:
        if name.startswith(prefix):
            return f"the testbed has no {module}"
    if missing:
        names = " or ".join(f"mod_{each}" for each in missing)
        return f"taken to be of {names}, which the testbed does not have"
    return None
