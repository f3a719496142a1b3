"""The execution model: nova's switch, and what it does to a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

from wsgi_app.patching import SWITCH, is_disabled

PROGRAM = """
import json, os
from wsgi_app import natives, patching
patching.apply(os.environ)
import threading, time
import oslo_service.backend
from wsgi_app.facts import MODULES_PATCHED
print(json.dumps({
    "patched": [module for module in MODULES_PATCHED if patching.is_patched(module)],
    "backend": oslo_service.backend.get_backend_type().value,
    "green_sleep": time.sleep is not natives.sleep,
    "native_ids": natives.get_native_id() == os.getpid(),
}))
"""


@pytest.mark.parametrize("value", ["1", "true", "True", "yes", " yes "])
def test_nova_s_switch_turns_patching_off(value: str) -> None:
    assert is_disabled({SWITCH: value})


@pytest.mark.parametrize("value", ["", "0", "false", "no", "on"])
def test_anything_else_leaves_it_on(value: str) -> None:
    assert not is_disabled({SWITCH: value})
    assert not is_disabled({})


def run(switch: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env={SWITCH: switch}, capture_output=True, text=True, timeout=30, check=True
    )
    told: dict[str, object] = json.loads(done.stdout)
    assert done.stderr == ""
    return told


def test_patched_everything_is_green_but_what_was_kept() -> None:
    told = run("false")
    assert {"os", "select", "socket", "thread", "time"} <= set(told["patched"])  # type: ignore[call-overload]
    assert (told["backend"], told["green_sleep"], told["native_ids"]) == ("eventlet", True, True)


@pytest.mark.skipif(
    find_spec("cotyledon") is None, reason="oslo.service's threading backend is not installed: oslo.service[threading]"
)
def test_native_nothing_is() -> None:
    told = run("true")
    assert (told["patched"], told["backend"], told["green_sleep"]) == ([], "threading", False)
