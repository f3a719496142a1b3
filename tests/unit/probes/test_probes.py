"""The probes: found by themselves, named in the record, and what they do to cells in the window."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner

from heartbed import probes
from heartbed.cells.expressions import select
from heartbed.cells.settings import Settings
from heartbed.cells.subject import Scenario, subjects
from heartbed.cli import cli
from heartbed.errors import InputError, TestbedError
from heartbed.record.bus import Bus
from heartbed.record.event import Event, Writer, only
from heartbed.record.kinds import CellState, RunPhase
from heartbed.stage.act import Act
from heartbed.stage.client import Client
from heartbed.stage.opened import OpenedCell
from heartbed.stage.part import Part
from heartbed.stage.stage import Stage
from heartbed.testbed import testbed
from tests.unit.histories import History

(CELL,) = select(["prefork"]).cells
IDLE_S = 0.4


class Asked:
    """Stands for the client of a cell: answers everything at once, and remembers when it was asked for what."""

    def __init__(self) -> None:
        self.requests: list[tuple[float, str]] = []
        self.held_up_s = 6.0

    def _note(self, what: str) -> tuple[int, Any]:
        self.requests.append((time.time(), what))
        return 7, {"mpm": "prefork"} if what == "facts" else 200

    def facts(self) -> tuple[int, Any]:
        return self._note("facts")

    def cast(self, phase: str) -> tuple[int, Any]:
        return self._note(f"cast {phase}")

    def call(self, phase: str) -> tuple[int, Any]:
        return self._note(f"call {phase}")

    def page(self) -> tuple[int, Any]:
        return self._note("page")

    def yielding_page(self) -> tuple[int, Any]:
        return self._note("yielding page")


@pytest.fixture
def heard() -> list[Event]:
    return []


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def stage(tmp_path: Path, heard: list[Event], asked: Asked, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A stage with one cell and no container, whose window takes ``IDLE_S``."""
    (subject,) = subjects((CELL,))
    found = Stage(
        bed=cast(testbed.Testbed, None),
        subjects=(subject,),
        settings=Settings(heartbeat_s=1, margin_s=IDLE_S - 3),
        bus=Bus(Writer(tmp_path)),
        stop=threading.Event(),
        started=lambda _: None,
        request_stacks=lambda *_: None,
        opened=[OpenedCell(subject, cast(Client, asked))],
    )
    monkeypatch.setattr(found, "start", lambda _: None)  # there is no container
    found.bus.listen(heard.append)
    return found


def play(stage: Stage, name: str, **parameters: float) -> None:
    probe = probes.named(name)
    stage.parameters = probe.values(parameters)
    Act(1, [Part(probe, stage)], stage.bus).play()


def test_a_soak_plays_round_after_round_and_has_the_cell_measured(
    stage: Stage, heard: list[Event], asked: Asked
) -> None:
    measured: list[tuple[str, float]] = []
    stage.measure = lambda *args: measured.append(args)
    stage.parameters = {"for": 4 * IDLE_S}
    soak = probes.played(Scenario(probes.SOAK, of=Scenario("trickle", (("pages", 20),))))
    Act(1, [Part(soak, stage)], stage.bus).play()
    states = [event.data.state for event in only(heard, CellState)]
    rounds = len(states) // 3
    assert rounds >= 2, "fewer than four on a busy machine"
    assert states == [*["opened", "asking", "done"] * rounds, "removed"]
    assert [name for name, _ in measured] == [CELL.name]
    assert measured[0][1] < IDLE_S / 2, "more than once in each idle time"
    told = [what for _, what in asked.requests]
    assert told.count("cast after") == rounds
    first_after, last_after = told.index("cast after"), len(told) - told[::-1].index("cast after")
    assert "page" in told[:first_after]
    assert "page" in told[first_after:last_after]


def test_every_module_of_the_package_is_a_probe() -> None:
    files = {path.stem for path in Path(probes.__file__).parent.glob("*.py")} - {"__init__"}
    assert {type(each).__module__.rpartition(".")[2] for each in probes.every().values()} == files
    assert next(iter(probes.every())) == Settings().scenarios[0].probe


@pytest.mark.parametrize("name", [*probes.every()])
def test_a_probe_says_what_it_does_in_a_line_and_why_in_a_paragraph(name: str) -> None:
    probe = probes.named(name)
    assert name == probe.name
    assert probe.meaning
    assert "\n" not in probe.meaning
    assert not probe.meaning.endswith(".")
    assert "https://" in probe.documentation, "something that happened, where it can be read"
    for parameter in probe.parameters:
        assert parameter.least <= parameter.default <= parameter.most


@pytest.mark.parametrize("name", [*probes.every()])
def test_what_is_done_to_all_cells_at_once_waits_for_none_of_them(name: str) -> None:
    probe = probes.named(name)
    assert not (probe.plays and probe.at_a_time)


def test_an_unknown_probe_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match="unknown probe 'trickel'") as refused:
        probes.named("trickel", probes.ALL)
    assert "did you mean 'trickle'?" in refused.value.message
    assert refused.value.hint == f"probes: {', '.join(probes.every())}, all"


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        (["idle"], ["idle"]),
        (["idle,trickle", "idle"], ["idle", "trickle"]),
        (["all"], [name for name, probe in probes.every().items() if not probe.lasting]),
        (["soak"], ["soak:of=burst"]),
        (["soak:for=2m"], ["soak:for=120:of=burst"]),
        (["soak:of=broker-stop:for=4:busy=0"], ["soak:of=broker-stop:busy=0:for=4"]),
        (["trickle:pages=4"], ["trickle:pages=4"]),
        (["trickle:pages=2"], ["trickle"]),
        (["trickle,trickle:pages=4"], ["trickle", "trickle:pages=4"]),
    ],
)
def test_probes_are_asked_for_by_name_with_their_parameters(typed: list[str], names: list[str]) -> None:
    assert [scenario.name for scenario in probes.scenarios(typed)] == names


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("idle,trickle:pages=4", ["soak:for=600:of=idle", "soak:for=600:of=trickle:pages=4"]),
        ("soak", ["soak:for=600:of=burst"]),
        ("soak:of=firewall", ["soak:for=600:of=firewall"]),
    ],
)
def test_for_has_each_probe_repeated_for_so_long(typed: str, names: list[str]) -> None:
    assert [scenario.name for scenario in probes.scenarios([typed], "10m")] == names


@pytest.mark.parametrize("time", ["", "nonsense", "-5m", "30", "8d", "inf", "1e3"])
def test_a_wrong_time_is_refused_with_what_is_valid(time: str) -> None:
    with pytest.raises(InputError) as refused:
        probes.scenarios(["idle"], time)
    assert refused.value.message == f"--for {time}: not a time from 60 to 604800 s, nor in m or h"


def test_a_time_that_is_given_twice_is_refused() -> None:
    with pytest.raises(InputError, match="says for how long, and so does --for 2m"):
        probes.scenarios(["soak:for=90"], "2m")


def test_what_goes_on_for_long_has_a_window_of_its_own() -> None:
    acts = probes.acts(probes.scenarios(["idle,soak,burst,soak:of=idle"]))
    assert [[each.name for each in act] for act in acts] == [["idle", "burst"], ["soak:of=burst"], ["soak:of=idle"]]


def test_a_soak_needs_and_disturbs_what_it_repeats_does() -> None:
    (scenario,) = probes.scenarios(["soak:of=firewall"])
    repeating, firewall = probes.played(scenario), probes.named("firewall")
    for what in ("needs", "disturbs", "control"):
        assert getattr(repeating, what) == getattr(firewall, what)
    assert repeating.in_words({"for": 90}) == "for 90 s, again and again: a firewall has forgotten the connections"


@pytest.mark.parametrize(
    ("typed", "cells", "idle_s", "hint"),
    [
        ("soak:for=60", "prefork", 7, ""),
        ("soak:for=60", "prefork-heartbeat0", 7, ""),
        ("soak:for=60", "prefork-heartbeat10", 31, "--for 8m, or cells with a shorter one"),
        ("soak:for=300", "prefork-heartbeat10", 31, ""),
        ("soak:for=300", "prefork-heartbeat{2,20}", 61, "--for 16m, or cells with a shorter one"),
    ],
)
def test_a_soak_is_to_go_on_for_as_many_idle_times_of_its_own_cells_as_tell_growth(
    typed: str, cells: str, idle_s: int, hint: str
) -> None:
    asked = Settings(heartbeat_s=2, scenarios=probes.scenarios([typed]))
    chosen = select([cells]).cells
    if not hint:
        probes.check(asked, chosen)
        return
    with pytest.raises(InputError, match=f"one at least {idle_s} s with a heartbeat timeout") as refused:
        probes.check(asked, chosen)
    assert refused.value.hint == hint


@pytest.mark.parametrize(
    ("typed", "message", "hint"),
    [
        (
            "trickle:page=4",
            "the probe trickle has no parameter 'page=4'; did you mean 'pages'?",
            "its parameters: pages=<1 to 100>",
        ),
        ("idle:pages", "the probe idle has no parameter 'pages'", "its parameters: none"),
        ("trickle:pages=0", "trickle:pages=0: not a number from 1 to 100", "without it 2"),
        ("trickle:pages=many", "trickle:pages=many: not a number from 1 to 100", "how many pages"),
        ("idle,", "unknown probe ''", "probes: idle"),
        ("soak:for=1h30", "soak:for=1h30: not a number from 60 to 604800 s", "how long it goes on"),
        ("soak:of=soak", "soak:of=soak:of=burst: soak does not repeat soak", "soak:of=burst"),
        ("idle:of=burst", "idle:of=burst: idle does not repeat burst", "soak:of=burst"),
        ("soak:of=brust", "unknown probe 'brust'; did you mean 'burst'?", "probes: idle"),
    ],
)
def test_a_wrong_parameter_is_refused_with_what_is_valid(typed: str, message: str, hint: str) -> None:
    with pytest.raises(InputError) as refused:
        probes.scenarios([typed])
    assert refused.value.message == message
    assert hint in refused.value.hint


@pytest.mark.parametrize(
    "command",
    [["run", "prefork"], ["compare"], ["bisect", "prefork", "--good", "oslo14.3.0", "--bad", "oslo18.3.1"]],
    ids=lambda command: str(command[0]),
)
def test_a_command_takes_no_other_name(command: list[str]) -> None:
    result = CliRunner().invoke(cli, [*command, "--probe", "trickel"])
    assert isinstance(result.exception, InputError)
    assert result.exception.message == "unknown probe 'trickel'; did you mean 'trickle'?"


def test_what_is_told_of_one_probe_is_not_told_of_all() -> None:
    result = CliRunner().invoke(cli, ["probes", "all"])
    assert isinstance(result.exception, InputError)
    assert result.exception.hint.endswith(", soak, trickle")


def test_the_probes_are_listed() -> None:
    result = CliRunner().invoke(cli, ["probes"])
    assert result.exit_code == 0
    for name, probe in probes.every().items():
        assert re.search(rf"^{name} +{re.escape(probe.meaning)}", result.output, re.MULTILINE)


def test_all_about_one_probe_is_told() -> None:
    result = CliRunner().invoke(cli, ["probes", "trickle"])
    assert result.exit_code == 0
    for told in (probes.named("trickle").meaning, "helm-charts/pull/7441", "trickle:pages=", "1 to 100", "nothing"):
        assert told in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("broker-stop", ["needs a window of its own"]),
        ("soak", ["soak:of= the probe that is repeated, with its parameters; without it burst", "a window of its own"]),
    ],
)
def test_what_a_probe_needs_is_told_of_it_as_in_the_list(name: str, told: list[str]) -> None:
    output = " ".join(CliRunner().invoke(cli, ["probes", name]).output.split())
    assert [each for each in told if each not in output] == []
    assert "nothing" not in output.rpartition(" needs ")[2]


def test_a_record_of_a_probe_that_is_not_here_is_refused_by_name() -> None:
    history = History.of()
    start = history.events[0]
    history.events[0] = replace(start, data=start.data.model_copy(update={"probe": "earthquake:strength=7"}))
    with pytest.raises(InputError, match="the record is of the probe 'earthquake', and this heartbed has no rule"):
        _ = history.verdict


def test_idle_touches_nothing_between_the_last_call_and_the_asking(
    stage: Stage, asked: Asked, heard: list[Event]
) -> None:
    play(stage, "idle")
    (opened,) = stage.opened
    whats = [what for _, what in asked.requests]
    assert whats == ["facts", "cast open", "call open", "call before", "call before", "call after", "cast after"]
    first = next(t for t, what in asked.requests if what == "call after")
    assert first - opened.idle_from >= IDLE_S
    (idle,) = [event for event in only(heard, RunPhase) if event.data.phase == "idle"]
    assert idle.data.meanwhile == "nothing touches the cells"


def test_trickle_asks_for_pages_at_a_steady_interval_until_the_cell_is_asked_again(
    stage: Stage, asked: Asked, heard: list[Event]
) -> None:
    play(stage, "trickle", pages=10)
    (opened,) = stage.opened
    whats = [what for _, what in asked.requests]
    first, last = whats.index("page"), len(whats) - 1 - whats[::-1].index("page")
    assert whats[first - 1] == "call before"
    assert whats[last + 1 :] == ["call after", "cast after"]
    pages = [t - opened.idle_from for t, what in asked.requests if what == "page"]
    assert 1 <= len(pages) <= 4, "one that is busy leaves some out"
    # A machine that is busy asks late, never early: each is due a quarter before a multiple of the interval.
    assert all(page >= 0.1 * (number - 0.25) - 0.01 for number, page in enumerate(pages, 1))
    (idle,) = [event for event in only(heard, RunPhase) if event.data.phase == "idle"]
    assert idle.data.meanwhile == "each is asked for a page that waits for nothing 10 times a heartbeat timeout"


def test_trickle_asks_for_pages_that_yield_where_it_is_told_so(stage: Stage, asked: Asked, heard: list[Event]) -> None:
    play(stage, "trickle", pages=10, yields=1)
    whats = {what for _, what in asked.requests}
    assert "yielding page" in whats
    assert "page" not in whats
    (idle,) = [event for event in only(heard, RunPhase) if event.data.phase == "idle"]
    assert "a page that waits for an answer on a socket" in idle.data.meanwhile


def test_what_ends_a_trickle_ends_the_run(stage: Stage, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> tuple[int, Any]:
        raise TestbedError("the cell has ended")

    monkeypatch.setattr(asked, "page", gone)
    with pytest.raises(TestbedError, match="the cell has ended"):
        play(stage, "trickle", pages=50)
