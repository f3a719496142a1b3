"""Single changes to how gunicorn hosts the application: the class of its workers, their threads, the loading."""

from __future__ import annotations

from dataclasses import replace

from heartbed.candidates.change import ONE_THREAD, Change, Edit, Variant
from heartbed.servers.gunicorn.adapt import assigned
from heartbed.servers.gunicorn.draft import GunicornDraft, GunicornPrepared
from heartbed.servers.gunicorn.shape import PATCHING, Shape

KEYS = ("sync", "gthread", "threads1", "lazy", "preload")


def hosting(prepared: GunicornPrepared) -> list[Change[Shape]]:
    """Those that make sense for this candidate."""
    own = prepared.shape
    found = [_lazy(prepared) if own.preload else _preload(prepared)]
    if own.worker_class == "sync":
        price = "a worker thread cannot be killed when it hangs, as gunicorn kills a sync worker after its timeout"
        found.append(_change(prepared, "gthread", "gthread workers", price, worker_class="gthread"))
        return found
    if own.worker_class in PATCHING:
        return [_native_sync(prepared), *found]
    found.append(_change(prepared, "sync", "sync workers", ONE_THREAD, worker_class="sync", threads=1))
    if own.threads > 1:
        found.append(_change(prepared, "threads1", "one thread a process", ONE_THREAD, threads=1))
    return found


def with_variable(draft: GunicornDraft, v: Variant[Shape], name: str, value: str) -> Variant[Shape]:
    """The variant with a variable in the environment of the workers, in the place of the user's own for it."""
    others = [each for each in draft.variables if each.partition("=")[0] != name]
    if v.model == "native":
        v = unpatched(draft, v)
    return assigned(v, draft.adapted, "raw_env", [*others, f"{name}={value}"])


def unpatched(draft: GunicornDraft, v: Variant[Shape]) -> Variant[Shape]:
    """The variant without the lines of the file that patch the process."""
    main = draft.source.main
    taken = {each.first for each in v.edits}
    edits = [
        Edit(main.inside, each.first, each.last, each.without) for each in draft.patches if each.first not in taken
    ]
    return replace(v, edits=(*v.edits, *edits))


def _preload(prepared: GunicornPrepared) -> Change[Shape]:
    price = "what the application starts while it is loaded, threads and hubs, is then not there in the processes"
    return _change(prepared, "preload", "preload_app = True", price, preload=True)


def _lazy(prepared: GunicornPrepared) -> Change[Shape]:
    price = "every process loads the application by itself: a slower start, and more memory"
    return _change(prepared, "lazy", "preload_app = False", price, preload=False)


def _native_sync(prepared: GunicornPrepared) -> Change[Shape]:
    plain = _change(prepared, "sync", "", ONE_THREAD, worker_class="sync", threads=1, idle_threads=0)
    return replace(
        plain,
        what=f"sync workers and native threads instead of {prepared.shape.worker_class}",
        price=f"the application must not patch; {ONE_THREAD}",
        apply=lambda v: replace(plain.apply(unpatched(prepared.draft, v)), model="native", thread="green"),
    )


def _change(prepared: GunicornPrepared, key: str, what: str, price: str, **fields: str | int) -> Change[Shape]:
    def apply(v: Variant[Shape]) -> Variant[Shape]:
        changed = replace(v, shape=replace(v.shape, **fields))  # type: ignore[arg-type]
        for name, value in needed(v.shape, changed.shape).items():
            changed = assigned(changed, prepared.draft.adapted, name, value)
        return changed

    return Change(key, what, price, apply)


def needed(before: Shape, after: Shape) -> dict[str, object]:
    """The settings that must be put otherwise to come from one shape to the other."""
    old = before.wanted()
    found = {name: value for name, value in after.wanted().items() if value != old[name]}
    # One thread makes sync workers again of those that several threads had made gthread's.
    return found | ({"worker_class": "gthread"} if "threads" in found and after.worker_class == "gthread" else {})
