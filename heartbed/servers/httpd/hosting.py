"""Single changes to how httpd hosts the application: its MPM, mod_wsgi's mode, its threads."""

from __future__ import annotations

from dataclasses import replace

from heartbed.candidates.change import ONE_THREAD, Change, Edit, Variant
from heartbed.cells.axes import MPMS
from heartbed.servers.httpd.adapt import SCRIPTS
from heartbed.servers.httpd.lines import quoted
from heartbed.servers.httpd.prepared import HttpdPrepared
from heartbed.servers.httpd.rules import with_options
from heartbed.servers.httpd.shape import THREADS_PER_CHILD, Shape, size_of
from heartbed.wording import count

DAEMON = "heartbed-app"


def hosting(prepared: HttpdPrepared) -> list[Change[Shape]]:
    """Those that make sense for this candidate."""
    own = prepared.candidate
    found = [_mpm(prepared, mpm) for mpm in MPMS if mpm != own.server]
    found.append(_embedded(prepared) if own.mode == "daemon" else _daemon(prepared))
    if own.thread_count > 1:
        found.append(_one_thread(prepared))
    return found


def _mpm(prepared: HttpdPrepared, mpm: str) -> Change[Shape]:
    def apply(v: Variant[Shape]) -> Variant[Shape]:
        loads = [
            Edit(file.inside, d.first, d.last, f"{d.indent}LoadModule mpm_{mpm}_module modules/mod_mpm_{mpm}.so")
            for file, d in prepared.source.all()
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

    price = "the MPM is the whole server's: every other site on it changes too"
    return Change(mpm, f"MPM {mpm}", price, apply, "mpm")


def _embedded(prepared: HttpdPrepared) -> Change[Shape]:
    def apply(v: Variant[Shape]) -> Variant[Shape]:
        edits = []
        for node in (*v.shape.group_lines, *([v.shape.restrict_embedded] if v.shape.restrict_embedded else [])):
            if place := prepared.place(node):
                file, d = place
                text = f"{d.indent}# {d.name} {d.arguments}"
                if d.key in SCRIPTS:
                    text = f"{d.indent}{d.name} {with_options(d, 'process-group', None)}"
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


def _daemon(prepared: HttpdPrepared) -> Change[Shape]:
    """Daemon processes: those that the file defines already where nothing runs in them, else new ones."""
    unused = prepared.shape.unused
    name = unused.words[0] if unused else DAEMON
    processes, threads = size_of(unused) if unused else (1, 1)

    def apply(v: Variant[Shape]) -> Variant[Shape]:
        place = prepared.place(v.shape.application.alias)
        edits: list[Edit] = []
        if place:
            file, d = place
            added = [f"{d.indent}WSGIProcessGroup {quoted(name)}"]
            if unused is None:
                options = "processes=1 threads=1 display-name=%{GROUP}"
                added.insert(0, f"{d.indent}WSGIDaemonProcess {name} {options}")
            own = with_options(d, "process-group", quoted(name)) if d.key in SCRIPTS else d.arguments
            edits.append(Edit(file.inside, d.first, d.last, "\n".join([*added, f"{d.indent}{d.name} {own}"])))
        lines = [place for node in v.shape.group_lines if (place := prepared.place(node))]
        edits += [
            Edit(file.inside, d.first, d.last, f"{d.indent}WSGIProcessGroup {quoted(name)}")
            for file, d in lines
            if d.key == "wsgiprocessgroup"
        ]
        found = replace(v.shape, mode="daemon", processes=processes, threads=threads, group=name, daemon=unused)
        return replace(v, shape=found, edits=(*v.edits, *edits))

    return Change(
        "daemon",
        f"mod_wsgi's daemon mode, in the processes {name} that the file defines ({count(threads, 'thread')} each)"
        if unused
        else "mod_wsgi's daemon mode, one thread a process",
        "" if unused else "processes to be sized: one serves one request at a time",
        apply,
    )


def _one_thread(prepared: HttpdPrepared) -> Change[Shape]:
    def apply(v: Variant[Shape]) -> Variant[Shape]:
        place = prepared.place(v.shape.daemon) if v.shape.daemon else None
        found = replace(v.shape, threads=1)
        if place:
            file, d = place
            kept = with_options(d, "threads", None)
            edit = Edit(file.inside, d.first, d.last, f"{d.indent}{d.name} {kept} threads=1")
            return replace(v, shape=found, edits=(*v.edits, edit))
        return replace(v, shape=found, settings=(*v.settings, "# Where the MPM is sized\nThreadsPerChild 1"))

    return Change(
        "threads1",
        "threads=1" if prepared.shape.mode == "daemon" else "ThreadsPerChild 1",
        ONE_THREAD,
        apply,
    )
