"""What is said of a cell whose processes were replaced: told to by the probe, or by their server itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from heartbed.record.event import only
from heartbed.record.kinds import RunStart
from heartbed.verdict.values import CellVerdict, Outcome
from tests.unit.histories import ASKED_AGAIN, IDLE_FROM, History

TOLD = IDLE_FROM + 1.0
"""When the server is told to reload."""
GONE, BACK = TOLD + 0.2, TOLD + 1.0
OLD, NEW = 12, 31


class Renewed(History):
    """A cell under ``reload`` or ``recycle``: asked every half second of its idle time."""

    def under(self, probe: str) -> Renewed:
        (start,) = only(self.events[:1], RunStart)
        cells = [asked.model_copy(update={"probe": probe}) for asked in start.data.cells]
        self.events[0] = replace(start, data=start.data.model_copy(update={"cells": cells, "probe": probe}))
        self.drop("request", phase="after")
        for number, (what, status) in enumerate((("cast", 202), ("call", 200))):
            t = ASKED_AGAIN + number / 10
            self.add("request", t, phase="after", what=what, status=status, ms=20.0, number=900 + number)
        return self

    def asked(self, failing: range = range(0), status: int | None = 503) -> Renewed:
        """Twelve casts; those in ``failing`` are answered with ``status``."""
        for number in range(12):
            got = status if number in failing else 202
            error = None if got else "ConnectionError: refused"
            more: dict[str, Any] = {"what": "cast", "status": got, "ms": 20.0, "error": error, "number": number + 100}
            self.add("request", IDLE_FROM + 0.5 * number + 0.1, phase="during", **more)
        return self

    def told(self, how: str = "reload", begun: float = TOLD, ended: float | None = None) -> Renewed:
        did: dict[str, Any] = {"who": "reload", "number": 1, "what": "had it", "where": self.cell}
        did |= {"details": {"renewal": how}, "from": begun}
        self.add("intervention", begun, **did)
        self.add("intervention", ended or begun, **did, to=ended or begun)
        return self

    def replaced(self, *, t: float = GONE, ends: bool = True, reason: str = "client_closed") -> Renewed:
        """The process ends at ``t``, with its connections, and another one opens its own."""
        self.add("process.seen", IDLE_FROM - 3, host_pid=900)
        pair = self.connection("SEND", 40001), self.connection("LISTEN", 40002)
        if ends:
            self.add("process.gone", t, host_pid=900)
            for conn in pair:
                self.close(conn, t, reason, sender="client", how="fin")
        self.pid = NEW
        self.connection("SEND", 40003, opened=t + 0.8)
        self.connection("LISTEN", 40004, opened=t + 0.9)
        self.pid = OLD
        return self


def renewed(probe: str) -> Renewed:
    history = Renewed.of()
    assert isinstance(history, Renewed)
    return history.under(probe)


def verdict(history: History) -> CellVerdict:
    history.end()
    return history.cell_verdict


def test_what_the_next_process_opens_is_in_place_of_what_ended_with_the_one_before() -> None:
    found = verdict(renewed("reload").asked().told().replaced())
    assert "2 connections opened in the idle period in place of what had ended" in found.notes
    assert not [note for note in found.notes if "besides" in note]


def test_a_cell_whose_connections_ended_with_their_process_is_not_said_to_keep_them() -> None:
    history = renewed("recycle").asked().replaced()
    history.end()
    assert history.verdict.answer == "The cell loses no request under recycle."


def test_where_the_broker_was_not_observed_and_nothing_captured_nothing_is_said_of_what_is_open() -> None:
    history = renewed("reload").asked().told().replaced()
    history.unobserved()
    found = verdict(history)
    assert (found.outcome, found.cause) == (Outcome.INCONCLUSIVE, "unexplained")
    assert found.why.startswith("nobody knows which of its connections are open")


def test_a_record_that_ends_before_anything_was_done_has_no_renewal() -> None:
    history = renewed("reload").asked()
    history.pair(beating=True)
    found = verdict(history)
    assert (found.outcome, found.cause, found.renewals) == (Outcome.INCONCLUSIVE, "short_observation", [])


def test_a_reload_that_loses_no_request_is_kept_and_what_became_of_all_is_told() -> None:
    found = verdict(renewed("reload").asked().told().replaced())
    assert found.outcome is Outcome.KEPT, found.why
    (told,) = found.renewals
    assert (told.name, told.processes_ended, told.sent, told.lost) == ("reload", 1, 10, 0)
    assert (told.connections, told.connections_opened, told.queues_left) == ({"client_closed": 2}, 2, 1)
    assert "of 2 connections 2 ended with the process, not closed by it; 2 opened since; 1 reply" in found.why


def test_requests_that_are_lost_meanwhile_are_counted_and_it_recovered() -> None:
    history = renewed("reload").asked(failing=range(2, 4), status=None)
    found = verdict(history.told("stop and start", ended=TOLD + 0.5).replaced())
    assert found.outcome is Outcome.RECOVERED, found.why
    assert found.why.startswith("it lost 2 requests (2 refused or cut off), and was well again by itself. stop and")
    assert found.recovered_after_s is not None
    assert abs(found.recovered_after_s - 0.62) < 0.01, "the fifth request, after the server was started again"


def test_a_request_that_fails_before_anything_was_done_is_the_cells_own() -> None:
    found = verdict(renewed("reload").asked(failing=range(1)).told().replaced())
    assert (found.outcome, found.cause) == (Outcome.FAILED, "refused")
    assert "failed before anything was done: 1 answered 503" in found.why


def test_where_no_process_ends_nothing_is_said_of_a_reload() -> None:
    found = verdict(renewed("reload").asked().told().replaced(ends=False))
    assert (found.outcome, found.cause) == (Outcome.INCONCLUSIVE, "not_renewed")


def test_a_process_that_does_not_end_because_a_request_hangs_in_it_has_hung() -> None:
    history = renewed("reload").asked().told().replaced(ends=False)
    waited: dict[str, Any] = {"what": "call", "status": None, "ms": 7300.0, "error": "ReadTimeout", "number": 3}
    history.add("request", IDLE_FROM - 9, phase="open", patience_s=7.0, **waited)
    history.add("machine.work", IDLE_FROM - 1, cell=None, over_s=8.0, parts={})
    found = verdict(history)
    assert found.outcome is Outcome.HUNG
    assert found.why.startswith(
        "a call before the idle period got no reply over RabbitMQ: no answer at all within 7.3 s"
    )
    assert found.why.endswith("besides, reload: none of its processes ended")


def test_connections_that_outlive_the_reload_are_left_over() -> None:
    history = renewed("reload").asked().told().replaced()
    history.connection("SEND", 40009)
    found = verdict(history)
    assert (found.outcome, found.cause) == (Outcome.LEAKED, "left_open")
    assert "1 connection from before it still open" in found.why


def test_a_reply_queue_that_rabbitmq_has_deleted_is_not_left() -> None:
    history = renewed("reload").asked().told().replaced()
    history.add("broker.queue.deleted", GONE + 0.1, conn="172.30.0.5:40002", name="reply")
    assert verdict(history).renewals[0].queues_left == 0


def test_a_process_that_is_recycled_without_a_lost_request_is_kept() -> None:
    found = verdict(renewed("recycle").asked().replaced())
    assert found.outcome is Outcome.KEPT, found.why
    assert found.why.startswith("none of 12 requests was lost. recycling: 1 process ended; 12 requests, none lost")
    assert found.renewals[0].connections == {"client_closed": 2}


def test_a_request_that_the_stop_cuts_off_is_not_one_that_the_reload_before_it_lost() -> None:
    history = renewed("reload").asked().told().replaced()
    begun = TOLD + 2.0
    history.add("request", begun - 0.4, phase="during", what="call", status=None, ms=500.0, number=77, error="reset")
    told: dict[str, Any] = {"who": "reload", "number": 2, "what": "stopped", "where": history.cell}
    told |= {"from": begun, "to": begun + 0.5}
    history.add("intervention", begun, **told, details={"renewal": "stop and start"})
    reloaded, restarted = verdict(history).renewals
    assert (reloaded.lost, restarted.lost) == (0, 1)


def test_requests_that_recycling_loses_are_the_cells_failure() -> None:
    found = verdict(renewed("recycle").asked(failing=range(2, 3)).replaced())
    assert (found.outcome, found.cause) == (Outcome.FAILED, "renewal")
    assert found.why.startswith("1 of 12 requests were lost (1 answered 503). recycling:")


def test_where_no_process_was_recycled_nothing_is_said() -> None:
    found = verdict(renewed("recycle").asked().replaced(ends=False))
    assert (found.outcome, found.cause) == (Outcome.INCONCLUSIVE, "not_renewed")


def test_a_cast_that_was_answered_and_never_arrived_is_a_failure() -> None:
    history = renewed("reload").asked().told().replaced()
    history.add("request", TOLD + 0.05, phase="during", what="cast", status=202, ms=5.0, number=99, request_id="req-1")
    history.add("rpc.arrived", TOLD + 0.5, what="cast", request_id="req-0")
    found = verdict(history)
    assert (found.outcome, found.cause) == (Outcome.FAILED, "cast_lost")


def given_up(history: Renewed, **works: float) -> Renewed:
    """A call that was given up after six seconds, of each of which the cell was at work for so long."""
    more: dict[str, Any] = {"what": "call", "status": None, "ms": 6000.0, "patience_s": 4.0, "number": 200}
    history.add("request", IDLE_FROM + 0.3, phase="during", error="ReadTimeout: not answered within 6 s", **more)
    for second in range(1, 8):
        history.add("machine.work", IDLE_FROM + second, cell=None, over_s=1.0, parts={history.cell: works})
    return history


def test_a_request_that_was_given_up_while_the_cell_was_at_work_was_not_lost() -> None:
    recycled = verdict(given_up(renewed("recycle").asked(), ran_s=1.0).replaced())
    assert (recycled.outcome, recycled.cause) == (Outcome.INCONCLUSIVE, "late")
    reloaded = verdict(given_up(renewed("reload").asked(), ran_s=1.0).told().replaced())
    assert (reloaded.outcome, reloaded.cause) == (Outcome.INCONCLUSIVE, "late")


def test_one_that_was_given_up_while_the_cell_stood_still_hung() -> None:
    assert verdict(given_up(renewed("recycle").asked()).replaced()).outcome is Outcome.HUNG


def test_a_cell_is_well_again_after_its_last_failure() -> None:
    history = renewed("reload").asked(failing=range(3, 4), status=None)
    more: dict[str, Any] = {"what": "cast", "ms": 20.0, "phase": "during"}
    history.add("request", IDLE_FROM + 5.65, status=None, error="ConnectionError: refused", number=200, **more)
    found = verdict(history.told("stop and start", ended=TOLD + 0.5).replaced())
    assert found.outcome is Outcome.RECOVERED
    assert found.recovered_after_s is not None
    assert found.recovered_after_s > 4
