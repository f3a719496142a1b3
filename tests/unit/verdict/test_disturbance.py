"""What is not the cell's own doing: frozen and cut off containers, octets that did not arrive, blind observers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from heartbed.record.event import only
from heartbed.record.kinds import MachineLag, RunStart
from heartbed.verdict import EXIT_CODES
from heartbed.verdict.values import ControlVerdict, Outcome
from tests.unit.histories import ASKED_AGAIN, IDLE_FROM, T0, History

NATIVE = "prefork-daemon-native"


def control(history: History, name: str) -> ControlVerdict:
    return next(check for check in history.verdict.controls if check.name == name)


def changed(history: History, action: str, t: float, service: str = NATIVE) -> None:
    history.add("container.changed", t, cell=service, action=action)


def called(*, before: bool | None = True, after: bool | None = True) -> History:
    """A run whose controls called the RPC server; None: they did not."""
    history = History.of(NATIVE)
    history.pair(beating=True)
    (start,) = only(history.events, RunStart)
    history.events[0] = replace(start, data=start.data.model_copy(update={"calls": True}))
    for t, answered in ((IDLE_FROM - 1.0, before), (ASKED_AGAIN - 0.01, after)):
        if answered is not None:
            error = None if answered else "no reply within 4 s"
            history.add("control.call", t, cell="controls", answered=answered, ms=12.0, error=error)
    return history


def test_an_unexplained_loss_of_a_native_cell_is_no_loss() -> None:
    history = History.of(NATIVE)
    history.pair(beating=False)
    verdict = history.verdict
    assert EXIT_CODES[verdict.outcome] == 3
    (cell,) = verdict.cells
    assert (cell.outcome, cell.cause) == (Outcome.INCONCLUSIVE, "unexplained")
    assert "oslo.messaging on native threads has no known way to lose it, so no loss is claimed" in cell.why


@pytest.mark.parametrize("cell", [NATIVE, "prefork-daemon-eventlet"])
def test_octets_that_were_not_acknowledged_clear_the_client(cell: str) -> None:
    history = History.of(cell)
    for conn in history.pair(beating=False):
        history.add("socket", IDLE_FROM + 1.0, conn=conn, state="ESTABLISHED", rx_octets=0, tx_octets=8)
        history.add("socket", IDLE_FROM + 2.0, conn=conn, state="ESTABLISHED", rx_octets=0, tx_octets=16)
    found = history.cell_verdict
    assert (found.outcome, found.cause) == (Outcome.INCONCLUSIVE, "network")
    assert "16 octets that it had written were not acknowledged by RabbitMQ, the first since 4.0 s before" in found.why


def test_octets_that_were_seen_but_once_clear_nobody() -> None:
    """On a busy machine the next look may come after the close: they may have been on their way for a moment."""
    history = History.of()
    for conn in history.pair(beating=False):
        history.add("socket", IDLE_FROM + 0.1, conn=conn, state="ESTABLISHED", rx_octets=0, tx_octets=21)
    history.looked_at(syscall="accept4", module="mod_mpm_prefork.so")
    assert (history.cell_verdict.outcome, history.cell_verdict.cause) == (Outcome.LOST, "hub_not_run")


def test_other_octets_at_the_next_look_are_on_their_way_for_less_long() -> None:
    history = History.of()
    for conn in history.pair(beating=False):
        history.add("socket", IDLE_FROM + 0.1, conn=conn, state="ESTABLISHED", rx_octets=0, tx_octets=21)
        history.add("socket", IDLE_FROM + 2.1, conn=conn, state="ESTABLISHED", rx_octets=0, tx_octets=8)
    history.looked_at(syscall="accept4", module="mod_mpm_prefork.so")
    assert history.cell_verdict.outcome is Outcome.LOST


@pytest.mark.parametrize("settled", [0, 1], ids=["acknowledged in the end", "on their way for a moment"])
def test_octets_on_their_way_clear_nobody(settled: int) -> None:
    history = History.of()
    for conn in history.pair(beating=False):
        t = IDLE_FROM + 4.8 if settled else IDLE_FROM + 1.0
        history.add("socket", t, conn=conn, state="ESTABLISHED", rx_octets=0, tx_octets=8)
        if not settled:
            history.add("socket", t + 1.0, conn=conn, state="ESTABLISHED", rx_octets=16, tx_octets=0)
    history.looked_at(syscall="accept4", module="mod_mpm_prefork.so")
    assert (history.cell_verdict.outcome, history.cell_verdict.cause) == (Outcome.LOST, "hub_not_run")


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("pause", "its container was paused for 2.0 s, not by the probe, 2.5 s after its first request"),
        ("disconnect", "its container was taken off the network for 2.0 s, not by the probe, 2.5 s"),
        ("die", "its container ended, not by the probe, 2.5 s after its first request"),
    ],
)
def test_a_cell_that_was_frozen_or_cut_off_has_no_verdict(action: str, words: str) -> None:
    history = History.of(NATIVE)
    history.pair(beating=False)
    changed(history, action, IDLE_FROM + 2.0)
    changed(history, {"pause": "unpause", "disconnect": "connect"}.get(action, "other"), IDLE_FROM + 4.0)
    verdict = history.verdict
    assert EXIT_CODES[verdict.outcome] == 3
    (cell,) = verdict.cells
    assert (cell.outcome, cell.cause) == (Outcome.INCONCLUSIVE, "disturbed")
    assert words in cell.why
    assert [piece.kind for piece in cell.evidence] == ["container.changed"]


def test_one_that_stays_frozen_is_disturbed_too_and_hangs_for_it() -> None:
    history = History.of(NATIVE)
    history.pair(beating=True)
    changed(history, "pause", IDLE_FROM + 2.0)
    history.add("request", ASKED_AGAIN, phase="after", what="call", status=None, ms=6000.0, error="ReadTimeout: no")
    assert (history.cell_verdict.outcome, history.cell_verdict.cause) == (Outcome.INCONCLUSIVE, "disturbed")


@pytest.mark.parametrize(
    ("action", "t"),
    [
        ("connect", T0 + 1.0),
        ("disconnect", ASKED_AGAIN + 30.0),
        ("unpause", IDLE_FROM),
        ("oom", T0 + 1.0),
    ],
    ids=["as it started", "as it was removed", "undone", "before it was asked"],
)
def test_what_does_not_reach_into_the_time_that_it_was_watched_disturbs_nothing(action: str, t: float) -> None:
    history = History.of(NATIVE)
    history.pair(beating=True)
    changed(history, action, t)
    assert history.cell_verdict.outcome is Outcome.KEPT


def test_what_was_done_before_and_not_undone_lasts() -> None:
    history = History.of(NATIVE)
    history.pair(beating=True)
    changed(history, "disconnect", T0 + 1.0)
    assert history.cell_verdict.cause == "disturbed"
    changed(history, "connect", T0 + 2.0)
    assert history.cell_verdict.outcome is Outcome.KEPT


@pytest.mark.parametrize("service", [NATIVE, "rabbitmq"])
def test_what_the_probe_itself_did_is_no_disturbance(service: str) -> None:
    history = History.of(NATIVE)
    history.pair(beating=True)
    changed(history, "pause", IDLE_FROM + 2.0, service)
    before = history.cell_verdict.outcome
    told: dict[str, Any] = {"from": IDLE_FROM + 1.9, "to": IDLE_FROM + 4.0}
    history.add("intervention", IDLE_FROM + 1.9, who="freeze", number=1, what="paused", where=service, **told)
    meant = history.cell_verdict.outcome
    changed(history, "disconnect", IDLE_FROM + 5.5, service)
    outcomes = [before, meant, history.cell_verdict.outcome]
    assert outcomes == [Outcome.INCONCLUSIVE, Outcome.KEPT, Outcome.INCONCLUSIVE]


def test_another_cell_that_was_paused_is_another_cell() -> None:
    history = History.of(NATIVE)
    history.pair(beating=True)
    changed(history, "pause", IDLE_FROM + 2.0, "prefork-daemon-eventlet")
    assert history.cell_verdict.outcome is Outcome.KEPT


@pytest.mark.parametrize(
    ("service", "name"),
    [("compute", "compute"), ("rabbitmq", "machine"), ("observer", "machine"), ("controls", "machine")],
)
def test_a_part_of_the_testbed_that_was_paused_is_a_control_that_failed(service: str, name: str) -> None:
    history = History.of(NATIVE)
    history.pair(beating=True)
    changed(history, "pause", IDLE_FROM + 2.0, service)
    assert not control(history, name).ok
    assert f"the container {service} was paused" in control(history, name).observed
    assert history.verdict.outcome is Outcome.INCONCLUSIVE


def test_the_rpc_server_must_answer_before_and_after() -> None:
    assert control(called(), "compute").ok


def test_a_call_of_another_acts_controls_is_answered_for_by_that_act() -> None:
    history = called()
    history.add("control.call", ASKED_AGAIN + 30.0, cell="controls.4", answered=False, ms=18.0, error="no exchange")
    assert control(history, "compute").ok


@pytest.mark.parametrize(
    ("history", "words"),
    [
        (
            called(before=False),
            "the call of a control just before the cells idled: no reply within 4 s",
        ),
        (
            called(after=False),
            "the call of a control as they were asked again: no reply within 4 s",
        ),
        (called(before=None), "it was not called by a control just before the cells idled"),
        (called(after=None), "it was not called by a control as they were asked again"),
    ],
    ids=["not before", "not after", "not called before", "not called after"],
)
def test_an_rpc_server_that_does_not_answer_makes_no_cell_hung(history: History, words: str) -> None:
    history.requests(after_status=504)
    verdict = history.verdict
    assert (verdict.outcome, verdict.cells[0].cause) == (Outcome.INCONCLUSIVE, "control_failed")
    assert words in verdict.reason


def test_a_record_of_a_heartbed_that_did_not_call_lacks_nothing() -> None:
    history = History.of(NATIVE)
    history.pair(beating=True)
    assert control(history, "compute").ok


@pytest.mark.parametrize("until", [2, 4], ids=["early", "in the middle"])
def test_a_machine_that_was_not_measured_to_the_end_is_not_trusted(until: int) -> None:
    history = History.of(NATIVE)
    history.pair(beating=True)
    history.events = [
        event for event in history.events if not isinstance(event.data, MachineLag) or event.t <= IDLE_FROM + until
    ]
    dead = "the agent has ended; processes and sockets are watched no more"
    history.add("observer.failed", IDLE_FROM + until, cell=None, observer="agent", reason=dead)
    machine = control(history, "machine")
    assert not machine.ok
    assert machine.observed == f"it was measured for {until}.0 s of the 7.0 s of the idle period only: {dead}"
    assert history.cell_verdict.cause == "control_failed"


def test_a_hole_in_the_middle_is_one_too() -> None:
    history = History.of(NATIVE)
    history.pair(beating=True)
    history.events = [
        event
        for event in history.events
        if not isinstance(event.data, MachineLag) or not IDLE_FROM + 2 < event.t < IDLE_FROM + 6
    ]
    assert "it was measured for 2.0 s of the 7.0 s" in control(history, "machine").observed


def test_a_sample_that_tells_of_a_stall_may_come_as_much_later() -> None:
    history = History.of(NATIVE)
    history.pair(beating=True)
    history.events = [
        event
        for event in history.events
        if not isinstance(event.data, MachineLag) or not IDLE_FROM + 2 < event.t <= IDLE_FROM + 6
    ]
    history.add("machine.lag", IDLE_FROM + 6.0, cell=None, max_ms=1900.0)
    assert control(history, "machine").ok


@pytest.mark.parametrize(("stopped_ms", "outcome"), [(900.0, Outcome.LOST), (1000.0, Outcome.INCONCLUSIVE)])
def test_what_a_process_missed_while_a_look_had_it_stand_still_is_not_its_own(
    stopped_ms: float, outcome: Outcome
) -> None:
    history = History.of("prefork-daemon-eventlet-pthread")
    history.pair(beating=False)
    history.add("process.stacks", IDLE_FROM + 3.5, at="mid-idle", error="given up", stopped_ms=stopped_ms)
    found = history.cell_verdict
    assert found.outcome is outcome
    if outcome is Outcome.INCONCLUSIVE:
        assert found.cause == "disturbed"
        assert f"a look at process {history.pid} had it stand still for 1.0 s" in found.why


def test_who_kept_everything_did_so_although_a_look_had_it_stand_still() -> None:
    history = History.of(NATIVE)
    history.pair(beating=True)
    history.add("process.stacks", IDLE_FROM + 3.5, at="mid-idle", error="given up", stopped_ms=1100.0)
    assert history.cell_verdict.outcome is Outcome.KEPT
