"""The commands that read runs, on runs and terminals of every kind."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from filelock import FileLock

from heartbed import report
from heartbed.cli import cli
from heartbed.cli.completion import SHELLS
from heartbed.errors import HeartbedError
from heartbed.record import folder as runfolder
from heartbed.record.event import Writer
from heartbed.report.data import RunData
from heartbed.report.listing import entry
from heartbed.report.loaded import load
from heartbed.verdict.values import RunVerdict
from tests.forked import Forked
from tests.forked import run as forked
from tests.unit.data.report import samples

CELL = "prefork-daemon-eventlet"
Run = Callable[..., str]


def killed_early() -> RunData:
    """A run of which there is nothing but its beginning, as a kill leaves it."""
    run = samples.comparison("20251229-131500")
    return RunData(run.verdict, run.events[:3], run.folder)


def of_another_machine() -> RunData:
    """A run whose folder came from elsewhere, without what is not in the record."""
    return samples.compared("20251229-132000", host={"hostname": "elsewhere", "cores": 64, "new": {"a": [1]}})


ODD: dict[str, Callable[[], RunData]] = {
    "without capture": samples.without_capture,
    "interrupted": samples.interrupted,
    "killed early": killed_early,
    "another machine's": of_another_machine,
    "hostile": samples.hostile,
    "whole": samples.comparison,
}


def kept(folder: Path, run: RunData) -> Path:
    """The folder of a run as it came: its record, and no more."""
    (folder / run.verdict.run).mkdir()
    with Writer(folder / run.verdict.run) as writer:
        for event in run.events:
            writer.write(event)
    return folder / run.verdict.run


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with all that the program leaves there, to be read only; ``latest`` is beside it."""
    folder = tmp_path_factory.mktemp("runs") / "20251229-092000"
    samples.write(samples.comparison(), folder)
    (folder.parent / "latest").symlink_to(folder)
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Calls a command in this process, and returns what it prints."""
    monkeypatch.setenv("HEARTBED_RUNS", str(tmp_path))

    def command(*arguments: str, columns: int = 100) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        cli.main(list(arguments), prog_name="heartbed", standalone_mode=False)
        return capsys.readouterr().out

    return command


@pytest.mark.parametrize("kind", ODD)
def test_each_command_copes_with_each_run(kind: str, run: Run, tmp_path: Path) -> None:
    folder = kept(tmp_path, ODD[kind]())
    other = kept(tmp_path, samples.comparison("20251229-235959"))
    run("verdict", folder.name)
    cell = RunVerdict.model_validate_json((folder / "verdicts.json").read_text()).cells[0].cell
    commands = [("runs",), ("verdict", folder.name), ("explain", cell, folder.name)]
    commands += [("diff", folder.name, other.name), ("diff", other.name, str(folder))]
    for command, width in product(commands, (60, 100)):
        output = run(*command, columns=width)
        assert output.strip()
        assert max(map(len, output.splitlines())) <= width
        assert "\x1b" not in output
    judged = load(tmp_path, folder.name)
    for form in report.format_names():
        assert report.render(form, judged)
    assert run("report", folder.name, "--format", "text")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace('"v":1', '"v":99', 1).replace('"v": 1', '"v": 99', 1), "99"),
        (lambda _: "", "record"),
        (lambda _: "{}\n", "record"),
        (lambda _: "not json\nat all\n", "record"),
    ],
    ids=["newer schema", "empty", "no event", "no JSON"],
)
def test_a_record_that_cannot_be_read_is_named_and_the_others_are_listed(
    change: Callable[[str], str], words: str, run: Run, tmp_path: Path
) -> None:
    folder = kept(tmp_path, samples.comparison("20251229-100000"))
    kept(tmp_path, samples.comparison("20251229-110000"))
    record = folder / "record.jsonl"
    record.write_text(change(record.read_text()))
    for command in (("verdict", folder.name), ("report", folder.name), ("diff", folder.name, "20251229-110000")):
        with pytest.raises(HeartbedError) as refused:
            run(*command)
        assert words in refused.value.message
    listed = run("runs")
    assert "20251229-100000" in listed
    assert "4 lost" not in listed
    assert "20251229-110000  " in listed


def test_a_report_can_be_of_one_cell_only(run: Run, tmp_path: Path) -> None:
    folder = kept(tmp_path, samples.comparison())
    only = run("report", str(folder), "--cell", CELL)
    assert f"{CELL}</h3>" in only
    assert only.count("<article") == 1
    assert "Does this configuration keep its RabbitMQ connections while nobody calls?" in only
    with pytest.raises(HeartbedError, match="has no cell 'prefork'"):
        run("report", str(folder), "--cell", "prefork")


def test_a_last_line_that_is_torn_is_no_obstacle(run: Run, tmp_path: Path) -> None:
    folder = kept(tmp_path, samples.comparison())
    record = folder / "record.jsonl"
    record.write_bytes(record.read_bytes()[:-40])
    assert CELL in run("explain", CELL, folder.name)
    assert run("verdict", folder.name)


def test_an_old_run_without_newer_keys_is_rendered(run: Run, tmp_path: Path) -> None:
    folder = kept(tmp_path, samples.comparison())
    record = folder / "record.jsonl"
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    for key in ("docker", "images", "argv", "left_out"):
        lines[0]["data"].pop(key, None)
    old = [line for line in lines if line["kind"] not in ("process.greenlets", "process.switches", "machine.lag")]
    record.write_text("".join(f"{json.dumps(line)}\n" for line in old))
    for form in report.format_names():
        assert report.render(form, load(tmp_path, folder.name))
    assert CELL in run("explain", CELL, folder.name)


def test_runs_are_listed_from_their_verdicts_while_these_are_up_to_date(run: Run, whole: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(whole, tmp_path / whole.name))
    verdicts, record = folder / "verdicts.json", folder / "record.jsonl"
    told = json.loads(verdicts.read_text()) | {"answer": "As it was said."}
    verdicts.write_text(json.dumps(told))
    assert "As it was said." in run("runs")
    later = time.time() + 60
    os.utime(record, (later, later))
    assert "As it was said." not in run("runs")
    os.utime(verdicts, (later + 1, later + 1))
    verdicts.write_text("{")
    os.utime(verdicts, (later + 1, later + 1))
    assert "controls" in entry(folder).answer or "control" in entry(folder).answer


def test_fifty_runs_are_listed_at_once(run: Run, whole: Path, tmp_path: Path) -> None:
    for number in range(50):
        other = tmp_path / f"run-{number:02}"
        other.mkdir()
        for name in ("record.jsonl", "verdicts.json"):
            os.link(whole / name, other / name)
    began = time.process_time()
    assert run("runs").count("3 lost, 9 kept") == 50
    assert time.process_time() - began < 1.5


def test_a_run_that_goes_on_is_not_taken_for_one_that_was_killed(run: Run, tmp_path: Path) -> None:
    folder = kept(tmp_path, killed_early())
    with FileLock(folder / runfolder.LOCK):
        assert "is going on" in run("runs")
    assert "killed" in run("runs")


def test_without_runs_it_is_said_how_to_get_one(run: Run) -> None:
    with pytest.raises(HeartbedError) as refused:
        run("runs")
    assert "heartbed compare" in refused.value.hint


def printed(*arguments: str, **environ: str) -> Forked:
    """What the program prints, to a file."""
    return forked(arguments, {**os.environ, **environ}, Path.cwd())


@pytest.mark.parametrize("command", [f"explain {CELL}", "runs", "report --format text", "diff latest"])
def test_where_the_locale_is_not_utf8_everything_is_ascii(command: str, whole: Path) -> None:
    done = printed(*command.split(), LC_ALL="C", HEARTBED_RUNS=str(whole.parent))
    assert done.out
    assert done.out.isascii()
    assert done.err.isascii()
    assert b"Traceback" not in done.err


def test_a_report_for_programs_is_utf8_whatever_the_locale(whole: Path) -> None:
    done = printed("report", str(whole), "--format", "markdown", LC_ALL="C")
    assert done.out.decode("utf-8").startswith("### ❔")


@pytest.mark.parametrize(
    ("environ", "coloured"), [({"FORCE_COLOR": "1"}, True), ({"NO_COLOR": "1"}, False), ({}, False)]
)
def test_colours_are_left_out_where_they_are_not_wanted(
    environ: dict[str, str], coloured: bool, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    assert (b"\x1b[" in printed("explain", CELL, str(whole), **environ).out) is coloured


def offered(line: str) -> list[str]:
    """What a shell offers after this line, of which the last word is incomplete."""
    *words, incomplete = line.split(" ")
    found = ShellComplete(cli, {}, "heartbed", "_HEARTBED_COMPLETE").get_completions(words, incomplete)
    return [each.value for each in found]


def test_shells_complete_cells_runs_formats_and_factors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTBED_RUNS", str(tmp_path))
    assert offered("explain pre") == offered("diff ") == []
    (tmp_path / "latest").symlink_to(kept(tmp_path, samples.comparison("20251229-100000")))
    kept(tmp_path, samples.every_verdict())
    assert offered("explain prefork-daemon-e") == ["prefork-daemon-eventlet", "prefork-daemon-eventlet-pthread"]
    assert offered("report ") == ["latest", "20251229-101500", "20251229-100000"]
    assert offered("explain x 2025") == ["20251229-101500", "20251229-100000"]
    assert offered("report --format m") == ["markdown"]
    assert offered("run prefork-da") == ["prefork-daemon"]
    assert "prefork-daemon-native" in offered("compare prefork-daemon-")
    assert "prefork-daemon-embedded" not in offered("compare prefork-daemon-")
    assert "verdict" in offered("v")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_has_its_script(shell: str, run: Run) -> None:
    assert "_HEARTBED_COMPLETE" in run("completion", shell)


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_every_command_has_help_with_an_example_and_is_listed_with_its_whole_sentence(name: str, run: Run) -> None:
    command = cli.commands[name]
    text = command.get_help(click.Context(command, info_name=f"heartbed {name}"))
    assert "Example" in text
    assert f"  heartbed {name}" in text.partition("Example")[2]
    listed = " ".join(run("--help").split())
    assert command.get_short_help_str(200) in listed
    assert not command.get_short_help_str(200).endswith("...")
