"""Who stands at the gate connects once it is let go, also where that is told while it still imports."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

from heartbed.testbed import testbed
from wsgi_app import gate

PROGRAM = """
import os, sys
from wsgi_app.gate import Gate
gate = Gate(os.environ)
print("stands", flush=True)
sys.stdin.readline()
gate.wait(lambda: "END" in os.environ)
print("gone", flush=True)
"""


def passed(environ: dict[str, str], *signals: signal.Signals) -> bool:
    """Whether it has gone through, having been sent these before it came to the gate."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == "stands\n"
        for each in signals:
            process.send_signal(each)
        print(file=process.stdin, flush=True)
        if signals or not environ or "END" in environ:
            return process.stdout.readline() == "gone\n"
        time.sleep(0.2)
        there = process.poll() is None
        process.kill()
        return not there


def test_the_program_holds_and_lets_go_by_the_same_names() -> None:
    assert gate.VARIABLE == testbed.HELD
    assert {signal.Signals[f"SIG{testbed.LETS_GO}"]} == gate.LETS_GO


def test_where_nobody_holds_it_it_does_not_wait() -> None:
    assert passed({})


def test_held_it_waits() -> None:
    assert not passed({"HEARTBED_HELD": "true"})


def test_it_may_be_let_go_before_it_comes() -> None:
    assert passed({"HEARTBED_HELD": "true"}, signal.SIGCONT)


def test_one_that_is_to_end_does_not_wait() -> None:
    assert passed({"HEARTBED_HELD": "true", "END": "1"})
