"""Single changes to a candidate: how each is made, the lines that it takes, and what it costs elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from heartbed.candidate import modules
from heartbed.candidate.prepared import Prepared
from heartbed.candidate.shape import THREADS_PER_CHILD, Shape

DAEMON = "heartbed-app"
OPTION_GONE = (18,)
"""First oslo.messaging without ``heartbeat_in_pthread``."""

OPTION_NEW = (10, 1)
"""First oslo.messaging with it."""

ENVIRONMENT = """\
# The environment of httpd's own process; SetEnv does not reach it.
# Debian: a line in /etc/apache2/envvars. Red Hat: systemctl edit httpd, under [Service]: Environment=...
"""


@dataclass(frozen=True)
class Edit:
    """Lines of a user's file put otherwise. ``text`` may have several lines."""

    inside: str
    first: int
    last: int
    text: str


@dataclass(frozen=True)
class Variant:
    """The candidate as some changes would have it."""

    shape: Shape
    model: str
    thread: str
    oslo: str
    heartbeat_s: int | None
    edits: tuple[Edit, ...] = ()
    settings: tuple[str, ...] = ()
    """Lines to change that are not in the user's file."""


@dataclass(frozen=True)
class Change:
    """One change. ``price`` is what it costs elsewhere, empty for nothing; ``apply`` makes it."""

    key: str
    what: str
    price: str
    apply: Callable[[Variant], Variant]


def changes(prepared: Prepared, oslo_versions: Sequence[str]) -> list[Change]:
    """The single changes, the most promising first."""
    own = prepared.candidate
    found: list[Change] = []
    if own.model == "eventlet":
        found.append(_native())
        if own.thread == "green" and OPTION_NEW <= number(own.oslo) < OPTION_GONE:
            found.append(_pthread())
    else:
        found.append(_eventlet())
    found += [_mpm(prepared, mpm) for mpm in modules.MPMS if mpm != own.server]
    found.append(_embedded(prepared) if own.mode == "daemon" else _daemon(prepared))
    if own.thread_count > 1:
        found.append(_one_thread(prepared))
    found += [_oslo(prepared, version) for version in oslo_versions if version != own.oslo]
    beat = prepared.draft.wishes.heartbeat_s
    if own.heartbeat_s != 0 and beat > 1:
        found.append(_heartbeat(beat, max(1, beat // 2)))
    return found


def number(version: str) -> tuple[int, ...]:
    """A version that can be compared."""
    return tuple(int(part) for part in version.split("."))


def _native() -> Change:
    line = "OS_NOVA_DISABLE_EVENTLET_PATCHING=true"
    return Change(
        "native",
        "native threads instead of eventlet",
        "another thread model: the application must be made for it (nova is from 2026.1 on, and can be asked before), "
        "and it serves as many requests at a time as it has processes and threads",
        lambda v: replace(v, model="native", thread="green", settings=(*v.settings, ENVIRONMENT + line)),
    )


def _eventlet() -> Change:
    line = "OS_NOVA_DISABLE_EVENTLET_PATCHING=false"
    return Change(
        "eventlet",
        "eventlet instead of native threads",
        "eventlet is being retired from OpenStack",
        lambda v: replace(v, model="eventlet", settings=(*v.settings, ENVIRONMENT + line)),
    )


def _pthread() -> Change:
    setting = "# nova.conf\n[oslo_messaging_rabbit]\nheartbeat_in_pthread = true"
    return Change(
        "pthread",
        "heartbeat_in_pthread = true",
        "deprecated since oslo.messaging 14.9.0 and gone in 18.0.0, where setting it does nothing: the next upgrade "
        "undoes it; nova-operator switches it off because of hangs",
        lambda v: replace(v, thread="pthread", settings=(*v.settings, setting)),
    )


def _mpm(prepared: Prepared, mpm: str) -> Change:
    def apply(v: Variant) -> Variant:
        loads = [
            Edit(file.inside, d.first, d.last, f"{d.indent}LoadModule mpm_{mpm}_module modules/mod_mpm_{mpm}.so")
            for file, d in prepared.draft.source.all()
            if d.key == "loadmodule" and d.words and d.words[0].lower() == f"mpm_{v.shape.mpm}_module"
        ]
        threads = v.shape.threads
        if v.shape.mode == "embedded":
            threads = 1 if mpm == "prefork" else THREADS_PER_CHILD
        setting = (
            f"# Debian: a2dismod mpm_{v.shape.mpm} && a2enmod mpm_{mpm}\n"
            f"# Red Hat, conf.modules.d/00-mpm.conf: LoadModule mpm_{mpm}_module modules/mod_mpm_{mpm}.so"
        )
        return replace(
            v,
            shape=replace(v.shape, mpm=mpm, threads=threads),
            edits=(*v.edits, *loads),
            settings=v.settings if loads else (*v.settings, setting),
        )

    return Change(mpm, f"MPM {mpm}", "the MPM is the whole server's: every other site on it changes too", apply)


def _embedded(prepared: Prepared) -> Change:
    def apply(v: Variant) -> Variant:
        edits = []
        for node in (*v.shape.group_lines, *([v.shape.restrict_embedded] if v.shape.restrict_embedded else [])):
            if place := prepared.place(node):
                file, d = place
                text = f"{d.indent}# {d.name} {d.arguments}"
                if d.key == "wsgiscriptalias":
                    kept = [w for w in d.words if not w.lower().startswith("process-group=")]
                    text = f"{d.indent}{d.name} {' '.join(kept)}"
                edits.append(Edit(file.inside, d.first, d.last, text))
        threads = 1 if v.shape.mpm == "prefork" else THREADS_PER_CHILD
        found = replace(v.shape, mode="embedded", processes=1, threads=threads, group="", daemon=None)
        return replace(v, shape=found, edits=(*v.edits, *edits))

    return Change(
        "embedded",
        "mod_wsgi's embedded mode",
        "the application then lives in httpd's own children: as many copies of it as there are children, under httpd's "
        "user, and reaped with them",
        apply,
    )


def _daemon(prepared: Prepared) -> Change:
    def apply(v: Variant) -> Variant:
        place = prepared.place(v.shape.application.alias)
        edits: list[Edit] = []
        if place:
            file, d = place
            added = [
                f"{d.indent}WSGIDaemonProcess {DAEMON} processes=1 threads=1 display-name=%{{GROUP}}",
                f"{d.indent}WSGIProcessGroup {DAEMON}",
            ]
            edits.append(Edit(file.inside, d.first, d.last, "\n".join([*added, f"{d.indent}{d.name} {d.arguments}"])))
        lines = [place for node in v.shape.group_lines if (place := prepared.place(node))]
        edits += [
            Edit(file.inside, d.first, d.last, f"{d.indent}WSGIProcessGroup {DAEMON}")
            for file, d in lines
            if d.key == "wsgiprocessgroup"
        ]
        found = replace(v.shape, mode="daemon", processes=1, threads=1, group=DAEMON)
        return replace(v, shape=found, edits=(*v.edits, *edits))

    return Change(
        "daemon",
        "mod_wsgi's daemon mode, one thread a process",
        "processes to be sized: one serves one request at a time",
        apply,
    )


def _one_thread(prepared: Prepared) -> Change:
    def apply(v: Variant) -> Variant:
        place = prepared.place(v.shape.daemon) if v.shape.daemon else None
        found = replace(v.shape, threads=1)
        if place:
            file, d = place
            kept = [word for word in d.words if not word.lower().startswith("threads=")]
            edit = Edit(file.inside, d.first, d.last, f"{d.indent}{d.name} {' '.join([*kept, 'threads=1'])}")
            return replace(v, shape=found, edits=(*v.edits, edit))
        return replace(v, shape=found, settings=(*v.settings, "# Where the MPM is sized\nThreadsPerChild 1"))

    return Change(
        "threads1",
        "threads=1" if prepared.shape.mode == "daemon" else "ThreadsPerChild 1",
        "one request at a time a process: the same load takes as many more processes, each with its own connections",
        apply,
    )


def _oslo(prepared: Prepared, version: str) -> Change:
    newer = number(version) > number(prepared.candidate.oslo)
    price = "an upgrade of the library, with all that it brings" if newer else "an old library"
    if newer and prepared.candidate.thread == "pthread" and number(version) >= OPTION_GONE:
        price = "heartbeat_in_pthread, which this configuration sets, is gone in it"
    return Change(
        f"oslo{version}",
        f"oslo.messaging {version}",
        price,
        lambda v: replace(v, oslo=version, settings=(*v.settings, f"oslo.messaging=={version}")),
    )


def _heartbeat(before: int, after: int) -> Change:
    return Change(
        "heartbeat",
        f"half the heartbeat timeout ({after} s instead of {before})",
        "RabbitMQ's documentation warns of false alarms below 6 s; a shorter timeout finds a dead peer sooner, no more",
        lambda v: replace(
            v,
            heartbeat_s=after,
            settings=(*v.settings, "# nova.conf\n[oslo_messaging_rabbit]\nheartbeat_timeout_threshold = half of yours"),
        ),
    )
