"""What is to be said of a configuration beside its verdict: what it does without saying so, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from heartbed.candidates.source import where
from heartbed.candidates.values import leading_number
from heartbed.servers.httpd.lines import VARIABLE, expand, options, words
from heartbed.servers.httpd.place import at
from heartbed.servers.httpd.prepared import HttpdPrepared
from heartbed.servers.httpd.shape import children, in_scope, names_group

READ_FROM_PROCESS = ("OS_", "EVENTLET_")
"""What the names of variables begin with that nova, oslo.config and eventlet read when they are loaded."""

DEFAULT_CHILDREN = {"prefork": 5, "event": 3, "worker": 3}
"""httpd's own StartServers, as it is compiled in."""

DEBIAN_CHILDREN = {"prefork": 5, "event": 2, "worker": 2}
"""StartServers of Debian's mods-available/mpm_*.conf."""

RESTARTS = {
    "inactivity-timeout": "after {} s without a request mod_wsgi restarts the process",
    "restart-interval": "mod_wsgi restarts the process {} s after its start, also while it idles",
}
"""Options of a WSGIDaemonProcess that end its processes after a time, and when they do."""


def findings(prepared: HttpdPrepared, unset: Sequence[str], beside: Sequence[str]) -> tuple[str, ...]:
    """All of them, the most telling first.

    ``unset`` are variables that nobody has set, ``beside`` is what else the
    configuration runs, in words.
    """
    return (
        *_restarts(prepared),
        *_interpreter(prepared),
        *_unused(prepared),
        *_children(prepared),
        *_without_effect(prepared),
        *_asked_as(prepared),
        *_root(prepared),
        *_told_whole(prepared),
        *_of_root(prepared),
        *prepared.draft.adapted.notes,
        *_unset(prepared, unset),
        *beside,
    )


def _restarts(prepared: HttpdPrepared) -> Iterator[str]:
    """What has mod_wsgi restart the processes that the application runs in, maybe later than a run lasts."""
    for node in prepared.root.walk():
        given = expand(node.arguments, prepared.source.variables) if node.name == "wsgidaemonprocess" else ""
        if not prepared.shape.group or words(given)[:1] != [prepared.shape.group]:
            continue
        values = {option.name: leading_number(option.value) or 0 for option in options(given)}
        for name, when in RESTARTS.items():
            if after := values.get(name, 0):
                yield (
                    f"{at(prepared.draft, node)}: {name}={after}: {when.format(after)}, and its connections to "
                    "RabbitMQ end with it, whatever its threads do: what is kept here is kept until then, and the "
                    "next request starts anew"
                )


def _interpreter(prepared: HttpdPrepared) -> Iterator[str]:
    if not prepared.in_force.interpreter:
        return
    scope = in_scope(prepared.root, prepared.shape.application)
    name = prepared.in_force.interpreter
    lines = [node for node in scope if node.name == "wsgiapplicationgroup" and node.words == [name]]
    what = (
        f"{at(prepared.draft, lines[-1])}: WSGIApplicationGroup {name}"
        if lines
        else "no WSGIApplicationGroup %{GLOBAL} is in force for it"
    )
    yield (
        f"{what}: mod_wsgi runs the application in a sub-interpreter of Python's, in which some extension modules "
        "refuse to be imported (those made with PyO3, as bcrypt and cryptography) and others may misbehave, and each "
        "such interpreter is another copy of the application; the copy has %{GLOBAL}, where neither is to be feared, "
        "and the verdict is that of the main interpreter: the sub-interpreter is not played"
    )


def _unused(prepared: HttpdPrepared) -> Iterator[str]:
    """Daemon processes that the application does not run in; that nothing does can be said where nothing names them."""
    node = prepared.shape.unused
    if node is None:
        return
    name, draft = node.words[0], prepared.draft
    runs = f"in the processes {prepared.shape.group}" if prepared.shape.group else "in httpd's own children"
    naming = [each for each in prepared.root.walk() if names_group(each, name)]
    if naming:
        yield (
            f"{at(draft, node)}: the daemon processes {name} are named at {at(draft, naming[0])}, but not in force for "
            f"the URLs that are asked here, which run {runs}"
        )
    else:
        yield (
            f"{at(draft, node)}: nothing runs in the daemon processes {name}: no WSGIProcessGroup names them, and the "
            f"application runs {runs}"
        )


def _children(prepared: HttpdPrepared) -> Iterator[str]:
    made = prepared.shape
    if made.mode != "embedded":
        return
    asked = children(prepared.root)
    starts = asked or DEFAULT_CHILDREN[made.mpm]
    if starts > made.processes:
        by = "by StartServers" if asked else f"by {_whose_default(prepared)}"
        yield (
            f"httpd starts {starts} children {by}, and more or fewer as it is asked: {made.processes} here, since "
            "they are alike; one that it reaps takes its connections with it"
        )


def _whose_default(prepared: HttpdPrepared) -> str:
    """The default is httpd's own in a whole server; a distribution's own files, which are not here, may set another."""
    if prepared.draft.adapted.whole:
        return "its own default"
    mpm = prepared.shape.mpm
    return f"its own default (StartServers {DEBIAN_CHILDREN[mpm]} in Debian's mpm_{mpm}.conf, which is not here)"


def _without_effect(prepared: HttpdPrepared) -> Iterator[str]:
    """Variables that are set where neither nova nor oslo.config looks, or where the testbed has none."""
    for file, d in prepared.source.all():
        read = [name for name in d.words if name.startswith(READ_FROM_PROCESS)]
        if d.key == "passenv" and read:
            yield (
                f"{where(file, d.first)}: {d.name} takes {', '.join(read)} from httpd's own environment, where the "
                "process reads it too: in the testbed it is not set (--model and --oslo-config say what it does)"
            )
        elif d.key == "setenv" and read[:1] == d.words[:1] != []:
            yield (
                f"{where(file, d.first)}: {d.name} {d.words[0]} is told with each request, and does not reach the "
                f"environment of the process, where it is read (Debian: export {d.words[0]}=... in "
                f"/etc/apache2/envvars; Red Hat, systemctl edit httpd: Environment={d.words[0]}=... under [Service])"
            )


def _asked_as(prepared: HttpdPrepared) -> Iterator[str]:
    if told := prepared.in_force.headers:
        words = ", ".join(f"{name}: {value}" for name, value in told.items())
        yield f"without more the request is redirected or refused: it is asked with {words}, as behind a load balancer"


def _root(prepared: HttpdPrepared) -> Iterator[str]:
    if not prepared.in_force.has_root:
        root = f"{prepared.in_force.mount}/"
        yield f"{root} is another's, or runs elsewhere: the application is asked for its other pages"


def _told_whole(prepared: HttpdPrepared) -> Iterator[str]:
    if prepared.in_force.told_whole:
        alias = prepared.shape.application.alias
        yield (
            f"{at(prepared.draft, alias)}: {alias.words[0]} matches whole URLs: httpd tells the application no path "
            "(PATH_INFO is empty), and all of the URL as SCRIPT_NAME; here it is told the path that was asked for"
        )


def _of_root(prepared: HttpdPrepared) -> Iterator[str]:
    application = prepared.shape.application
    if application.script.startswith("/root/"):
        yield (
            f"{at(prepared.draft, application.alias)}: the script lies in /root, where on most machines nobody but "
            "root gets in, and httpd answers with 403; here it gets in"
        )


def _unset(prepared: HttpdPrepared, names: Sequence[str]) -> Iterator[str]:
    source = prepared.source
    for name in names:
        lines = [where(f, d.first) for f, d in source.all() if name in VARIABLE.findall(f"{d.name} {d.arguments}")]
        yield f"{lines[0] if lines else source.main.shown}: ${{{name}}} is not set here: --define {name}=VALUE sets it"
