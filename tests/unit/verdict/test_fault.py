"""What is said of a cell after a fault, by hand-made records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from heartbed.record.event import only
from heartbed.record.kinds import RunStart
from heartbed.verdict.values import CellVerdict, Outcome
from tests.unit.histories import ASKED_AGAIN, IDLE_FROM, T0, History
from tests.unit.verdict.test_hanging import DRIVER, LOGGING, dump, no_answer

STRIKES, OVER = IDLE_FROM + 1.0, IDLE_FROM + 3.0


def span(begun: float, ended: float | None = None) -> dict[str, Any]:
    return {"from": begun, "to": ended}


class Struck(History):
    """A cell under ``broker-restart``: both connections end with the fault."""

    def after(self, *statuses: int | None, ms: float = 20.0) -> Struck:
        """A cast and a call in turn, half a second apart, answered with these."""
        self.drop("request", phase="after")
        for number, status in enumerate(statuses):
            what = "call" if number % 2 else "cast"
            error = None if status else "ReadTimeout: not answered within 6 s"
            self.add("request", ASKED_AGAIN + number / 2, phase="after", what=what, status=status, ms=ms, error=error)
        return self

    def meets_a_fault(self) -> None:
        told: dict[str, Any] = {"who": "broker-restart", "number": 1, "what": "stopped", "where": "rabbitmq"}
        self.add("intervention", STRIKES, cell=None, **told, **span(STRIKES))
        self.add("intervention", OVER, cell=None, **told, **span(STRIKES, OVER))

    def fault(self, *, closes: bool = True, reopens: float | None = None) -> Struck:
        self.meets_a_fault()
        for port in (40001, 40002):
            conn = self.connection("SEND" if port == 40001 else "LISTEN", port)
            if closes:
                self.close(conn, STRIKES + 0.1, reason="error", how="fin")
        if reopens is not None:
            self.connection("SEND", 40003, opened=reopens)
            self.connection("LISTEN", 40004, opened=reopens)
        return self


def struck(cell: str = "prefork-daemon-eventlet") -> Struck:
    history = Struck.of(cell)
    assert isinstance(history, Struck)
    (start,) = only(history.events[:1], RunStart)
    cells = [asked.model_copy(update={"probe": "broker-restart"}) for asked in start.data.cells]
    history.events[0] = replace(start, data=start.data.model_copy(update={"cells": cells, "probe": "broker-restart"}))
    history.add("request", T0 + 5.0, phase="open", what="cast", status=202, ms=30.0, error=None)
    return history


def verdict(history: History) -> CellVerdict:
    history.end()
    return history.cell_verdict


def test_a_cell_that_opens_its_connections_again_by_itself_is_recovered_from_the_end_of_the_fault() -> None:
    found = verdict(struck().fault(reopens=OVER + 1.5).after(202, 200))
    assert (found.outcome, found.recovered_after_s) == (Outcome.RECOVERED, 1.5)
    assert "opened its connections again by itself" in found.why


def test_one_that_was_well_before_the_fault_was_over_is_not_said_to_be_so_after_it() -> None:
    found = verdict(struck().fault(reopens=OVER - 0.5).after(202, 200))
    assert (found.outcome, found.recovered_after_s) == (Outcome.RECOVERED, 0.0)
    assert "opened its connections again by itself, 1.5 s after the fault began, and before it was over" in found.why


def test_where_the_broker_was_not_observed_and_nothing_captured_nothing_is_said_of_what_is_open() -> None:
    history = struck().fault().after(202, 200)
    history.unobserved()
    found = verdict(history)
    assert (found.outcome, found.cause) == (Outcome.INCONCLUSIVE, "unexplained")
    assert found.why.startswith("nobody knows which of its connections are open")


def test_one_connection_that_was_opened_twice_is_not_both_that_were_lost() -> None:
    history = struck().fault()
    for port, at in ((40003, OVER + 0.5), (40004, OVER + 1.5)):
        conn = history.connection("SEND", port, opened=at)
        if port == 40003:
            history.close(conn, OVER + 0.9, reason="client_closed", sender="client", how="fin")
    found = verdict(history.after(202, 200))
    assert found.outcome is Outcome.RECOVERED
    assert "was well again when it was asked" in found.why


def test_of_one_that_worked_when_its_requests_were_given_up_nothing_is_said() -> None:
    history = struck().fault().after()
    told: dict[str, Any] = {
        "status": None,
        "ms": 60_000.0,
        "patience_s": 6.0,
        "error": "ReadTimeout: not answered within 60 s",
    }
    history.add("request", ASKED_AGAIN, phase="after", what="cast", **told)
    history.add("machine.work", ASKED_AGAIN + 60.0, cell=None, over_s=60.0, parts={history.cell: {"waited_s": 57.0}})
    found = verdict(history)
    assert (found.outcome, found.cause) == (Outcome.INCONCLUSIVE, "late")


def test_a_cell_that_notices_when_it_is_asked_is_recovered_from_then() -> None:
    found = verdict(struck().fault().after(202, 200))
    assert (found.outcome, found.recovered_after_s) == (Outcome.RECOVERED, 0.02)
    assert "well again when it was asked" in found.why


def test_requests_that_fail_meanwhile_are_counted() -> None:
    found = verdict(struck().fault().after(500, 504, 202, 200))
    assert found.outcome is Outcome.RECOVERED
    assert "2 requests failed meanwhile" in found.why


def test_a_cell_whose_calls_never_return_again_is_hung() -> None:
    found = verdict(struck().fault(reopens=OVER + 1.0).after(202, None, 202, None))
    assert found.outcome is Outcome.HUNG
    assert "not well again within" in found.why


def test_what_stood_in_the_way_of_a_call_that_was_under_way_is_why_later_ones_never_return() -> None:
    history = struck("prefork-daemon-eventlet-pthread").fault(reopens=OVER + 1.0).after(202, None, 202, None)
    no_answer(history, STRIKES - 0.1, phase="during")
    dump(history, STRIKES + 0.5, *LOGGING, ("Connection.ensure", DRIVER))
    found = verdict(history)
    assert (found.outcome, found.cause) == (Outcome.HUNG, "deadlock")


def test_a_fault_is_not_to_blame_for_a_call_that_got_no_reply_before_it() -> None:
    for statuses, afterwards in (((202, 504), "was no better"), ((202, 200), "was well")):
        history = struck().fault().after(*statuses)
        history.add("request", IDLE_FROM - 0.005, phase="before", what="call", status=504, ms=4000.0, error="no reply")
        found = verdict(history)
        assert found.outcome is Outcome.HUNG
        assert f"before anything was done to it, and afterwards it {afterwards}" in found.why


def test_where_the_machine_may_be_to_blame_for_that_call_the_next_in_vain_proves_it() -> None:
    history = struck().fault(closes=False).after(202, 504, ms=4000.0)
    history.drop("request", phase="before")
    began = IDLE_FROM - 0.4
    history.add("request", began, phase="before", what="call", status=504, ms=390.0, error="no reply")
    history.add("machine.work", IDLE_FROM, cell=None, over_s=0.5, parts={history.cell: {"waited_s": 0.3}})
    found = verdict(history)
    assert found.outcome is Outcome.HUNG
    assert found.why.startswith("a call after the idle period got no reply")
    assert found.why.endswith("before anything was done to it the last one got none either")


def test_one_that_failed_at_first_and_was_well_before_the_fault_was_well() -> None:
    history = struck().fault(closes=False).after(202, 200)
    history.add("request", T0 + 6.0, phase="open", what="call", status=504, ms=4000.0, error="no reply")
    history.add("request", IDLE_FROM - 0.005, phase="before", what="call", status=200, ms=600.0, error=None)
    assert verdict(history).outcome is Outcome.KEPT


def test_a_connection_for_replies_that_nothing_consumes_from_is_deaf() -> None:
    history = struck().fault(reopens=OVER + 1.0).after(202, 504, 202, 504)
    history.drop("broker.consumer.created", queue="reply")
    history.add("broker.consumer.created", IDLE_FROM - 0.4, conn="172.30.0.5:40002", queue="reply")
    consume: dict[str, Any] = {"frame": 1, "type": "method", "method": "basic.consume", "from": "client"}
    history.add("wire.frame", OVER + 1.2, conn="172.30.0.5:40004", cell=None, **consume)
    found = verdict(history)
    assert (found.outcome, found.cause) == (Outcome.HUNG, "deaf")


def test_a_cell_that_goes_on_answering_with_errors_has_failed() -> None:
    found = verdict(struck().fault().after(500, 500, 500, 500))
    assert (found.outcome, found.cause) == (Outcome.FAILED, "refused")


def test_more_connections_than_before_the_fault_are_a_leak() -> None:
    history = struck().fault(closes=False, reopens=OVER + 1.0).after(202, 200)
    for port in (40001, 40002):
        history.beat(f"172.30.0.5:{port}")
    found = verdict(history)
    assert (found.outcome, found.cause) == (Outcome.LEAKED, "left_open")


@pytest.mark.parametrize(("silent_for_s", "outcome"), [(3.9, Outcome.LEAKED), (4.0, Outcome.RECOVERED)])
def test_what_rabbitmq_is_about_to_close_for_missed_heartbeats_is_no_leak(
    silent_for_s: float, outcome: Outcome
) -> None:
    history = struck().fault(closes=False).after(202, 200)
    history.close("172.30.0.5:40002", OVER, reason="error", how="fin")
    over = ASKED_AGAIN + 0.5 + 0.02
    for number in (3, 4):
        history.connection("SEND", 40000 + number, opened=OVER + 0.5)
    told: dict[str, Any] = {"frame": 9, "type": "heartbeat", "from": "client"}
    history.add("wire.frame", over - silent_for_s, conn="172.30.0.5:40001", cell=None, **told)
    assert verdict(history).outcome is outcome


def test_what_was_lost_before_the_fault_and_is_opened_again_is_no_leak() -> None:
    history = struck()
    history.meets_a_fault()
    history.close(history.connection("SEND", 40001), STRIKES - 0.5)
    history.close(history.connection("LISTEN", 40002), STRIKES + 0.1, reason="error", how="fin")
    history.connection("SEND", 40003, opened=ASKED_AGAIN + 0.1)
    history.connection("LISTEN", 40004, opened=ASKED_AGAIN + 0.3)
    found = verdict(history.after(202, 200))
    assert found.outcome is Outcome.RECOVERED
    assert "was well again when it was asked" in found.why


def test_a_cell_that_nothing_happened_to_is_kept() -> None:
    assert verdict(struck().fault(closes=False).after(202, 200)).outcome is Outcome.KEPT


def test_a_request_that_was_held_up_is_told() -> None:
    found = verdict(struck().fault(closes=False).after(202, 200, ms=3000.0))
    assert found.outcome is Outcome.RECOVERED
    assert "the first cast took 3.0 s" in found.why


def test_what_was_lost_before_the_fault_is_not_put_down_to_it() -> None:
    history = struck()
    for port in (40001, 40002):
        history.close(history.connection("SEND" if port == 40001 else "LISTEN", port), STRIKES - 0.5)
    told: dict[str, Any] = {"who": "broker-restart", "number": 1, "what": "stopped", "where": "rabbitmq"}
    history.add("intervention", OVER, cell=None, **told, **span(STRIKES, OVER))
    assert verdict(history.after(202, 200)).outcome is Outcome.INCONCLUSIVE


def test_without_a_fault_nothing_is_said() -> None:
    history = struck()
    history.pair(beating=True)
    found = verdict(history.after(202, 200))
    assert (found.outcome, found.why) == (
        Outcome.INCONCLUSIVE,
        "nothing was done to it: there was no fault to recover from",
    )


def test_a_fault_that_could_not_be_done_says_nothing_of_the_cell() -> None:
    history = struck()
    history.pair(beating=True)
    told: dict[str, Any] = {"who": "broker-pause", "number": 1, "what": "paused", "where": "rabbitmq"}
    history.add("intervention", STRIKES, cell=None, **told, **span(STRIKES))
    history.add("intervention", OVER, cell=None, **told, **span(STRIKES, OVER), refused="unable to freeze")
    found = verdict(history.after(202, 200))
    assert (found.outcome, found.cause) == (Outcome.INCONCLUSIVE, "not_done")
    assert found.why == "what it was to meet could not be done (broker-pause, paused rabbitmq): unable to freeze"
    assert "the probe broker-pause paused rabbitmq (2.0 s), which could not be done: unable to freeze" in found.notes


def test_of_a_connection_that_rabbitmq_closed_for_missed_heartbeats_that_is_told() -> None:
    history = struck().fault(closes=False).after(202, 200)
    history.close("172.30.0.5:40002", OVER + 1.0, reason="missed_heartbeats", how="fin")
    found = verdict(history)
    assert found.outcome is Outcome.RECOVERED
    assert "LISTEN closed by RabbitMQ for missed heartbeats 3.0 s after it began" in found.why


def of_two(last: dict[str, Any]) -> CellVerdict:
    """The verdict on two processes, of which one is well; ``last`` is the last word of the other."""
    history = struck("prefork-daemon-native-processes2").fault(reopens=OVER + 1.0).after()
    for t, pid, told in (
        (0.0, 13, {"what": "call", "ms": 2600.0, "error": None, **last}),
        (3.0, 12, {"what": "cast", "status": 202, "ms": 20.0, "error": None}),
        (3.5, 12, {"what": "call", "status": 200, "ms": 20.0, "error": None}),
    ):
        history.pid = pid
        history.add("request", ASKED_AGAIN + t, phase="after", **told)
    return verdict(history)


def test_each_of_several_processes_must_be_well() -> None:
    assert of_two({"status": 200}).outcome is Outcome.RECOVERED
    wrong = of_two({"status": 500, "error": "500"})
    assert (wrong.outcome, wrong.cause) == (Outcome.FAILED, "refused")
    assert wrong.why.startswith("process 13 is not well again, though others are: ")


def test_one_of_several_processes_that_never_answers_hangs_whatever_the_others_do() -> None:
    hung = of_two({"status": None, "error": "ReadTimeout: not answered within 6 s"})
    assert hung.outcome is Outcome.HUNG
    assert hung.why.startswith("of its 2 processes one is not well again: ")


def test_what_was_lost_before_a_fault_that_ended_nothing_leaves_the_cell_without_a_verdict() -> None:
    history = struck()
    history.meets_a_fault()
    history.close(history.connection("SEND", 40001), STRIKES - 0.1)
    history.connection("LISTEN", 40002)
    history.connection("SEND", 40003, opened=ASKED_AGAIN + 0.005)
    found = verdict(history.after(202, 200))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert found.why == "the fault ended none of its connections, but SEND had been closed before it began"
