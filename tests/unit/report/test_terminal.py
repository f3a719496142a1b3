"""What a terminal shows: at the end, of one cell, while a run goes on, and of two runs."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Literal

import pytest
from rich.console import Console, RenderableType

from heartbed.errors import InputError
from heartbed.record import kinds
from heartbed.record.event import Event
from heartbed.record.index import Index
from heartbed.record.kinds import CellState, ConnectionClosed
from heartbed.report import timeline
from heartbed.report.data import RunData
from heartbed.report.diff import difference, rich_difference
from heartbed.report.explain import explain
from heartbed.report.live import LiveView
from heartbed.report.registry import render
from heartbed.report.terminal import summary
from heartbed.report.words import together
from heartbed.verdict.unseen import unseen
from heartbed.verdict.values import Outcome
from tests.unit.data.report import samples
from tests.unit.data.report.making import IDLE
from tests.unit.data.report.samples import SAMPLES


def shown(what: RenderableType, width: int = 80, encoding: str = "utf-8", *, colour: bool = False) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, errors="strict", write_through=True)
    system: Literal["truecolor"] | None = "truecolor" if colour else None
    Console(file=file, width=width, force_terminal=colour, color_system=system, highlight=False, _environ={}).print(
        what
    )
    return raw.getvalue().decode(encoding)


def test_prefork_stands_beside_event() -> None:
    text = shown(summary(samples.comparison()))
    row = next(line for line in text.splitlines() if line.strip().startswith("daemon-eventlet "))
    assert row.rstrip().endswith("SEND kept")
    assert "lost after 5.9 s" in row
    assert text.splitlines()[1].split() == ["prefork", "event"]


def test_the_cost_of_the_first_request_stands_below_the_verdict() -> None:
    assert "1043 ms (12 ms)" in shown(summary(samples.comparison()))


def test_findings_the_answer_the_controls_and_the_next_command_follow() -> None:
    text = shown(summary(samples.comparison()))
    order = [
        "lost: nothing runs the hub",
        "9 of 12 cells keep",
        "silent, beating as they must be; lag at most 4.2 ms",
        "look closer",
        "heartbed explain prefork-embedded-eventlet",
    ]
    assert [text.index(each) for each in order] == sorted(text.index(each) for each in order)


def test_a_long_list_of_cells_has_a_line_for_each_that_is_kept() -> None:
    run = samples.many(60)
    text = shown(summary(changed(run, cells=[c for c in run.verdict.cells if c.factors["server"] == "prefork"])), 100)
    assert "below each verdict" not in text
    rows = [line for line in text.splitlines() if line.strip().startswith("prefork-daemon-eventlet-threads2 ")]
    assert len(rows) == 1
    assert len(text.splitlines()) < 30 + 30 // 3 + 25


def changed(run: RunData, **changes: object) -> RunData:
    return RunData(run.verdict.model_copy(update=changes), run.events, run.folder)


def test_a_finding_is_a_line_and_a_sentence_for_all_of_its_cells() -> None:
    lines = shown(summary(samples.comparison()), 100).splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("lost: "))
    assert lines[at].startswith("lost: nothing runs the hub (prefork-embedded-eventlet, prefork-daemon-event")
    assert "The green thread that sends heartbeats cannot run" in " ".join(lines[at + 1 : at + 4])


def test_a_note_that_the_cause_tells_already_is_not_told_again() -> None:
    run = samples.comparison()
    why = "a call after the idle period got no reply over RabbitMQ: 504 after 8.0 s"
    hung = run.verdict.cells[0].model_copy(
        update={"outcome": Outcome.HUNG, "cause": "call_timed_out", "why": why, "notes": [why], "connections": []}
    )
    text = " ".join(shown(summary(changed(run, cells=[hung])), 200).split())
    assert text.count("got no reply over RabbitMQ") == 1


def test_a_failed_control_is_told_once_with_what_it_must_be_and_what_was_seen_by_outcome() -> None:
    run = samples.comparison()
    reason = "the control compute must be kept, but: closed 3.1 s after it was opened"
    wrong = run.verdict.controls[0].model_copy(
        update={"name": "compute", "expected": "kept", "observed": "closed 3.1 s after it was opened", "ok": False}
    )
    cells = [
        cell.model_copy(
            update={
                "outcome": Outcome.INCONCLUSIVE,
                "cause": "control_failed",
                "why": reason,
                "notes": [f"seen, but not to be trusted: {cell.outcome}: {cell.why}"],
            }
        )
        for cell in run.verdict.cells
    ]
    answer = f"Nothing can be said: {reason}."
    broken = changed(run, cells=cells, controls=[*run.verdict.controls[1:], wrong], reason=reason, answer=answer)
    text = shown(summary(broken), 120)
    assert text.count(reason) == 1
    assert "failed       compute: closed 3.1 s after it was opened (must be: kept)" in text
    assert text.count("note: seen, but not to be trusted: ") == 2


def test_cells_that_are_a_product_are_named_by_their_expression() -> None:
    names = [f"{server}-{mode}-eventlet" for server in ("prefork", "event") for mode in ("embedded", "daemon")]
    assert together(names, 2) == "{prefork,event}-{embedded,daemon}-eventlet"
    assert together(names[:3], 6) == "prefork-embedded-eventlet, prefork-daemon-eventlet, event-embedded-eventlet"
    assert together(names[:3], 1) == "prefork-embedded-eventlet and 2 more"
    assert together(names[:1], 6) == names[0]
    models = [f"{server}-{model}" for server in ("prefork", "event") for model in ("eventlet-pthread", "native")]
    assert together(models, 2) == "{prefork,event}-{eventlet-pthread,native}"


def test_the_next_command_can_be_pasted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    run = RunData(samples.comparison().verdict, [], tmp_path / "20251229-092000")
    run.folder.mkdir()
    monkeypatch.setenv("HEARTBED_RUNS", str(tmp_path))
    monkeypatch.setattr("sys.argv", [str(tmp_path / "bin" / "heartbed")])
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(tmp_path)
    assert "bin/heartbed explain prefork-embedded-eventlet 20251229-092000\n" in shown(summary(run))
    (tmp_path / "latest").symlink_to(run.folder.name)
    assert "20251229-092000" not in shown(summary(run)).partition("explain")[2]


def test_the_report_is_named_once_it_is_there(tmp_path: Path) -> None:
    run = samples.comparison()
    assert "report.html" not in shown(summary(run))
    (tmp_path / "report.html").touch()
    text = shown(summary(RunData(run.verdict, run.events, tmp_path)), width=200)
    assert f"{tmp_path}/report.html" in text


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_terminal(sample: str, width: int) -> None:
    run = SAMPLES[sample]()
    parts = [summary(run), *(explain(run, cell) for cell in run.verdict.cells)]
    assert max(len(line) for part in parts for line in shown(part, width).splitlines()) <= width


@pytest.mark.parametrize("sample", SAMPLES)
def test_ascii_is_enough(sample: str) -> None:
    run = SAMPLES[sample]()
    shown(summary(run), encoding="ascii")
    for cell in run.verdict.cells:
        shown(explain(run, cell), encoding="ascii")


def test_names_are_broken_at_their_dashes_where_it_is_narrow() -> None:
    assert "embedded-eventlet-\n" in "\n".join(
        line.strip().split("  ")[0] for line in shown(summary(samples.comparison()), 60).splitlines()
    )


def test_colour_only_repeats_what_words_say() -> None:
    run = samples.comparison()
    assert "\x1b[" in shown(summary(run), colour=True)
    assert "\x1b" not in shown(summary(run))


def test_nothing_from_outside_reaches_the_terminal_as_a_command() -> None:
    run = samples.hostile()
    text = shown(summary(run)) + "".join(shown(explain(run, cell)) for cell in run.verdict.cells)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert r"\x1b[31m" in text


def test_cells_that_make_no_matrix_are_listed_with_their_causes() -> None:
    text = shown(summary(samples.every_verdict()))
    assert "no heartbeat thread" in text
    assert "hung" in text


def test_what_is_missing_is_said() -> None:
    assert "tcpdump was not permitted" in shown(summary(samples.without_capture()))
    text = shown(summary(samples.interrupted()), 200)
    assert "the run was killed" in text
    assert "lag of the machine was not measured" in text


def test_the_story_of_a_lost_cell_fits_a_screen_and_names_the_culprit() -> None:
    text = shown(explain(samples.comparison(), "prefork-daemon-eventlet"), 120)
    assert len(text.splitlines()) <= 40
    assert "accept4 of mod_mpm_prefork.so" in text
    assert "bytes begin to wait unread, 48 at most" in text
    assert "broker sends RST" in text
    assert "The first request after the idle period took 1043 ms (before: 12 ms)." in text


def test_a_cell_that_the_run_does_not_have_is_refused_with_those_that_it_has() -> None:
    with pytest.raises(InputError) as refused:
        explain(samples.comparison(), "prefork")
    assert "prefork-daemon-eventlet" in refused.value.hint


def watched(events: list[Event], names: list[str], *, quiet: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, width=100, force_terminal=False, _environ={})
    with LiveView(names, 2, console=console, quiet=quiet) as view:
        for event in events:
            view(event)
    return file.getvalue()


def test_without_a_terminal_each_change_is_a_line_with_its_time() -> None:
    run = samples.comparison()
    events = sorted(run.events, key=lambda event: event.t)
    text = watched(events, [cell.cell for cell in run.verdict.cells])
    lines = text.splitlines()
    assert any(line.endswith("prefork-daemon-eventlet: ready (4 of 12)") for line in lines)
    assert any("idle for 9.0 s more: nothing touches the cells" in line for line in lines)
    assert sum(line.endswith(": lost: RabbitMQ missed its heartbeats") for line in lines) == 3
    assert any(line.endswith("done, kept so far (12 of 12)") for line in lines)
    assert all(line[2] == line[5] == ":" for line in lines)


def test_a_loss_while_other_cells_are_still_being_opened_is_shown() -> None:
    def told(kind: str, t: float, **data: object) -> Event:
        return Event(kinds.parse(kind, data), IDLE + t, None if kind == "run.phase" else "a")

    events = [
        told("run.phase", -9, phase="opening"),
        told("request", -5, phase="open", what="call", ms=100),
        told("cell.state", -4.9, state="opened"),
        told("broker.connection.closed", -0.5),
        told("broker.log", -0.5, reason="missed_heartbeats"),
        told("run.phase", 0, phase="idle", until=IDLE + 7),
        told("run.phase", 7, phase="asking"),
        told("cell.state", 8, state="done"),
    ]
    text = watched(events, ["a", "b"])
    assert text.count("a: lost: RabbitMQ missed its heartbeats") == 1
    assert "a: done, lost: RabbitMQ missed its heartbeats" in text


def test_of_pages_in_the_idle_period_it_is_said_that_they_come() -> None:
    def told(kind: str, t: float, **data: object) -> Event:
        return Event(kinds.parse(kind, data), IDLE + t, None if kind == "run.phase" else "a")

    events = [
        told("request", -0.1, what="call", ms=100, phase="before"),
        told("run.phase", 0, phase="idle", until=IDLE + 7, meanwhile="each is asked for a page"),
        told("request", 4, what="page", ms=5, phase="during"),
        told("broker.log", 4.4, reason="missed_heartbeats"),
    ]
    text = watched(events, ["a"])
    assert "idle for 7.0 s more: each is asked for a page" in text
    assert "a: lost: RabbitMQ missed its heartbeats" in text


def test_quiet_prints_nothing() -> None:
    run = samples.comparison()
    assert watched(list(run.events), [cell.cell for cell in run.verdict.cells], quiet=True) == ""


def live(events: list[Event], names: list[str], height: int = 40) -> str:
    console = Console(file=io.StringIO(), width=100, height=height, force_terminal=False, _environ={})
    view = LiveView(names, 2, quiet=True, console=console)
    for event in events:
        view(event)
    with console.capture() as capture:
        console.print(view.table())
    return capture.get()


def test_the_live_table_counts_down_and_shows_losses_as_they_come() -> None:
    run = samples.comparison()
    names = [cell.cell for cell in run.verdict.cells]
    events = sorted((event for event in run.events if event.t < IDLE + 8.5), key=lambda event: event.t)
    text = live(events, names)
    assert "heartbeat timeout 2 s: idle, 0 s left" in text
    row = next(line for line in text.splitlines() if line.startswith("prefork-daemon-eventlet "))
    assert row.split()[1] == "idling"
    assert "lost" in row


def test_what_a_run_will_take_is_said_before_and_how_well_that_is_known() -> None:
    told = kinds.RunForecast(seconds=213.2, octets=2**30, available_octets=2**34, acts=2, known=True)
    words = "takes about 3.6 min, in 2 acts, and up to 1.0 GiB of memory"
    assert words in live([Event(told, IDLE)], ["a"])
    guessed = told.model_copy(update={"seconds": 26.0, "acts": 1, "known": False})
    text = watched([Event(guessed, IDLE)], ["a"])
    assert text.endswith(" takes about 26 s, and up to 1.0 GiB of memory (a guess: nothing like it was run here)\n")


def test_a_failed_cell_says_why() -> None:
    event = Event(CellState(state="failed", reason="import \x1b[31mfailed"), IDLE, "a")
    assert r"failed   import \x1b[31mfailed" in live([event], ["a", "b"])


def test_more_cells_than_lines_are_counted() -> None:
    names = [f"cell-{n}" for n in range(200)]
    events: list[Event] = [Event(CellState(state="ready"), IDLE, name) for name in names[:150]]
    text = live(events, names, height=24)
    assert "150 ready, 50 waiting" in text
    assert len(text.splitlines()) < 24


def test_a_cell_without_connections_that_the_view_does_not_know_is_ignored() -> None:
    assert "control" not in live([Event(ConnectionClosed(), IDLE, "control-silent", None, "1:2")], ["a"])


def test_two_runs_alike_have_no_difference() -> None:
    run = samples.comparison().verdict
    changes = difference(run, run)
    assert "Nothing changed." in shown(rich_difference(changes))


def test_what_changed_between_two_runs_is_told() -> None:
    before = samples.comparison().verdict
    cells = list(before.cells)
    cells[0] = cells[2].model_copy(update={"cell": cells[0].cell})
    cells[3] = cells[3].model_copy(update={"lost_after_s": 4.0})
    new = cells[1].model_copy(update={"cell": "worker-daemon-native"})
    versions = before.versions | {"mod_wsgi": "6.2.0"}
    after = before.model_copy(update={"run": "later", "cells": [*cells[:-1], new], "versions": versions})
    changes = json.loads(json.dumps(difference(before, after)))
    assert changes["verdicts"][0] == {
        "subject": "prefork-embedded-eventlet",
        "what": "verdict",
        "before": "lost after 5.9 s",
        "after": "kept",
    }
    assert {"subject": "version", "what": "mod_wsgi", "before": "6.1.1", "after": "6.2.0"} in changes["versions"]
    assert [change["subject"] for change in changes["times"]] == [
        "prefork-embedded-eventlet",
        "prefork-daemon-eventlet",
    ]
    assert (changes["only_before"], changes["only_after"]) == (["event-daemon-native"], ["worker-daemon-native"])
    text = shown(rich_difference(changes), encoding="ascii")
    assert "lost after 5.9 s -> kept" in text
    assert "Only in later: worker-daemon-native" in text


def test_times_of_loss_are_compared_in_timeouts() -> None:
    before = samples.comparison().verdict
    cells = [
        cell.model_copy(update={"lost_after_s": cell.lost_after_s * 3 if cell.lost_after_s else None})
        for cell in before.cells
    ]
    after = before.model_copy(update={"heartbeat_s": 6.0, "cells": cells})
    changes = difference(before, after)
    assert changes["times"] == []
    assert changes["versions"][0]["what"] == "heartbeat timeout"


def test_runs_without_a_cell_in_common_have_no_outcomes_to_compare() -> None:
    before = samples.comparison().verdict
    first, *_, last = before.cells
    versions = {name: version for name, version in before.versions.items() if name != "mod_wsgi"}
    after = before.model_copy(update={"cells": [last], "outcome": Outcome.KEPT, "versions": versions})
    changes = difference(before.model_copy(update={"cells": [first]}), after)
    assert changes["verdicts"] == []
    assert "6.1.1 -> not known" in shown(rich_difference(changes), encoding="ascii")


def test_of_several_acts_a_control_is_named_with_its_act() -> None:
    run = samples.comparison()
    names = ["machine", "control-silent", "control-silent.2", "machine.2", "native (broker-pause).2"]
    good, *_ = run.verdict.controls
    controls = [good.model_copy(update={"name": name, "ok": True}) for name in names]
    wrong = controls[-1].model_copy(update={"ok": False})
    text = shown(summary(changed(run, controls=controls)), 120)
    assert "silent, silent (act 2), native (broker-pause) (act 2) as they must be" in text
    failed = changed(run, controls=[*controls[:-1], wrong])
    assert "failed       native (broker-pause) (act 2): " in shown(summary(failed), 120)
    for name in ("markdown", "html"):
        page = str(render(name, failed)).replace("\\", "")
        assert "machine (act 2)" in page
        assert "machine.2" not in page.partition("window.")[0]


@pytest.mark.parametrize(("number", "said"), [(1, "1 heartbeat of the client"), (2, "2 heartbeats of the client")])
def test_one_heartbeat_is_one(monkeypatch: pytest.MonkeyPatch, number: int, said: str) -> None:
    monkeypatch.setattr(timeline, "beats", lambda *_: timeline.Beats(number, 3))
    assert said in shown(explain(samples.comparison(), "prefork-daemon-eventlet"), 120)


def test_of_what_was_not_observed_a_cell_is_told_what_is_about_it() -> None:
    run = samples.comparison()
    asked = {asked.name: asked.service for asked in run.asked.cells}
    name, other = "prefork-daemon-eventlet", "event-daemon-eventlet"
    looks = [Event(kinds.ProcessStacks(error=f"of {each} nothing"), IDLE, asked[each], 4711) for each in (name, other)]
    events = [*run.events[:-1], *looks, run.events[-1]]
    missing = ["the observer has ended", *unseen(Index(events), run.asked.cells)]
    text = shown(explain(RunData(run.verdict.model_copy(update={"missing": missing}), events, run.folder), name), 200)
    assert "Not observed: the observer has ended" in text
    assert f"Not observed: a process of {name} could not be looked at" in text
    assert f"a process of {other}" not in text
