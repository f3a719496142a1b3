"""The execution model: nova's switch, and what it does to a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

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


@pytest.mark.parametrize(
    "backend", ["", "def init_backend(_): raise ValueError\nclass BackendType: THREADING = EVENTLET = 0"]
)
@pytest.mark.parametrize("switch", ["true", "false"])
def test_oslo_service_without_a_choice_of_backends_will_do(tmp_path: Path, backend: str, switch: str) -> None:
    # Before 4.1 it has no backends, in 4.1 none of threads.
    package = tmp_path / "oslo_service"
    package.mkdir()
    (package / "__init__.py").touch()
    if backend:
        (package / "backend.py").write_text(backend)
    program = "import os; from wsgi_app import natives, patching; patching.apply(os.environ)"
    subprocess.run(
        [sys.executable, "-c", program], env={SWITCH: switch, "PYTHONPATH": str(tmp_path)}, timeout=30, check=True
    )
