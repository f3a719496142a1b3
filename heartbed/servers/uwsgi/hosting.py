"""Single changes to how uWSGI hosts the application: its threads, and when it loads the application."""

from __future__ import annotations

from dataclasses import replace

from heartbed.candidates.change import ONE_THREAD, Change, Edit, Variant
from heartbed.candidates.source import SourceFile
from heartbed.servers.uwsgi.ini import OWN_SECTION, is_on, last, sections
from heartbed.servers.uwsgi.prepared import UwsgiPrepared
from heartbed.servers.uwsgi.rules import GEVENT, LAZY, LOOP, THREADS
from heartbed.servers.uwsgi.shape import Shape
from heartbed.servers.uwsgi.source import UwsgiSource

LAZY_APPS, ENABLE_THREADS = "lazy-apps", "enable-threads"


def hosting(prepared: UwsgiPrepared) -> list[Change[Shape]]:
    """Those that make sense for this candidate."""
    found = [_preload(prepared) if prepared.shape.lazy else _lazy(prepared)]
    if prepared.shape.gevents:
        return [_own_loop(prepared), *found]
    if not any(option.key == THREADS for _, option in prepared.source.all()) and not _is_set(prepared, ENABLE_THREADS):
        found.append(_enable_threads(prepared))
    if prepared.shape.threads > 1:
        found.append(_one_thread(prepared))
    return found


def added(v: Variant[Shape], file: SourceFile, line: str) -> Variant[Shape]:
    """The variant with a line more, at the head of uWSGI's section."""
    at = sections(file.lines)[OWN_SECTION]
    before = next((each for each in v.edits if (each.inside, each.first) == (file.inside, at)), None)
    text = before.text if before else file.lines[at - 1]
    others = tuple(each for each in v.edits if each is not before)
    return replace(v, edits=(*others, Edit(file.inside, at, at, f"{text}\n{line}")))


def with_variable(v: Variant[Shape], source: UwsgiSource, name: str, value: str) -> Variant[Shape]:
    """The variant with a variable in the application's environment, in the place of the user's own lines for it."""
    mine = [
        Edit(file.inside, option.line, option.line, f"env = {name}={value}")
        for file, option in source.all()
        if option.key == "env" and option.value.partition("=")[0].strip() == name
    ]
    return replace(v, edits=(*v.edits, *mine)) if mine else added(v, source.main, f"env = {name}={value}")


def _without(v: Variant[Shape], prepared: UwsgiPrepared, keys: tuple[str, ...]) -> Variant[Shape]:
    """The variant with all lines that have one of these options made comments."""
    edits = [
        Edit(file.inside, option.line, option.line, f"# {file.lines[option.line - 1].strip()}")
        for file, option in prepared.source.all()
        if option.key in keys
    ]
    return replace(v, edits=(*v.edits, *edits))


def _is_set(prepared: UwsgiPrepared, switch: str) -> bool:
    return is_on(last((option for _, option in prepared.source.all()), switch))


def _set(v: Variant[Shape], prepared: UwsgiPrepared, switch: str) -> Variant[Shape]:
    """The variant with a switch on, and without the lines that put it otherwise: the last of them all would hold."""
    return added(_without(v, prepared, (switch,)), prepared.source.main, f"{switch} = true")


def _preload(prepared: UwsgiPrepared) -> Change[Shape]:
    def apply(v: Variant[Shape]) -> Variant[Shape]:
        return replace(_without(v, prepared, LAZY), shape=replace(v.shape, lazy=False))

    return Change(
        "preload",
        "without lazy-apps",
        "what the application starts while it is loaded, threads and hubs, is then not there in the processes",
        apply,
    )


def _lazy(prepared: UwsgiPrepared) -> Change[Shape]:
    def apply(v: Variant[Shape]) -> Variant[Shape]:
        return _set(replace(v, shape=replace(v.shape, lazy=True)), prepared, LAZY_APPS)

    price = "every process loads the application by itself: a slower start, and more memory"
    return Change("lazy", f"{LAZY_APPS} = true", price, apply)


def _enable_threads(prepared: UwsgiPrepared) -> Change[Shape]:
    return Change(ENABLE_THREADS, f"{ENABLE_THREADS} = true", "", lambda v: _set(v, prepared, ENABLE_THREADS))


def _own_loop(prepared: UwsgiPrepared) -> Change[Shape]:
    def apply(v: Variant[Shape]) -> Variant[Shape]:
        own = replace(v.shape, gevents=False)
        return replace(_without(v, prepared, (*GEVENT, *LOOP)), shape=own, model="native", thread="green")

    return Change(
        "simple-loop",
        "uWSGI's own loop and native threads instead of gevent",
        "the application must not patch with gevent; a process serves as many requests at a time as it has threads",
        apply,
    )


def _one_thread(prepared: UwsgiPrepared) -> Change[Shape]:
    def apply(v: Variant[Shape]) -> Variant[Shape]:
        return replace(_without(v, prepared, (THREADS,)), shape=replace(v.shape, threads=1))

    return Change(
        "threads1",
        "one thread a process",
        ONE_THREAD,
        apply,
    )
