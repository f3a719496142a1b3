"""The execution model: eventlet's monkey patching, or native threads.

The switch is nova's own. nova 19 to 32 patch unless
``OS_NOVA_DISABLE_EVENTLET_PATCHING`` is set; nova 33 and later no longer do
unless asked. It must be in the environment of the *process*: httpd's ``SetEnv``
is only seen in the environment of a request, long after this has been decided.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping

SWITCH = "OS_NOVA_DISABLE_EVENTLET_PATCHING"
TRUE = frozenset({"1", "true", "yes"})


def is_disabled(environ: Mapping[str, str]) -> bool:
    """Whether the environment asks for native threads."""
    return environ.get(SWITCH, "").strip().lower() in TRUE


def apply(environ: Mapping[str, str]) -> None:
    """Patch, or settle on native threads. Call it before any other import."""
    # Everyone who runs this experiment knows that eventlet is deprecated. oslo.messaging imports it in any case.
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    if is_disabled(environ):
        _go_native()
    else:
        _patch()


def _patch() -> None:
    import eventlet

    eventlet.monkey_patch()


def _go_native() -> None:
    # Without this oslo.service takes its eventlet backend, and with it a hub, as soon as anything asks it for a loop.
    from oslo_service import backend

    backend.init_backend(backend.BackendType.THREADING)


def is_patched(module: str) -> bool:
    """Whether eventlet has replaced ``module`` (``socket``, ``thread``, ...). Never imports eventlet."""
    patcher = sys.modules.get("eventlet.patcher")
    return bool(patcher and patcher.is_monkey_patched(module))
