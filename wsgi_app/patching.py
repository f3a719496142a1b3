"""The execution model: eventlet's monkey patching, gevent's, or native threads.

The switch is nova's own. nova 19 to 32 patch unless
``OS_NOVA_DISABLE_EVENTLET_PATCHING`` is set; nova 33 and later no longer do
unless asked. It must be in the environment of the *process*: httpd's ``SetEnv``
is only seen in the environment of a request, long after this has been decided.
No part of OpenStack patches with gevent; ``HEARTBED_MODEL`` asks for that.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import MutableMapping

SWITCH = "OS_NOVA_DISABLE_EVENTLET_PATCHING"
MODEL = "HEARTBED_MODEL"
TRUE = frozenset({"1", "true", "yes"})

LOADED_IN = os.getpid()
"""The process that has loaded the application."""


def is_disabled(environ: MutableMapping[str, str]) -> bool:
    """Whether the environment asks for native threads."""
    return environ.get(SWITCH, "").strip().lower() in TRUE


def apply(environ: MutableMapping[str, str]) -> None:
    """Patch, or settle on native threads. Call it before any other import."""
    # oslo.messaging imports eventlet in either case, so both lines are for both.
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    # nova set this for years. It spares each process the import of dnspython: 7 MiB, and a sixth of the time to load.
    environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
    gevents = environ.get(MODEL) == "gevent"
    native = gevents or is_disabled(environ)
    if gevents:
        from gevent import monkey

        monkey.patch_all()
    elif not native:
        import eventlet

        eventlet.monkey_patch()

    # Said aloud as nova does: left to itself, oslo.service takes its eventlet backend, and with it a hub.
    try:
        from oslo_service import backend

        backend.init_backend(backend.BackendType.THREADING if native else backend.BackendType.EVENTLET)
    except (ImportError, ValueError):
        # Before 4.1 oslo.service has no backends, before 4.2 none of threads: it imports eventlet, patched or not.
        return


def is_patched(module: str) -> bool:
    """Whether eventlet has replaced ``module`` (``socket``, ``thread``, ...). Never imports eventlet."""
    patcher = sys.modules.get("eventlet.patcher")
    return bool(patcher and patcher.is_monkey_patched(module))


def model() -> str:
    """Whose threads the process has by now: ``eventlet``'s or ``gevent``'s green ones, or the kernel's, ``native``."""
    if is_patched("thread"):
        return "eventlet"
    gevents = sys.modules.get("gevent.monkey")
    return "gevent" if gevents is not None and gevents.is_module_patched("threading") else "native"
