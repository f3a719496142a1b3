"""What stands in for a module that is not in the testbed."""

from __future__ import annotations

import inspect

import pytest

from wsgi_app.absent import Absent, NotHereError, harmless


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
    [bool, int, list, len, lambda it: it == 1, lambda it: it + 1, lambda it: f"{it}", lambda it: it < 3],
)
def test_nothing_is_decided_by_it(decide: object) -> None:
    with pytest.raises(NotHereError, match=r"beacon\.number is not in the testbed"):
        decide(Absent("beacon").number)  # type: ignore[operator]


def test_a_hook_that_fails_is_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    def post_fork(server: str, worker: str) -> str:
        if worker == "broken":
            raise FileNotFoundError("logging.ini")
        return server + worker

    hook = harmless(post_fork)
    assert hook("a", "b") == "ab"
    assert hook("a", "broken") is None
    assert "FileNotFoundError: logging.ini" in capsys.readouterr().err
    assert len(inspect.signature(hook).parameters) == 2
    assert harmless(None) is None
