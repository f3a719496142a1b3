"""Verdicts and causes from what real runs have recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from heartbed import probes
from heartbed.record.connection import Purpose
from heartbed.record.event import only
from heartbed.record.kinds import BrokerLog, Request
from heartbed.verdict import judge
from heartbed.verdict.pages import CARRIED, NO_HELP, NOTHING
from heartbed.verdict.values import CellVerdict, Connection, Outcome, RunVerdict
from tests.unit.recorded import RECORDS, recorded

SEND, LISTEN = Purpose.SEND, Purpose.LISTEN


@pytest.fixture(scope="session")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], RunVerdict]:
    known: dict[str, RunVerdict] = {}

    def judged(name: str) -> RunVerdict:
        if name not in known:
            known[name] = judge(recorded(name, tmp_path_factory.mktemp(name)), probes.rules())
        return known[name]

    return judged


def cell(run: RunVerdict, name: str) -> CellVerdict:
    return next(each for each in run.cells if each.cell == name)


def of(found: CellVerdict, purpose: Purpose) -> Connection:
    return next(each for each in found.connections if each.purpose is purpose)


@pytest.mark.parametrize("name", sorted(path.name.partition(".")[0] for path in RECORDS.glob("*.gz")))
def test_the_controls_of_a_recorded_run_are_as_they_must_be(name: str, verdict: Callable[[str], RunVerdict]) -> None:
    run = verdict(name)
    assert [control.name for control in run.controls if not control.ok] == []
    assert (run.status, run.reason, run.missing) == ("complete", "", [])


@pytest.mark.parametrize(
    ("name", "lost", "place"),
    [
        ("prefork", "prefork-embedded-eventlet", "accept4 of mod_mpm_prefork.so"),
        ("event", "event-embedded-eventlet", "futex of mod_mpm_event.so"),
        ("daemon", "prefork-daemon-eventlet", "epoll_wait of mod_wsgi.so"),
    ],
)
def test_an_idle_thread_of_httpd_runs_no_hub(
    name: str, lost: str, place: str, verdict: Callable[[str], RunVerdict]
) -> None:
    found = cell(verdict(name), lost)
    assert (found.outcome, found.cause) == (Outcome.LOST, "hub_not_run")
    for connection, suspended in ((of(found, SEND), "_heartbeat_thread_job"), (of(found, LISTEN), "_consume")):
        assert (connection.outcome, connection.cause) == (Outcome.LOST, "hub_not_run")
        assert f"sits in {place}" in connection.why
        assert f"stands still in {suspended} (impl_rabbit.py:" in connection.why
        assert "not one octet after the last request" in connection.why
        assert connection.heartbeats_sent == 0
        assert 4.0 <= (connection.lost_after_s or 0) <= 6.0  # two to three timeouts of 2 s
        kinds = {piece.kind for piece in connection.evidence}
        assert {"broker.log", "wire.close", "process.stacks", "process.greenlets"} <= kinds


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("prefork", "prefork-embedded-native"),
        ("event", "event-embedded-eventlet-pthread"),
        ("daemon", "event-daemon-native"),
    ],
)
def test_threads_of_the_operating_system_keep_beating(
    name: str, kept: str, verdict: Callable[[str], RunVerdict]
) -> None:
    found = cell(verdict(name), kept)
    assert (found.outcome, found.cause, found.disagreements) == (Outcome.KEPT, "", [])
    assert found.cost.after_status == 200
    for connection in found.connections:
        assert (connection.outcome, connection.closed) == (Outcome.KEPT, None)
        assert (connection.heartbeats_sent or 0) >= 7
        assert (connection.longest_gap_s or 9) < 2.0


def test_two_threads_that_block_each_other_are_told_from_a_hub_that_is_not_run(
    verdict: Callable[[str], RunVerdict],
) -> None:
    found = cell(verdict("deadlock"), "prefork-embedded-eventlet-pthread-processes3")
    assert (found.outcome, found.cause) == (Outcome.HUNG, "deadlock")
    assert found.why.startswith("a call before the idle period got no reply over RabbitMQ: no answer at all within 8")
    assert found.why.endswith("besides, SEND lost: deadlock in one of eventlet's locks")
    (lost,) = (each for each in found.connections if each.outcome is Outcome.LOST)
    assert (lost.pid, lost.purpose, lost.cause) == (6, SEND, "deadlock")
    assert "the heartbeat's OS thread 14 waits for the connection's lock in heartbeat_acquire" in lost.why
    assert {piece.kind for piece in lost.evidence} >= {"process.stacks", "process.greenlets", "broker.log"}
    kept = [(each.pid, each.purpose) for each in found.connections if each.outcome is Outcome.KEPT]
    assert sorted(kept) == [(6, LISTEN), (7, LISTEN), (7, SEND), (8, LISTEN), (8, SEND)]


def test_an_option_that_a_version_does_not_have_is_the_cause(verdict: Callable[[str], RunVerdict]) -> None:
    found = cell(verdict("versions"), "prefork-daemon-eventlet-pthread-oslo9.7.1")
    assert (found.outcome, found.cause) == (Outcome.LOST, "option_unknown")
    assert "oslo.messaging 9.7.1 has no such option" in of(found, SEND).why


def test_a_lock_of_loggings_that_is_green_is_found_for_every_connection(verdict: Callable[[str], RunVerdict]) -> None:
    """The commonest report of heartbeat_in_pthread: what beats logs, and its lock cannot be released to it."""
    found = cell(verdict("logging"), "tripleo")
    assert (found.outcome, found.cause) == (Outcome.HUNG, "deadlock")
    assert found.why.startswith("a cast before the idle period got no reply over RabbitMQ: no answer at all")
    assert "OS thread 21 is suspended in logging's lock, which eventlet has made green, in heartbeat_tick" in found.why
    assert found.why.endswith("besides, SEND and LISTEN lost: deadlock in one of eventlet's locks")
    assert {piece.kind for piece in found.evidence} == {"request", "process.greenlets", "app.log"}
    fates = {(str(c.purpose), str(c.outcome), c.cause) for c in found.connections}
    assert fates == {
        ("SEND", "lost", "deadlock"),
        ("LISTEN", "lost", "deadlock"),
        ("UNKNOWN", "inconclusive", "deadlock"),
    }


def test_the_connections_of_one_process_can_meet_different_fates(verdict: Callable[[str], RunVerdict]) -> None:
    """Before 14.3.0 the option did not cover the connection that waits for replies."""
    found = cell(verdict("versions"), "prefork-daemon-eventlet-pthread-oslo14.0.0")
    assert found.outcome is Outcome.LOST
    assert (of(found, SEND).outcome, of(found, LISTEN).outcome) == (Outcome.KEPT, Outcome.LOST)
    assert of(found, LISTEN).cause == "hub_not_run"


def test_the_loss_is_timed_alike_by_wire_log_and_event(tmp_path: Path, verdict: Callable[[str], RunVerdict]) -> None:
    events = recorded("prefork", tmp_path)
    for connection in cell(verdict("prefork"), "prefork-embedded-eventlet").connections:
        own = [event for event in events if event.conn == connection.conn]
        ends = [event for event in own if event.kind in ("wire.close", "broker.connection.closed")]
        ends += [event for event in only(own, BrokerLog) if event.data.reason == "missed_heartbeats"]
        times = [event.t for event in ends]
        assert len(times) == 3
        assert max(times) - min(times) <= 0.05


def test_verdicts_do_not_depend_on_the_order_in_which_things_were_learnt(tmp_path: Path) -> None:
    events = recorded("event", tmp_path)
    shuffled = [events[0], *reversed(events[1:])]
    assert judge(shuffled, probes.rules()) == judge(events, probes.rules())


@pytest.mark.parametrize("share", [0.02, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99])
def test_half_a_record_never_says_kept(tmp_path: Path, share: float) -> None:
    """A run that is killed at any moment leaves a record that can be judged, and claims nothing that was not seen."""
    events = recorded("daemon", tmp_path)
    asked_again = next(n for n, e in enumerate(events) if isinstance(e.data, Request) and e.data.phase == "after")
    part = judge(events[: max(1, int(share * asked_again))], probes.rules())
    assert part.status == "killed"
    assert part.outcome in (Outcome.LOST, Outcome.INCONCLUSIVE)  # a loss that was seen stays a loss
    assert [each.cell for each in part.cells if each.outcome is Outcome.KEPT] == []


def test_pages_that_wait_for_nothing_run_no_hub(verdict: Callable[[str], RunVerdict]) -> None:
    found = cell(verdict("trickle"), "prefork-embedded-eventlet")
    assert (found.probe, found.outcome, found.cause) == ("trickle", Outcome.LOST, "hub_not_run")
    assert "; 4 pages answered since its timer was due, by this thread, did not run it" in found.why
    assert found.notes == [NO_HELP.format(NOTHING)]


def test_a_thread_that_beats_by_itself_owes_nothing_to_pages(verdict: Callable[[str], RunVerdict]) -> None:
    found = cell(verdict("trickle"), "event-embedded-eventlet-pthread")
    assert (found.outcome, found.notes) == (Outcome.KEPT, [])
    assert "in which its process answered 9 pages" in found.why


def test_pages_that_run_the_hub_for_a_moment_carry_one_connection_and_not_the_other(
    verdict: Callable[[str], RunVerdict],
) -> None:
    found = cell(verdict("carried"), "puppet-nova")
    assert (found.outcome, found.cause) == (Outcome.LOST, "hub_not_run")
    assert CARRIED in found.notes
    assert NO_HELP.format(NOTHING) not in found.notes
    for connection in found.connections:
        if connection.purpose is SEND:
            assert connection.outcome is Outcome.KEPT
            assert "was sent while OS thread" in connection.why
        else:
            assert connection.outcome is Outcome.LOST
            assert connection.why.startswith("between the pages that it answers, nothing runs the eventlet hub")
