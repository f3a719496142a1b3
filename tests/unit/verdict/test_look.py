"""What a look means for each connection: the rules on written records."""

from __future__ import annotations

from typing import Any

import pytest

from heartbed.record.kinds import LookBroker, LookLost, LookTick, ProcessGone, Thread
from heartbed.verdict.look.values import LookOutcome
from tests.unit.looks import CONN, JOB, PID, START, Looking

HALVES = (1.0, 4.0, 7.0)
"""When a broker with a timeout of 6 seconds beats."""


def test_client_that_sends_heartbeats_is_beating() -> None:
    found = Looking().process().socket(0, sent=-1.0, heard=0.0).beats(2.0, 5.0, 8.0).only(until=10.0)
    assert (found.outcome, found.beats) == (LookOutcome.BEATING, 3)
    assert found.why == "3 heartbeats seen, up to 3.0 s apart, the last 2.0 s ago"
    assert found.longest_silence_s == 3.0


def test_client_that_was_silent_for_a_whole_timeout_is_closed_after_two_to_three() -> None:
    look = Looking(heartbeat_s=6).process().socket(0, sent=-5.0, heard=-1.0)
    found = look.only(until=2.0)
    assert found.outcome is LookOutcome.SILENT
    assert (found.closes_from, found.closes_until) == (START - 5 + 12, START - 5 + 18)
    assert found.silent_seen == START + 1.0


def test_client_that_was_silent_for_less_is_not_yet_judged() -> None:
    found = Looking(heartbeat_s=6).process().socket(0, sent=-5.0, heard=-1.0).only(until=0.5)
    assert found.outcome is LookOutcome.CANNOT_TELL
    assert "--for 12 tells" in found.why


def test_timeout_is_known_by_the_brokers_heartbeats() -> None:
    look = Looking().process().socket(0, sent=-3.0, heard=-2.0).heard(*HALVES, sent=-3.0, unread=True)
    found = look.only(until=8.0)
    assert found.outcome is LookOutcome.SILENT
    assert found.timeout is not None
    assert (found.timeout.least_s, found.timeout.most_s) == (6, 6)
    assert found.timeout.source == "by the broker's heartbeats, 3.0 s apart"
    assert found.why.endswith("the broker was heard 1.0 s ago, and 24 octets of its wait to be read")


def test_one_heartbeat_of_the_brokers_leaves_the_timeout_between_two_bounds() -> None:
    found = Looking().process().socket(0, sent=-15.0, heard=-2.0).heard(1.0, sent=-15.0).only(until=2.0)
    assert found.timeout is not None
    assert (round(found.timeout.least_s, 2), round(found.timeout.most_s, 2)) == (2.55, 6.9)
    assert found.outcome is LookOutcome.SILENT
    assert (found.closes_from, found.closes_until) == (
        START - 15 + 2 * found.timeout.least_s,
        START - 15 + 3 * found.timeout.most_s,
    )


def test_timeout_that_the_environment_asks_for_counts_where_what_is_seen_agrees() -> None:
    look = Looking().process(asked_s=5).socket(0, sent=-7.0, heard=-2.0).heard(1.0, sent=-7.0)
    found = look.only(until=2.0)
    assert found.timeout is not None
    assert (found.timeout.most_s, found.outcome) == (5, LookOutcome.SILENT)


def test_timeout_is_that_of_another_connection_of_the_process() -> None:
    other = "10.0.0.5:40002"
    look = Looking().process().socket(0, sent=-3.0, heard=-2.0).heard(*HALVES, sent=-3.0)
    look.socket(7.5, sent=-4.0, heard=7.0, conn=other)
    (process,) = look.verdict(until=8.0).processes
    (found,) = [each for each in process.connections if each.conn == other]
    assert found.outcome is LookOutcome.SILENT
    assert found.timeout is not None
    assert found.timeout.source.endswith("on another connection of the process")


def test_without_any_timeout_silence_alone_says_nothing() -> None:
    found = Looking().process().socket(0, sent=-95.0, heard=-1.0).only(until=2.0)
    assert found.outcome is LookOutcome.CANNOT_TELL
    assert "--heartbeat names it" in found.why


def test_heartbeats_that_stop_are_silence_again() -> None:
    look = Looking(heartbeat_s=6).process().socket(0, sent=-1.0, heard=0.0).beats(2.0)
    found = look.socket(6.5, sent=2.0, heard=6.0, written=1008).only(until=8.5)
    assert found.outcome is LookOutcome.SILENT


def test_traffic_that_is_no_heartbeat_counts_for_the_broker_and_does_not_show_that_it_beats() -> None:
    look = Looking(heartbeat_s=6).process().socket(0, sent=-1.0, heard=0.0)
    found = look.beats(2.0, every_octets=200).only(until=3.0)
    assert (found.outcome, found.beats) == (LookOutcome.CANNOT_TELL, 0)
    assert found.why.startswith("it was in use meanwhile")


def test_brokers_word_on_the_timeout_outranks_the_users() -> None:
    look = Looking(heartbeat_s=60).process().socket(0, sent=-7.0, heard=-1.0)
    look.event(0.5, LookBroker(timeout_s=6, name="nova:7:uuid", connected=START - 100), conn=CONN)
    found = look.only(until=1.0)
    assert (found.outcome, found.name, found.open_for_s) == (LookOutcome.SILENT, "nova:7:uuid", 101.0)


def test_where_heartbeats_are_off_nothing_is_closed() -> None:
    look = Looking().process().socket(0, sent=-700.0, heard=-700.0).event(0.5, LookBroker(timeout_s=0), conn=CONN)
    assert look.only(until=1.0).outcome is LookOutcome.OFF


def test_brokers_fin_that_was_not_read_is_a_close_that_was_not_noticed() -> None:
    look = Looking(heartbeat_s=6).process().socket(0, sent=-20.0, heard=-6.0, acked=-4.0, state="CLOSE_WAIT")
    found = look.only(until=1.0)
    assert (found.outcome, found.closed) == (LookOutcome.CLOSED, START - 4.0)
    assert "16.0 s after the client's last octet" in found.why
    assert found.why.endswith("after two to three timeouts of 6.0 s of silence RabbitMQ gives a client up")


def test_close_at_another_time_had_another_reason() -> None:
    look = Looking(heartbeat_s=6).process().socket(0, sent=-5.0, heard=-6.0, acked=-4.0, state="CLOSE_WAIT")
    assert look.only(until=1.0).why.endswith("it had another reason")


@pytest.mark.parametrize(
    ("at", "outcome"), [(12.2, LookOutcome.CLOSED), (5.0, LookOutcome.CANNOT_TELL)], ids=["in time", "too early"]
)
def test_reset_is_the_brokers_where_it_came_when_rabbitmq_gives_up(at: float, outcome: LookOutcome) -> None:
    look = Looking(heartbeat_s=6).process().socket(0, sent=-1.0, heard=0.0).event(at - 1, LookTick())
    found = look.socket(at, sent=-1.0, heard=0.0, state="CLOSED", held=True).only(until=at + 1)
    assert found.outcome is outcome


def test_socket_that_the_process_closed_itself_is_no_verdict() -> None:
    look = Looking(heartbeat_s=6).process().socket(0, sent=-1.0, heard=0.0)
    found = look.socket(12.2, sent=-1.0, heard=0.0, state="CLOSED", held=False).only(until=13.0)
    assert (found.outcome, found.why) == (LookOutcome.CANNOT_TELL, "the process itself has closed it")


def test_process_that_ended_is_no_verdict() -> None:
    look = Looking(heartbeat_s=6).process().socket(0, sent=-9.0, heard=0.0).event(1.0, ProcessGone(), pid=PID)
    assert look.only(until=2.0).why == "its process ended during the look"


def test_octets_that_the_broker_does_not_acknowledge_are_the_networks() -> None:
    look = Looking(heartbeat_s=6).process().socket(0, sent=-0.5, heard=-9.0, acked=-9.0, unacked=24)
    found = look.only(until=1.0)
    assert (found.outcome, found.closes_from) == (LookOutcome.SILENT, START - 9 + 12)
    assert "has written 24 octets that the broker has not acknowledged" in found.why


def test_silence_beyond_three_timeouts_contradicts_the_timeout() -> None:
    found = Looking(heartbeat_s=6).process().socket(0, sent=-60.0, heard=-1.0).only(until=1.0)
    assert found.outcome is LookOutcome.CANNOT_TELL
    assert "the timeout is another one (as --heartbeat names it), or none" in found.why


def test_broker_that_does_not_beat_either_has_no_timeout_to_close_by() -> None:
    found = Looking().process(asked_s=2).socket(0, sent=-4.0, heard=-4.0).only(until=1.0)
    assert found.outcome is LookOutcome.CANNOT_TELL
    assert "nothing came from the broker either for 5.0 s" in found.why


def test_kernel_that_does_not_tell_when_it_was_used_leaves_it_open() -> None:
    found = Looking(heartbeat_s=6).process().socket(0).only(until=1.0)
    assert found.why == "this kernel does not tell when a connection was last used"


def test_process_that_has_lost_sockets_is_told_of_and_nothing_is_claimed() -> None:
    look = Looking().process(versions={"amqp": "5.4.2"}).event(0.5, LookLost(sockets=2), pid=PID)
    verdict = look.verdict(until=1.0)
    (process,) = verdict.processes
    assert (process.lost_sockets, process.outcome, process.connections) == (2, LookOutcome.CANNOT_TELL, [])
    assert verdict.answer.startswith("1 process has TCP sockets that were reset or shut down")


def test_process_that_speaks_no_amqp_has_lost_sockets_of_another_kind() -> None:
    verdict = Looking().process(versions={"greenlet": "3.5.6"}).event(0.5, LookLost(sockets=2), pid=PID).verdict(1.0)
    assert verdict.processes == []


def test_nothing_found_is_said() -> None:
    verdict = Looking(scope="unit httpd.service").verdict(until=1.0)
    assert verdict.outcome is LookOutcome.CANNOT_TELL
    assert verdict.answer.startswith("No process of unit httpd.service that can be seen here has a connection")


def silent(**values: Any) -> Looking:
    return Looking(heartbeat_s=6).process(**values).socket(0, sent=-7.0, heard=-1.0)


def test_native_heartbeat_thread_is_named_with_its_place() -> None:
    thread = Thread(tid=12, name="heartbeat", python_name=True, syscall="futex", frames=[JOB])
    (process,) = silent(green=["greenlet"]).threads(thread).verdict(until=1.0).processes
    assert (
        process.threads == "OS thread 12 sends heartbeats: it is in _heartbeat_thread_job (impl_rabbit.py:1407), futex"
    )
    assert process.model == "native"


def test_without_a_hub_no_green_thread_can_beat() -> None:
    threads = [Thread(tid=7, syscall="accept4", python_name=False), Thread(tid=8, syscall="poll")]
    look = silent(green=["greenlet"], versions={"oslo.messaging": "17.3.2"}, check="heartbed check site.conf")
    (process,) = look.threads(*threads).verdict(until=1.0).processes
    assert process.threads.endswith(
        "no OS thread runs a hub, without which no green thread runs: 1 in accept4 (7), 1 in poll (8)"
    )
    assert (process.model, process.check) == (
        "eventlet",
        "heartbed check site.conf --model eventlet --oslo 17.3.2 --no-pthread --heartbeat 6",
    )


def test_process_without_any_green_library_is_native() -> None:
    (process,) = silent().threads(Thread(tid=7, syscall="futex", python_name=True)).verdict(until=1.0).processes
    assert (process.model, process.model_why) == ("native", "no library of green threads is in the process")


def test_release_without_the_option_is_not_asked_for_it() -> None:
    look = silent(
        green=["greenlet"], versions={"oslo.messaging": "18.3.1"}, check="heartbed check a.ini", patching=True
    )
    (process,) = look.threads(Thread(tid=7, syscall="epoll_wait", python_name=False)).verdict(until=1.0).processes
    assert process.check == "heartbed check a.ini --model eventlet --oslo 18.3.1 --heartbeat 6"


def test_what_cannot_be_known_is_a_remark_and_no_guess() -> None:
    (process,) = silent(green=["greenlet"], check="heartbed check a.ini").verdict(until=1.0).processes
    assert process.check == "heartbed check a.ini --heartbeat 6"
    assert "name its threads with --model: from outside it cannot be told whether it is patched" in process.remarks
