"""Ctrl-C and its like."""

from __future__ import annotations

import contextlib
import os
import signal
import threading

import pytest

from heartbed.run.interrupt import SIGNALS, InterruptedRunError, interruptible


@pytest.mark.parametrize("number", SIGNALS)
def test_the_first_signal_interrupts_and_those_after_it_are_told_to_wait(
    number: signal.Signals, capfd: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)
    with interruptible():
        with pytest.raises(InterruptedRunError):
            os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(number) is before
    assert capfd.readouterr().err.count("cleaning up") == 2


def test_nothing_interrupts_while_it_is_held() -> None:
    with interruptible() as interruption:
        interruption.hold()
        os.kill(os.getpid(), signal.SIGTERM)
        interruption.release()
        with pytest.raises(InterruptedRunError):
            os.kill(os.getpid(), signal.SIGTERM)


def test_an_interruption_is_no_error_that_a_library_would_catch() -> None:
    assert not issubclass(InterruptedRunError, Exception)
    assert issubclass(InterruptedRunError, KeyboardInterrupt)


def test_a_signal_that_was_ignored_from_the_start_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_another_thread_than_the_main_one_changes_no_handler() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    def inside() -> None:
        with interruptible():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=inside)
    thread.start()
    thread.join()
    assert seen == [before]


def test_it_leaves_no_lock_behind_that_others_wait_for() -> None:
    for _ in range(30):  # of which a third would leave it taken
        lock = threading.Lock()
        condition = threading.Condition(lock)
        with interruptible(), contextlib.suppress(InterruptedRunError):
            threading.Timer(0.0003, os.kill, (os.getpid(), signal.SIGTERM)).start()
            while True:
                with condition:
                    pass
        assert not lock.locked()
