"""The page that waits for an answer on a socket."""

from __future__ import annotations

import subprocess
import sys

import webob

from wsgi_app import waits

GREEN = """
import eventlet
eventlet.monkey_patch()
from wsgi_app import waits
ran = []
eventlet.spawn(ran.append, "another green thread")
told = waits.ask()
print(told["answer"], ran)
"""


def test_natively_it_waits_as_long_as_the_answer_takes() -> None:
    told = waits.ask()
    assert told["answer"] == "!"
    assert told["waited_ms"] >= waits.ANSWER_S * 1000


def test_under_eventlet_the_hub_runs_while_it_waits() -> None:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", GREEN], capture_output=True, text=True, check=True)
    assert done.stdout == "! ['another green thread']\n"


def test_it_is_got_and_nothing_else() -> None:
    app = waits.app_factory({})
    assert webob.Request.blank("/").get_response(app).json["answer"] == "!"
    assert webob.Request.blank("/", method="HEAD").get_response(app).status_int == 200
