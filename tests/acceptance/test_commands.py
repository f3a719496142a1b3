"""The commands of the README, run as a user runs them, on real parts."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest
import yaml

from heartbed import probes
from heartbed.places import ROOT
from heartbed.record.event import Event
from heartbed.record.kinds import RunEnd
from heartbed.verdict import judge
from heartbed.verdict.values import Outcome, RunVerdict
from tests.acceptance.program import Done, Program, Running

pytestmark = pytest.mark.docker

PAIR = ("prefork-daemon-eventlet", "prefork-daemon-native")
KEPT = "event-daemon-native"


@dataclass(frozen=True)
class SideBySide:
    """Three runs at one time: one that is killed, and two that go on."""

    killed: Program
    left_by_killed: list[str]
    swept_when_next_began: list[str]
    others_when_next_began: list[str]
    pair: Program
    pair_done: Done
    kept: Program
    kept_done: Done


@pytest.fixture(scope="session")
def side_by_side(tmp_path_factory: pytest.TempPathFactory) -> SideBySide:
    """A run is killed while another goes on; then a third one starts, and both come to their end."""
    killed, pair, kept = (Program(tmp_path_factory.mktemp(name)) for name in ("killed", "pair", "kept"))
    victim = killed.start("run", KEPT, "-q")
    other = kept.start("run", KEPT)
    victim.until_state("starting")
    other.until_state("starting")
    victim.signal(signal.SIGKILL)
    victim.end()
    left = killed.containers()
    third = pair.start("run", *PAIR)
    third.until(lambda event: event.kind == "run.start")
    others = kept.containers()
    swept = killed.left_at_last()
    return SideBySide(killed, left, swept, others, pair, third.end(), kept, other.end())


def test_a_run_that_was_killed_is_swept_by_the_next_and_nothing_else_is(side_by_side: SideBySide) -> None:
    assert len(side_by_side.left_by_killed) == 5  # broker, observer, RPC server, controls, one cell
    assert side_by_side.swept_when_next_began == []
    assert len(side_by_side.others_when_next_began) == 5


def test_the_record_of_a_run_that_was_killed_can_be_judged(side_by_side: SideBySide) -> None:
    done = side_by_side.killed("verdict")
    assert done.code == 3, done
    verdict = verdicts(side_by_side.killed)
    assert (verdict.status, verdict.outcome) == ("killed", Outcome.INCONCLUSIVE)
    assert "the run was killed: its record ends without an end" in verdict.missing


def test_two_runs_side_by_side_both_conclude(side_by_side: SideBySide) -> None:
    assert side_by_side.pair_done.code == 1, side_by_side.pair_done
    assert side_by_side.kept_done.code == 0, side_by_side.kept_done
    assert {cell.cell: cell.outcome for cell in verdicts(side_by_side.pair).cells} == {
        PAIR[0]: Outcome.LOST,
        PAIR[1]: Outcome.KEPT,
    }
    assert [cell.outcome for cell in verdicts(side_by_side.kept).cells] == [Outcome.KEPT]


def test_nothing_is_left_behind(side_by_side: SideBySide) -> None:
    assert side_by_side.pair.left() == []
    assert side_by_side.kept.left() == []


@pytest.fixture(scope="session")
def pair(side_by_side: SideBySide) -> Program:
    """The program with its one run of two cells, of which one loses its connections."""
    return side_by_side.pair


def verdicts(program: Program) -> RunVerdict:
    return RunVerdict.model_validate_json((program.newest / "verdicts.json").read_text())


def test_a_run_is_a_folder_with_record_capture_verdicts_and_report(pair: Program) -> None:
    events = pair.events()
    assert events[0].kind == "run.start"
    assert events[-1].data == RunEnd(status="complete", reason=None)
    assert (pair.newest / "capture.pcap").read_bytes()[:4] in (b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a")
    assert "</html>" in (pair.newest / "report.html").read_text()
    assert (pair.newest / "compose.yaml").stat().st_mode & 0o077 == 0  # it holds the broker's password


def test_the_verdicts_are_as_the_schema_says(pair: Program) -> None:
    schema = json.loads((ROOT / "docs" / "verdicts.schema.json").read_text())
    jsonschema.validate(json.loads((pair.newest / "verdicts.json").read_text()), schema)


def test_the_table_and_the_answer_are_printed_and_the_progress_is_not_among_them(side_by_side: SideBySide) -> None:
    done = side_by_side.pair_done
    for words in (*PAIR, "lost after", "kept", "It is how the application runs its threads that decides"):
        assert words in done.out
    assert re.search(r"idle for [67]\.\d s more", done.err)
    assert "idle for" not in done.out


def test_judging_again_gives_the_same_verdicts(pair: Program) -> None:
    before = (pair.newest / "verdicts.json").read_text()
    (pair.newest / "report.html").unlink()
    done = pair("verdict", "latest")
    assert done.code == 1, done
    assert (pair.newest / "verdicts.json").read_text() == before
    assert (pair.newest / "report.html").exists()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("markdown", "| cell"),
        ("junit", "<testsuite"),
        ("json", '"schema_version": 2'),
        ("csv", "prefork-daemon-native"),
    ],
)
def test_a_run_is_rendered_in_other_formats(pair: Program, form: str, words: str, tmp_path: Path) -> None:
    if form != "markdown":
        assert words in pair("report", "--format", form).out
        return
    file = tmp_path / "report"
    assert pair("report", "--format", form, "--output", str(file)).code == 0
    assert words in file.read_text()


def test_runs_are_listed_and_compared(pair: Program) -> None:
    name = pair.newest.name
    assert name in pair("runs").out
    changes = json.loads(pair("diff", name, "latest", "--json").out)
    assert (changes["cells_compared"], changes["verdicts"], changes["versions"]) == (2, [], [])


def test_a_cell_is_explained(pair: Program) -> None:
    told = " ".join(pair("explain", PAIR[0]).out.split())
    assert "missed heartbeats from client, timeout: 2s" in told
    assert "nothing runs the eventlet hub" in told
    wrong = pair("explain", "event-embedded")
    assert wrong.code == 2
    assert PAIR[0] in wrong.err


@pytest.mark.parametrize("command", ["verdict", "report", "explain x"])
def test_a_run_that_is_not_there_is_wrong_input(pair: Program, command: str) -> None:
    done = pair(*command.split(), "20200101-000000")
    assert done.code == 2
    assert "no run '20200101-000000'" in done.err
    assert pair.newest.name in done.err


def test_cells_are_listed(tmp_path: Path) -> None:
    done = Program(tmp_path)("cells", "{prefork,event}-native", "prefork-native-pthread")
    assert done.out.split() == ["prefork-daemon-native", "event-daemon-native"]
    assert "left out: prefork-native-pthread" in done.err


def test_the_compose_file_is_one_that_compose_takes(tmp_path: Path) -> None:
    file = tmp_path / "cells.yaml"
    file.write_text(Program(tmp_path)("compose", "{prefork,event}-{embedded,daemon}").out)
    shown = subprocess.run(
        ["docker", "compose", "-f", file, "config"], capture_output=True, text=True, check=False, timeout=30
    )
    assert shown.returncode == 0, shown.stderr
    assert len(yaml.safe_load(shown.stdout)["services"]) == 4 + 4


@dataclass(frozen=True)
class Moment:
    """When a run is stopped, and by what."""

    reached: Callable[[Running], Event]
    signals: tuple[int, ...] = (signal.SIGINT,)


MOMENTS = {
    "containers are being made": Moment(lambda run: run.until_phase("starting")),
    "cells are starting": Moment(lambda run: run.until_state("starting"), (signal.SIGTERM,)),
    "connections are being opened": Moment(lambda run: run.until_phase("opening"), (signal.SIGHUP,)),
    "cells idle": Moment(lambda run: run.until_phase("idle"), (signal.SIGINT, signal.SIGINT, signal.SIGTERM)),
    "cells are asked again": Moment(lambda run: run.until_phase("asking")),
    "the capture is dissected": Moment(lambda run: run.until_phase("dissecting")),
}


@dataclass(frozen=True)
class Stopped:
    """A run that was stopped, how long that took, and what was left when it had ended."""

    program: Program
    done: Done
    took_s: float
    left: list[str]


@pytest.fixture(scope="session")
def stopped(tmp_path_factory: pytest.TempPathFactory, side_by_side: SideBySide) -> dict[str, Stopped]:
    """One run for each moment, all side by side."""
    del side_by_side  # its verdicts are better had on a machine that is not that busy

    def stop(moment: Moment, runs: Path) -> Stopped:
        program = Program(runs)
        running = program.start("run", KEPT, "--heartbeat", "1")
        moment.reached(running)
        began = time.monotonic()
        for number in moment.signals:
            running.signal(number)
            time.sleep(0.2)
        done = running.end()
        return Stopped(program, done, time.monotonic() - began, program.left())

    with ThreadPoolExecutor(len(MOMENTS)) as pool:
        folders = [tmp_path_factory.mktemp("stopped") for _ in MOMENTS]
        return dict(zip(MOMENTS, pool.map(stop, MOMENTS.values(), folders), strict=True))


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_that_is_stopped_leaves_nothing_behind(stopped: dict[str, Stopped], moment: str) -> None:
    run = stopped[moment]
    assert run.left == []
    assert run.done.code == 130, run.done
    assert "stopped; nothing was left running" in run.done.err
    assert "Traceback" not in run.done.err
    assert run.took_s < 30


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_that_is_stopped_says_so_in_its_record(stopped: dict[str, Stopped], moment: str) -> None:
    program = stopped[moment].program
    last = program.events()[-1]
    assert isinstance(last.data, RunEnd)
    assert last.data.status == "interrupted"
    assert str(program.newest) in stopped[moment].done.err
    judged = judge(program.events(), probes.rules())
    assert (judged.status, judged.outcome in (Outcome.KEPT, Outcome.INCONCLUSIVE)) == ("interrupted", True)


def test_a_run_that_is_stopped_can_be_judged_and_shown(stopped: dict[str, Stopped]) -> None:
    program = stopped["cells idle"].program
    done = program("verdict")
    assert done.code == 3, done
    assert "was interrupted" in " ".join(done.out.split())
    assert verdicts(program).status == "interrupted"
    assert (program.newest / "report.html").exists()


def test_a_second_signal_while_it_cleans_up_is_answered_with_patience(stopped: dict[str, Stopped]) -> None:
    assert "cleaning up" in stopped["cells idle"].done.err
