"""The execution model of an application under gunicorn: what its workers, and the file itself, make of the process."""

from __future__ import annotations

from dataclasses import replace

from heartbed.candidates.source import where
from heartbed.cells import axes
from heartbed.cells.models import SWITCH
from heartbed.errors import InputError
from heartbed.servers.gunicorn.draft import GunicornDraft
from heartbed.servers.gunicorn.shape import PATCHING, Shape


def with_model(draft: GunicornDraft, found: Shape) -> GunicornDraft:
    """The draft with the execution model that such workers can have, where the user says none.

    Raises ``InputError`` for one that cannot be.
    """
    if draft.patches:
        draft = _with_own_patches(draft, found)
    if found.worker_class in PATCHING:
        return _with_patching(draft, found)
    if found.worker_class != "gthread" or draft.wishes.model or draft.wishes.release:
        return draft
    told_ = "native threads under gthread workers (--model eventlet, for an application that patches)"
    return replace(draft, wishes=replace(draft.wishes, model="native"), assumed=(*draft.assumed, told_))


def _with_own_patches(draft: GunicornDraft, found: Shape) -> GunicornDraft:
    """The draft with the model of the library with which the file patches the process. Raises ``InputError``."""
    patch, model = draft.patches[0], draft.wishes.model
    told_ = f"{where(draft.source.main, patch.first)} patches the process with {patch.library}"
    if other := next((each.library for each in draft.patches if each.library != patch.library), ""):
        raise InputError(f"{told_}, and another line with {other}", hint="leave one of them out in a copy of the file")
    if found.worker_class in PATCHING and found.worker_class != patch.library:
        raise InputError(
            f"{told_}, and so do {found.worker_class} workers with {found.worker_class}",
            hint=f"write worker_class = '{patch.library}' into a copy of the file, or leave the line out",
        )
    if model not in (None, patch.library):
        raise InputError(
            f"{told_}: the model is not {model}",
            hint=f"leave out --model and {SWITCH}, or the line in a copy of the file",
        )
    if found.worker_class in PATCHING or model:
        return draft
    if why := _senseless(draft, patch.library):
        raise InputError(f"{told_}: {why}", hint="leave out --app, or the line in a copy of the file")
    wishes = replace(draft.wishes, model=patch.library)
    return replace(draft, wishes=wishes, assumed=(*draft.assumed, f"{patch.library}: {told_}"))


def _with_patching(draft: GunicornDraft, found: Shape) -> GunicornDraft:
    """The draft with the execution model that its workers give to the application. Raises ``InputError``."""
    library = found.worker_class
    model = draft.wishes.model or library
    if why := _senseless(draft, model):
        raise InputError(f"{draft.source.main.shown}: {why}", hint="leave out --model and --app")
    told_ = [f"{library}: gunicorn's {library} workers patch the process with it"] if not draft.wishes.model else []
    told_ += [f"gunicorn {version}, the last that has {library} workers" for version in draft.cell.beside.values()]
    return replace(draft, wishes=replace(draft.wishes, model=model), assumed=(*draft.assumed, *told_))


def _senseless(draft: GunicornDraft, model: str) -> str:
    """Why there is no such cell with this model; empty where there is."""
    chosen = {**draft.cell.factors, "model": model, "app": draft.wishes.app}
    return axes.TABLE.senseless({axis: factor for axis, factor in chosen.items() if axis != "thread"})
