"""Which frame tells, and what is read from the wire."""

from __future__ import annotations

import pytest

from heartbed.record.event import Event
from heartbed.record.kinds import Frame, Greenlet, ProcessGreenlets, ProcessStacks, Thread
from heartbed.report import stacks, timeline
from heartbed.report.data import RunData
from heartbed.report.page import cells as views
from heartbed.report.story import Line, story, trimmed
from heartbed.verdict import stack
from heartbed.verdict.values import CellVerdict
from tests.unit.data.report import samples
from tests.unit.data.report.making import T0


def run_and_cell(name: str) -> tuple[RunData, CellVerdict]:
    run = samples.comparison()
    cell = run.cell(name)
    assert cell is not None
    return run, cell


def frames(*functions: str, native: bool = True) -> list[Frame]:
    return [Frame(function=each, file="libc.so.6" if native else "app.py", native=native) for each in functions]


@pytest.mark.parametrize(
    ("waiting", "index", "meaning"),
    [
        (frames("accept4", "apr_socket_accept", "child_main"), 0, "accept()"),
        (frames("pthread_cond_wait", "ap_queue_pop_something", "worker_thread"), 1, "MPM's queue"),
        (frames("__GI___poll", "wsgi_daemon_worker"), 1, "mod_wsgi"),
        (frames("0x7f01", "epoll_wait", "0x7f02"), 1, "waits in native code: no hub runs in this thread"),
        (frames("Connection._heartbeat_thread_job", native=False), 0, "the heartbeat's own loop"),
        (frames("__poll") + frames("handler", native=False) + frames("worker_thread"), None, ""),
        ([], None, ""),
    ],
)
def test_the_telling_frame_is_what_the_thread_waits_in(waiting: list[Frame], index: int | None, meaning: str) -> None:
    found, words = stack.telling(waiting)
    assert found == index
    assert meaning in words


def test_a_thread_that_runs_the_hub_is_told_by_the_hub() -> None:
    hub = Frame(function="wait", file="/venv/site-packages/eventlet/hubs/poll.py", line=77)
    index, words = stack.telling([*frames("epoll_wait"), hub, *frames("wsgi_execute_script")])
    assert index == 1
    assert words == "the hub runs: green threads get their turn"
    assert stack.place(hub) == "eventlet/hubs/poll.py:77"


def test_the_thread_that_must_run_the_green_heartbeat_is_shown_and_others_alike_with_it() -> None:
    run, cell = run_and_cell("prefork-daemon-eventlet")
    (dump,) = stacks.dumps(run, cell)
    assert dump.stack is not None
    assert len(dump.stack.names) == 3
    assert dump.stack.module == "mod_mpm_prefork.so"
    (green,) = dump.greens
    assert "its hub should have run 2.4 s ago" in green.meaning
    assert len(dump.others) == 1


def test_a_heartbeat_thread_of_its_own_comes_first() -> None:
    run, cell = run_and_cell("prefork-daemon-eventlet-pthread")
    (dump,) = stacks.dumps(run, cell)
    assert dump.stack is not None
    assert dump.stack.names[0].endswith("Rabbit-heartbeat")
    assert dump.greens == ()


def test_a_thread_without_a_stack_is_known_by_its_system_call() -> None:
    (frame,) = stacks.frames_of(Thread(tid=1, syscall="epoll_wait"))
    assert frame.function == "epoll_wait"


def test_frames_without_symbols_are_counted_not_listed() -> None:
    nameless = [*frames("0x7f01", "0x7f02"), *frames("accept4"), *frames("0x7f03")]
    shown = [frame.function for frame in stacks.frames_of(Thread(tid=1, frames=nameless))]
    assert shown == ["(2 frames without a name)", "accept4", "(a frame without a name)"]


@pytest.mark.parametrize(
    ("file", "native", "shown"),
    [
        ("/usr/lib/apache2/modules/mod_mpm_event.so", True, "mod_mpm_event.so"),
        ("/venv/lib/python3.13/site-packages/eventlet/hubs/hub.py", False, "eventlet/hubs/hub.py:7"),
        ("/usr/lib/python3.13/threading.py", False, "threading.py:7"),
        ("/opt/x/oslo_messaging/_drivers/impl_rabbit.py", False, "oslo_messaging/_drivers/impl_rabbit.py:7"),
    ],
)
def test_places_are_short_enough_to_read(file: str, native: bool, shown: str) -> None:
    assert stack.place(Frame(file=file, native=native, line=0 if native else 7)) == shown


def test_a_dump_that_failed_says_why() -> None:
    run, cell = run_and_cell("prefork-daemon-eventlet")
    failed = Event(ProcessStacks(at="mid-idle", error="no permission"), T0, cell.cell, 5)
    run = RunData(run.verdict, [failed], run.folder)
    assert [(dump.stack, dump.error) for dump in stacks.dumps(run, cell)] == [(None, "no permission")]


def test_rabbitmq_may_close_two_to_three_timeouts_after_the_last_octet_of_the_client() -> None:
    run, cell = run_and_cell("prefork-daemon-eventlet")
    for connection in cell.connections:
        (due,) = timeline.dues(run, connection)
        assert connection.closed is not None
        assert due.start - due.last == pytest.approx(2 * 2)
        assert due.end - due.last == pytest.approx(3 * 2)
        assert due.start <= connection.closed <= due.end


def test_a_client_that_beats_gives_rabbitmq_no_window() -> None:
    run, cell = run_and_cell("prefork-daemon-native")
    assert [list(timeline.dues(run, connection)) for connection in cell.connections] == [[], []]


def test_connections_are_named_by_purpose_process_and_number_as_far_as_needed() -> None:
    _, cell = run_and_cell("prefork-daemon-native")
    send, listen = cell.connections
    assert timeline.title(send, cell) == "SEND"
    second = send.model_copy(update={"conn": "1.1.1.1:1", "pid": 99})
    third = send.model_copy(update={"conn": "1.1.1.1:2", "opened": send.opened + 1})
    crowd = cell.model_copy(update={"connections": [third, second, send, listen]})
    assert [timeline.title(c, crowd) for c in timeline.ordered(crowd)] == [
        f"SEND {send.pid} #1",
        f"SEND {send.pid} #2",
        f"LISTEN {send.pid}",
        "SEND 99",
    ]


def test_heartbeats_are_counted_as_the_verdict_counts_them() -> None:
    run, cell = run_and_cell("event-daemon-eventlet")
    for connection in cell.connections:
        counted = timeline.beats(run, connection)
        assert (counted.client, counted.broker) == (connection.heartbeats_sent, connection.heartbeats_received)


def test_the_story_is_told_in_order_of_time() -> None:
    run, cell = run_and_cell("prefork-daemon-eventlet")
    told = story(run, cell)
    assert [line.at for line in told] == sorted(line.at for line in told)
    kinds = [line.who for line in told]
    for earlier, later in [("opened", "idle"), ("idle", "socket"), ("socket", "broker log"), ("broker log", "app log")]:
        assert kinds.index(earlier) < kinds.index(later)


def test_a_cell_with_many_connections_is_still_told_in_a_screen() -> None:
    run, cell = run_and_cell("prefork-daemon-eventlet")
    many = [cell.connections[0].model_copy(update={"conn": f"10.0.0.1:{n}", "pid": 100 + n // 2}) for n in range(40)]
    told = story(run, cell.model_copy(update={"connections": many}))
    assert len(told) < 20
    assert any(
        line.what == "40 SEND from 10.0.0.1:0 and 39 more, processes 100, 101, 102, 103 and 16 more, timeout 2 s"
        for line in told
    )


def test_a_screen_is_made_of_what_tells() -> None:
    lines = [Line(float(n), ("opened", "app log", "wire")[n % 3], f"{n}", telling=n % 6 == 1) for n in range(45)]
    shown = trimmed(lines)
    assert len(shown) == 24
    assert shown == [line for line in lines if line in shown]
    assert {line.what for line in lines if line.telling or line.who == "opened"} <= {line.what for line in shown}
    assert trimmed(lines[:20]) == lines[:20]


def locked(run: RunData, cell: CellVerdict) -> RunData:
    """The cell's only look is one into two threads that block each other."""
    impl = "/venv/site-packages/oslo_messaging/_drivers/impl_rabbit.py"
    beater = [
        Frame(function=name, file=file, line=1)
        for name, file in (
            ("Condition.wait", "/usr/lib/python3.13/threading.py"),
            ("ConnectionLock.heartbeat_acquire", impl),
            ("Connection._heartbeat_thread_job", impl),
        )
    ]
    holder = [
        Frame(function=name, file=file, line=2)
        for name, file in (
            ("BaseHub.switch", "/venv/site-packages/eventlet/hubs/hub.py"),
            ("Semaphore.acquire", "/venv/site-packages/eventlet/semaphore.py"),
            ("Connection.ensure", impl),
        )
    ]
    pid = cell.connections[0].pid
    threads = [Thread(tid=6, name="a"), Thread(tid=14, name="b", frames=beater)]
    greenlets = [Greenlet(tid=6, name="root", frames=holder)]
    looks: list[Event] = [
        Event(ProcessStacks(at="loss", threads=threads), T0, cell.cell, pid),
        Event(ProcessGreenlets(at="loss", greenlets=greenlets), T0, cell.cell, pid),
    ]
    return RunData(run.verdict, looks, run.folder)


def test_both_sides_of_a_deadlock_are_told() -> None:
    run, cell = run_and_cell("prefork-daemon-eventlet-pthread")
    run = locked(run, cell)
    (dump,) = stacks.dumps(run, cell, "loss")
    assert dump.locked
    assert dump.stack is not None
    assert (dump.stack.names, dump.stack.telling, dump.stack.meaning) == (("14 b",), 1, stack.LOCKED_OUT)
    (green,) = dump.greens
    assert (green.telling, green.meaning) == (1, stack.GREEN_LOCK)
    told = [line.what for line in story(run, cell) if line.who == "stack"]
    assert any("heartbeat_acquire of oslo_messaging/_drivers/impl_rabbit.py:1" in line for line in told)
    assert any("Semaphore.acquire of eventlet/semaphore.py:2" in line for line in told)


def test_ids_on_the_page_are_unique_and_plain() -> None:
    ids = [view.id for view in views(samples.hostile())]
    assert len(set(ids)) == len(ids)
    assert all(set(each) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") for each in ids)
