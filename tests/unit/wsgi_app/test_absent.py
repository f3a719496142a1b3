"""What stands in for a module that is not in the testbed."""

from __future__ import annotations

import inspect
import os
from typing import Any

import pytest

from wsgi_app.absent import Absent, NotHereError, missing, pass_over


def test_whatever_is_called_of_it_does_nothing() -> None:
    absent = Absent("beacon")
    assert repr(absent.counts.forget(1, worker=2)["x"]) == "beacon.counts.forget()[]"
    with absent.lock() as held:
        assert repr(held) == "beacon.lock()"

    class Mine(absent.Base):  # type: ignore[misc, name-defined]
        pass

    assert Mine.__mro__ == (Mine, object)


@pytest.mark.parametrize(
    "decide",
    [bool, int, list, len, lambda it: it == 1, lambda it: int(it + 1), lambda it: 2 * it + 1 > 3, lambda it: it < 3],
)
def test_nothing_is_decided_by_it(decide: object) -> None:
    with pytest.raises(NotHereError, match=r"beacon\.number is not in the testbed"):
        decide(Absent("beacon").number)  # type: ignore[operator]


@pytest.mark.parametrize(
    "value",
    [
        Absent("beacon.port"),
        2 * Absent("beacon.port") + 1,
        f"0.0.0.0:{Absent('beacon.port')}",
        "0.0.0.0:%s" % Absent("beacon.port"),  # noqa: UP031
        os.path.join("/run", Absent("beacon.port")),  # noqa: PTH118
        ["127.0.0.1:1", f":{Absent('beacon.port')}"],
    ],
)
def test_what_is_made_of_it_says_what_is_missing(value: object) -> None:
    assert missing(value) == "beacon.port"
    assert missing(["127.0.0.1:1", 3, None]) == ""


def test_a_hook_that_fails_is_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    def post_fork(server: str, worker: str) -> str:
        if worker == "broken":
            raise FileNotFoundError("logging.ini")
        return server + worker

    names = {"post_fork": post_fork, "when_ready": Absent("beacon.ready"), "on_exit": None}
    pass_over(names, "post_fork", "when_ready", "on_exit")
    assert (sorted(names), names["on_exit"]) == (["on_exit", "post_fork"], None)
    hook: Any = names["post_fork"]
    assert hook("a", "b") == "ab"
    assert hook("a", "broken") is None
    assert "FileNotFoundError: logging.ini" in capsys.readouterr().err
    assert len(inspect.signature(hook).parameters) == 2
