"""Configurations that have uWSGI run gevent's loop in the place of its own: what that is for the application."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from heartbed import applications
from heartbed.candidates.source import where
from heartbed.candidates.wishes import Wishes
from heartbed.cells import axes
from heartbed.errors import InputError
from heartbed.servers.uwsgi.adapted import UwsgiAdapted
from heartbed.servers.uwsgi.ini import Option, is_on, last
from heartbed.servers.uwsgi.rules import GEVENT, LOOP, PATCHES, has_gevents_loop, unconditional

ASSUMED = "the application patches with gevent first, as one in uWSGI's gevent loop is to (--model native: it does not)"
LATE, EARLY = PATCHES


def in_gevents_loop(adapted: UwsgiAdapted, wishes: Wishes, assumed: Sequence[str]) -> tuple[Wishes, list[str]]:
    """The wishes with the execution model that there can be in the loop, and all that is assumed.

    Raises ``InputError`` for a model that cannot be.
    """
    always = has_gevents_loop(unconditional(option for _, option in adapted.source.all()))
    if wishes.model not in (None, "gevent") and not always:
        adapted.gevents = False  # it may run in that loop, and with this model it does not
    if not adapted.gevents or (wishes.own and not wishes.release):
        return wishes, [*assumed]
    found = [place for place in adapted.source.all() if place[1].key in (*GEVENT, *LOOP)]
    at = where(found[0][0], found[0][1].line)
    model = wishes.model or "gevent"
    chosen = {"server": "uwsgi", "loop": "ugevent", "model": model}
    app = {"app": wishes.app} if wishes.app != applications.DEFAULT else {}
    if why := axes.TABLE.senseless({**chosen, **app}):
        raise InputError(f"{at}: {why}", hint="--model native, if the application does not patch")
    patching = [place for place in found if place[1].key in PATCHES and is_on(place[1])]
    if model == "native" and patching:
        file, option = patching[0]
        raise InputError(f"{where(file, option.line)}: {option.key} patches the process: the model is not native")
    return replace(wishes, model=model), [*assumed, *([] if wishes.model else [ASSUMED])]


def told_of_patching(options: Sequence[Option]) -> list[str]:
    """What is to be said of when uWSGI patches: read from the plugin's source, of 2.0.31."""
    if is_on(last(options, LATE)) and not is_on(last(options, EARLY)):
        return [f"{LATE} patches when the loop starts, after the application was loaded; {EARLY} does before"]
    return []
