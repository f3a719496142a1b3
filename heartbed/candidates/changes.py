"""Single changes to a candidate: how each is made, the lines that it takes, and what it costs elsewhere.

Here are those to the application and its libraries, which are the same under
every server; those to how it is hosted are each kind's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from heartbed.candidates.change import Change, Shape, Variant
from heartbed.candidates.own import OSLO, OwnApplication
from heartbed.candidates.prepared import Draft, Prepared
from heartbed.candidates.subject import Candidate
from heartbed.cells import axes
from heartbed.cells.models import MODEL, SWITCH, THREAD
from heartbed.versions.releases import number

OPTION_GONE = (18,)
"""First oslo.messaging without ``heartbeat_in_pthread``."""

OPTION_NEW = (10, 1)
"""First oslo.messaging with it."""

MODULE = "oslo_messaging"

MARKS = (MODULE, SWITCH)
"""What a user's own application must mention for a change to act on it: the library, and the variable that it reads."""

NATIVE, EVENTLET, GEVENT = "native", "eventlet", "gevent"
PTHREAD, NO_PTHREAD = "pthread", "no-pthread"
"""Keys of the changes that are of no use without the option."""

THREADS = (NATIVE, EVENTLET, PTHREAD, NO_PTHREAD)
"""Keys of the changes to how the application runs its threads."""

HEARTBEAT = "heartbeat"
"""Key of the change to the timeout."""


def unchanged(prepared: Prepared[Shape]) -> Variant[Shape]:
    """The candidate as it is."""
    own = prepared.candidate
    return Variant(prepared.shape, own.model, own.thread, own.oslo, own.heartbeat_s, thread_is_left=own.thread_is_left)


def changes(prepared: Prepared[Shape], oslo_versions: Sequence[str]) -> list[Change[Shape]]:
    """The single changes, the most promising first."""
    own = prepared.candidate
    found: list[Change[Any]] = []
    if acts_on_model(own):
        found.append(_eventlet(prepared.draft) if own.model == NATIVE else _native(prepared.draft))
    if own.model in ("", EVENTLET) and has_library(own) and has_option(library_of(own, own.oslo)):
        found.append(pthread(own) if own.thread == "green" else no_pthread(own))
    found += prepared.kind.hosting(prepared)
    if acts_on_library(own):
        found += [_oslo(prepared, version) for version in oslo_versions if version != own.oslo]
    beat = prepared.draft.wishes.heartbeat_s
    # Of a user's own application nobody knows where it has its timeout from.
    if own.heartbeat_s != 0 and beat > 1 and own.own is None:
        found.append(_heartbeat(beat, max(1, beat // 2)))
    return found


def acts_on_model(candidate: Candidate) -> bool:
    """Whether nova's variable for the execution model can act on its application, and its server leaves a choice."""
    heeded = SWITCH in candidate.own.mentions if candidate.own is not None else candidate.application.as_nova
    if not heeded:
        return False
    other = EVENTLET if candidate.model == NATIVE else NATIVE
    beside = {axis: factor for axis, factor in candidate.factors.items() if axis not in (MODEL.name, THREAD.name)}
    return candidate.model != GEVENT and not axes.TABLE.senseless({**beside, MODEL.name: other})


def has_library(candidate: Candidate) -> bool:
    """Whether its application uses oslo.messaging."""
    return candidate.own is None or MODULE in candidate.own.mentions


def acts_on_library(candidate: Candidate) -> bool:
    """Whether the image's oslo.messaging is the one that its application has."""
    return takes_library(candidate.own)


def takes_library(own: OwnApplication | None) -> bool:
    """The same of an application of the user's own; None is Heartbed's, which takes the image's."""
    return own is None or (MODULE in own.mentions and own.version(OSLO) is None)


def library_of(candidate: Candidate, oslo: str) -> str:
    """The version that its application has in an image with ``oslo``: the one that it brings comes first."""
    return (candidate.own.version(OSLO) if candidate.own else None) or oslo


def has_option(oslo: str) -> bool:
    """Whether this oslo.messaging has ``heartbeat_in_pthread``."""
    return OPTION_NEW <= number(oslo) < OPTION_GONE


def _native(draft: Draft) -> Change[Any]:
    return Change(
        NATIVE,
        "native threads instead of eventlet",
        "another thread model: the application must be made for it (nova is from 2026.1 on, and can be asked before), "
        "and it serves as many requests at a time as it has processes and threads",
        lambda v: draft.kind.with_variable(draft, replace(v, model=NATIVE, thread="green"), SWITCH, "true"),
    )


def _eventlet(draft: Draft) -> Change[Any]:
    return Change(
        EVENTLET,
        "eventlet instead of native threads",
        "eventlet is being retired from OpenStack",
        lambda v: draft.kind.with_variable(
            draft, replace(v, model=EVENTLET, thread=draft.wishes.thread(v.oslo)), SWITCH, "false"
        ),
    )


def pthread(own: Candidate) -> Change[Any]:
    """``heartbeat_in_pthread``, where the library has it."""
    return Change(
        PTHREAD,
        "heartbeat_in_pthread = true",
        "deprecated since oslo.messaging 14.9.0 and gone in 18.0.0, where setting it does nothing: the next upgrade "
        "undoes it; nova-operator switches it off because of hangs, and the real nova-api of Xena, Yoga and Zed hung "
        "with it after a restart of the broker (docs/findings.md)",
        _in_pthread(own, "pthread"),
    )


def no_pthread(own: Candidate) -> Change[Any]:
    """The option switched off, as operators did who saw hangs."""
    return Change(
        NO_PTHREAD,
        "heartbeat_in_pthread = false",
        "heartbeats are then sent by a green thread, which stands still whenever its thread does not run the hub",
        _in_pthread(own, "green"),
    )


def _in_pthread(own: Candidate, thread: str) -> Callable[[Variant[Any]], Variant[Any]]:
    file = "nova.conf" if own.own is None else "the file that your application's oslo.config reads"
    setting = f"# {file}\n[oslo_messaging_rabbit]\nheartbeat_in_pthread = {str(thread == PTHREAD).lower()}"
    return lambda v: replace(v, thread=thread, thread_is_left=False, settings=(*v.settings, setting))


def _oslo(prepared: Prepared[Any], version: str) -> Change[Any]:
    own, wishes = prepared.candidate, prepared.draft.wishes
    newer = number(version) > number(own.oslo)
    price = "an upgrade of the library, with all that it brings" if newer else "an old library"
    if newer and wishes.pthread_said and own.model == EVENTLET and number(version) >= OPTION_GONE:
        price = "heartbeat_in_pthread, which this configuration sets, is gone in it"
    if own.release:
        price += f"; {own.release} was not released with it"

    def apply(v: Variant[Any]) -> Variant[Any]:
        thread = wishes.thread(version) if v.thread_is_left and v.model == EVENTLET else v.thread
        return replace(v, oslo=version, thread=thread, settings=(*v.settings, f"oslo.messaging=={version}"))

    return Change(f"oslo{version}", f"oslo.messaging {version}", price, apply, "oslo")


def _heartbeat(before: int, after: int) -> Change[Any]:
    return Change(
        HEARTBEAT,
        f"half the heartbeat timeout ({after} s instead of {before})",
        "RabbitMQ's documentation warns of false alarms below 6 s; a shorter timeout finds a dead peer sooner, no more",
        lambda v: replace(
            v,
            heartbeat_s=after,
            settings=(*v.settings, "# nova.conf\n[oslo_messaging_rabbit]\nheartbeat_timeout_threshold = half of yours"),
        ),
    )
