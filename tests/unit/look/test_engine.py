"""What an engine says of a container's first process, and nothing of any other."""

from __future__ import annotations

from typing import Any

import pytest

from heartbed.look import engine
from heartbed.look.engine import Started, started

TOLD = {
    "State": {"Pid": 30},
    "Path": "python3",
    "Args": ["-m", "gunicorn", "-c", "g.py"],
    "Config": {"Env": ["A=1", "B=x=y"]},
}


@pytest.mark.parametrize(
    ("told", "pid", "found"),
    [
        (TOLD, 30, Started(("python3", "-m", "gunicorn", "-c", "g.py"), {"A": "1", "B": "x=y"})),
        (TOLD | {"Args": None, "Config": {"Env": None}}, 30, Started(("python3",), {})),
        (TOLD, 31, None),
        ({}, 30, None),
        ({"State": None}, 30, None),
    ],
)
def test_first_process_is_known_as_it_was_started(
    told: dict[str, Any], pid: int, found: Started | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_docker", lambda _: told)
    assert started("0123456789ab", "docker", pid) == found


def test_engine_that_cannot_be_asked_says_nothing() -> None:
    assert started("0123456789ab", None, 30) is None
