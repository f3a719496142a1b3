"""What pages asked for in the idle period do to connections, on records written by hand."""

from __future__ import annotations

import pytest

from heartbed.record.event import only
from heartbed.record.kinds import ProcessGreenlets, Request, RunStart
from heartbed.verdict.pages import CARRIED, NO_HELP, NOTHING, ON_SOCKET, USED
from heartbed.verdict.values import CellVerdict, Outcome
from tests.unit.histories import ASKED_AGAIN, IDLE_FROM, History

PREFORK = "mod_mpm_prefork.so"


def lost(pid: int = 12, thread: int = 77) -> CellVerdict:
    """Both connections lost 5 s after the last call, looked at 3.1 s after it, when a timer was due for 2.4 s."""
    history = History.of()
    history.pair(beating=False)
    history.looked_at(syscall="accept4", module=PREFORK)
    history.trickle(pid=pid, thread=thread)
    return history.cell_verdict


def test_the_verdict_names_the_probe() -> None:
    history = History.of("prefork-daemon-native")
    history.pair(beating=True)
    assert (history.verdict.probe, history.cell_verdict.probe) == ("idle", "idle")
    history.trickle()
    assert (history.verdict.probe, history.cell_verdict.probe) == ("trickle", "trickle")


def test_pages_answered_while_the_timer_stayed_due_are_proven_not_to_have_run_the_hub() -> None:
    verdict = lost()
    assert (verdict.outcome, verdict.cause) == (Outcome.LOST, "hub_not_run")
    # Due since 0.7 s: the pages at 1, 2 and 3 s were answered and the timer was not run; the one at 4 s came too late.
    assert "; 3 pages answered since its timer was due, by this thread, did not run it" in verdict.why
    assert verdict.notes == [NO_HELP.format(NOTHING)]
    (page,) = [piece for piece in verdict.evidence if piece.kind == "request"]
    assert page.t == IDLE_FROM + 3


def test_pages_of_other_threads_are_told_apart() -> None:
    assert (
        "; 3 pages answered since its timer was due, none of them by this thread, did not run it" in lost(thread=78).why
    )


def test_the_last_octet_is_counted_from_the_last_request_that_needs_rabbitmq() -> None:
    assert lost().why.endswith("it sent not one octet after the last request that needs RabbitMQ was answered")


def test_a_process_that_no_page_reached_was_merely_idle() -> None:
    verdict = lost(pid=13)
    assert verdict.cause == "hub_not_run"
    assert "page" not in verdict.why
    assert verdict.notes == ["no page reached process 12: nothing touched it"]


def test_a_page_that_was_not_answered_may_have_reached_any_process() -> None:
    history = History.of()
    history.pair(beating=False)
    history.trickle(pid=None, status=None, error="ConnectionError: refused")
    assert history.cell_verdict.notes == ["6 of 6 pages failed: not answered"]


def test_beats_of_a_thread_of_its_own_are_not_ascribed_to_pages() -> None:
    history = History.of("prefork-daemon-native")
    history.pair(beating=True)
    history.trickle()
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.notes) == (Outcome.KEPT, [])
    assert "of idling, in which its process answered 6 pages, longest silence" in verdict.why


def riding(*, hub: bool = False, beater: bool = True, thread: int = 77, late: float = 0.0) -> CellVerdict:
    """Both connections beat within each page and at no other time; ``late`` moves one heartbeat."""
    history = History.of()
    conns = history.connection("SEND", 40001), history.connection("LISTEN", 40002)
    for conn in conns:
        for second in range(1, 7):
            history.frame(conn, IDLE_FROM + second + 0.002 + (late if second == 4 else 0), "client", "heartbeat")
    history.trickle(thread=thread)
    history.looked_at(syscall="accept4", module=PREFORK, hub=hub, beater=beater)
    return history.cell_verdict


def test_heartbeats_that_went_out_only_with_pages_are_carried_by_them() -> None:
    verdict = riding()
    assert (verdict.outcome, verdict.cause) == (Outcome.KEPT, "")
    assert "each of its 6 heartbeats was sent while OS thread 77 answered a page" in verdict.why
    assert f"sits in accept4 of {PREFORK}" in verdict.why
    assert verdict.notes == [CARRIED]
    assert {piece.kind for piece in verdict.evidence} >= {"request", "wire.frame", "process.stacks"}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"late": 0.2}, id="one went out without a page"),
        pytest.param({"hub": True}, id="the thread was seen in the hub"),
        pytest.param({"beater": False}, id="no green thread that beats was seen"),
        pytest.param({"thread": 78}, id="another thread answered the pages"),
    ],
)
def test_that_beats_and_pages_coincide_is_not_enough(other: dict[str, float]) -> None:
    verdict = riding(**other)  # type: ignore[arg-type]  # each is of the one that it replaces
    assert (verdict.outcome, verdict.notes) == (Outcome.KEPT, [])
    assert "was sent while" not in verdict.why


def test_pages_that_use_rabbitmq_are_told() -> None:
    history = History.of("prefork-daemon-native")
    send, _ = history.pair(beating=True)
    history.trickle()
    history.frame(send, IDLE_FROM + 2.001, "client", "method")
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.notes) == (Outcome.KEPT, [USED])


def test_a_page_that_hangs_makes_the_cell_hung() -> None:
    history = History.of("prefork-daemon-native")
    history.pair(beating=True)
    history.trickle(pages=1, pid=None, status=None, ms=6000.0, error="ReadTimeout: not answered within 6 s")
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.HUNG, "not_answered")
    assert verdict.why == "a page in the idle period got no answer at all within 6.0 s"


def test_pages_are_no_requests_around_the_idle_period() -> None:
    history = History.of("prefork-daemon-native")
    history.pair(beating=True)
    before = history.cell_verdict
    history.trickle(status=500)
    verdict = history.cell_verdict
    assert verdict.cost == before.cost
    assert [c.idle_from for c in verdict.connections] == [c.idle_from for c in before.connections]
    assert (verdict.outcome, verdict.notes) == (Outcome.KEPT, ["6 of 6 pages failed: 500"])
    last = max(event.t for event in only(history.events, Request) if event.data.phase == "during")
    assert last <= ASKED_AGAIN
    assert only(history.events, RunStart)[0].data.probe == "trickle"


def test_where_pages_may_have_run_the_hub_it_is_only_said_that_nothing_does_between_them() -> None:
    history = History.of()
    history.pair(beating=False)
    history.looked_at(syscall="epoll_wait", module="mod_wsgi.so")
    history.hub_due(0.4)  # set anew when the page at 2 s, or at 1 s, ran the hub
    history.trickle()
    verdict = history.cell_verdict
    assert verdict.cause == "hub_not_run"
    assert "between the pages that it answers, nothing runs the eventlet hub" in verdict.why
    assert NO_HELP.format(NOTHING) not in verdict.notes


def test_a_look_at_the_loss_proves_it_for_the_pages_until_then() -> None:
    history = History.of()
    history.pair(beating=False)
    history.looked_at(syscall="accept4", module=PREFORK)
    dump = only(history.events, ProcessGreenlets)[0].data.given()
    hubs = [{**hub, "next_timer_overdue_s": 4.3} for hub in dump["hubs"]]
    history.add("process.greenlets", IDLE_FROM + 5.0, **{**dump, "at": "loss", "hubs": hubs})
    history.trickle()
    assert "; 4 pages answered since its timer was due, by this thread, did not run it" in history.cell_verdict.why


def test_what_is_proven_is_told_of_the_kind_of_page_that_was_asked_for() -> None:
    history = History.of()
    history.pair(beating=False)
    history.looked_at(syscall="accept4", module=PREFORK)
    history.trickle(what="yielding page")
    verdict = history.cell_verdict
    assert verdict.why.count("did not run it (a page that waits for an answer on a socket)") == 1
    assert verdict.notes == [NO_HELP.format(ON_SOCKET)]
