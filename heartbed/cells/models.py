"""How the application runs its threads: the axes of the execution model and of the heartbeat thread."""

from __future__ import annotations

from collections.abc import Mapping

from heartbed import applications
from heartbed.cells.axis import Axis
from heartbed.cells.observed import Observed

SWITCH = "OS_NOVA_DISABLE_EVENTLET_PATCHING"
"""nova's own variable for the execution model."""

OTHER = "HEARTBED_MODEL"
"""The application's own variable for a model that nova has not."""

MODELS = ("eventlet", "eventlet-pthread", "native")
"""How OpenStack's services run their threads."""

GEVENT: Mapping[str, str] = {"gevent": "26.9.0", "zope.event": "6.2", "zope.interface": "8.7"}

PTHREAD = "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD"

THREAD = Axis(
    "thread",
    "the kind of the heartbeat thread",
    {
        "green": "heartbeats are sent by a green thread (heartbeat_in_pthread = false)",
        "pthread": "heartbeats are sent by an OS thread (heartbeat_in_pthread = true)",
    },
    label="heartbeat thread",
    application=True,
    environment={"green": {PTHREAD: "false"}, "pthread": {PTHREAD: "true"}},
    observed=Observed(
        "heartbeat_in_pthread",
        ("heartbeat_in_pthread",),
        says={"green": False, "pthread": True},
    ),
    refines="eventlet",
    elsewhere={"native": "os", "gevent": "green"},
    why="only eventlet leaves a choice: a native application has OS threads only, and one on gevent green ones",
)


def _no_such_model(chosen: Mapping[str, str]) -> str:
    if chosen["model"] == "gevent" and chosen.get("app", applications.DEFAULT) != applications.DEFAULT:
        return f"{chosen['app']} patches with eventlet or not at all: there is none on gevent"
    return ""


MODEL = Axis(
    "model",
    "how the application runs its threads",
    {
        "eventlet": "the application calls eventlet.monkey_patch() first",
        "native": "plain OS threads, nothing is patched",
        "gevent": "the application calls gevent.monkey.patch_all() first",
    },
    brings={"gevent": GEVENT},
    senseless=_no_such_model,
    label="execution model",
    named=True,
    application=True,
    environment={"eventlet": {}, "native": {SWITCH: "true"}, "gevent": {OTHER: "gevent"}},
    observed=Observed("the execution model", ("model",)),
    words={
        "eventlet": "eventlet with its green heartbeat thread",
        "eventlet-pthread": "eventlet with heartbeat_in_pthread",
        "native": "native threads",
        "gevent": "gevent",
    },
    refined_by=THREAD,
)
