"""The WSGI script that stands in for a user's own: runs it, and speaks the testbed's language in front of it.

Runs inside the cell, where the configuration expects its script. It imports
nothing of Heartbed's program, and patches nothing: that is the user's script's
own business. ``HEARTBED_APP`` is the user's script and ``HEARTBED_APP_PACKAGES``
a folder of packages that come before the image's.
"""

import os
import sys

from wsgi_app import natives  # noqa: F401  before anybody patches: it keeps the real functions

SCRIPT = os.environ["HEARTBED_APP"]
sys.path[:0] = [each for each in (os.path.dirname(SCRIPT), os.environ.get("HEARTBED_APP_PACKAGES")) if each]  # noqa: PTH120

import importlib.machinery  # noqa: E402
import importlib.util  # noqa: E402


def _load() -> object:
    loader = importlib.machinery.SourceFileLoader("heartbed_own_application", SCRIPT)
    module = importlib.util.module_from_spec(importlib.machinery.ModuleSpec(loader.name, loader, origin=SCRIPT))
    module.__file__ = SCRIPT
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module.application


_own = _load()

from typing import Any, cast  # noqa: E402

from wsgi_app import front, handler  # noqa: E402

application = handler.told_its_path(front.stand_before(cast("Any", _own)))
handle_request = handler.as_handler(application)
