"""Heartbed in anybody's test suite: the fixture, and what it makes of options."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from heartbed.cli.check import checked_by
from heartbed.cli.running import recorded
from heartbed.errors import InputError
from heartbed.testing import Fate, Heartbed, InconclusiveError
from heartbed.verdict.values import Outcome

pytest_plugins = ["pytester"]

SUITE = """
def test_mine(heartbed):
    assert heartbed.check("site.conf").kept
"""


def fate(outcome: Outcome, mends: tuple[str, ...] = ()) -> Fate:
    return Fate("site.conf", outcome, "", f"{outcome} after 4.8 s", Path("runs/1/report.html"), (), mends)


def options(tmp_path: Path, **given: object) -> dict[str, object]:
    return Heartbed(tmp_path)._parameters("check", ["site.conf"], given)


def test_without_an_engine_tests_are_skipped_with_the_reason(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{pytester.path}/docker.sock")
    pytester.makepyfile(SUITE)
    done = pytester.runpytest_subprocess("-rs")
    done.assert_outcomes(skipped=1)
    done.stdout.fnmatch_lines(["*heartbed: no Docker engine answers at DOCKER_HOST*"])


def test_a_suite_that_does_not_ask_for_it_loads_nothing_of_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "import sys\n\ndef test_it():\n    assert not {'heartbed.cells', 'docker'} & sys.modules.keys()\n"
    )
    pytester.runpytest_subprocess("-p", "no:docker").assert_outcomes(passed=1)


def test_options_are_those_of_the_command(tmp_path: Path) -> None:
    found = options(
        tmp_path, model="native", rule_out=["pthread", "native"], pthread=False, untrusted=True, heartbeat=6
    )
    assert (found["model"], found["rule_out"], found["pthread"]) == ("native", ("pthread", "native"), False)
    assert (found["untrusted"], found["heartbeat"], found["quiet"]) == (True, 6, True)


@pytest.mark.parametrize(
    ("name", "asked", "arguments"), [("check", checked_by, ["site.conf"]), ("run", recorded, ["prefork"])]
)
def test_options_are_what_the_command_works_with(
    tmp_path: Path, name: str, asked: Callable[..., object], arguments: list[str]
) -> None:
    found = Heartbed(tmp_path)._parameters(name, arguments, {"probe": "idle,burst"})
    assert [each.probe for each in found["scenarios"]] == ["idle", "burst"]
    known = inspect.signature(asked).parameters
    assert {*found} - {*known} <= {"expressions", "with_"} or "wishes" in known
    (soak,) = Heartbed(tmp_path)._parameters(name, arguments, {"probe": "idle", "for": "10m"})["scenarios"]
    assert soak.probe == "soak"


def test_what_a_project_always_passes_holds_in_its_tests_too(tmp_path: Path) -> None:
    (tmp_path / "heartbed.toml").write_text("heartbeat = 6\nmodel = 'native'\n")
    found = options(tmp_path, heartbeat=3)
    assert (found["heartbeat"], found["model"]) == (3, "native")


@pytest.mark.parametrize("given", [{"modle": "native"}, {"model": "greenlet"}])
def test_an_option_that_is_none_is_wrong_input(tmp_path: Path, given: dict[str, str]) -> None:
    with pytest.raises(InputError):
        options(tmp_path, **given)


def test_a_fate_says_what_an_assertion_that_fails_should_show() -> None:
    assert repr(fate(Outcome.LOST, ("native threads",))) == (
        "site.conf: lost after 4.8 s; kept with: native threads (see runs/1/report.html)"
    )


def test_a_fate_is_kept_or_not_and_what_is_inconclusive_is_neither() -> None:
    assert fate(Outcome.KEPT).kept
    assert fate(Outcome.RECOVERED).kept
    assert not fate(Outcome.LOST).kept
    with pytest.raises(InconclusiveError):
        _ = fate(Outcome.INCONCLUSIVE).kept
