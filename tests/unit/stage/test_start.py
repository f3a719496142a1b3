"""Starting a cell, and telling why one does not start."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any, cast

from heartbed.cells.expressions import select
from heartbed.cells.subject import subjects
from heartbed.stage.start import Start


def test_what_a_server_says_of_an_answer_is_told_also_where_it_comes_after_that() -> None:
    logs = [["starts"], ["starts"], *[["starts", "No module named 'a_database_driver'"]] * 100]
    bed = SimpleNamespace(log=lambda *_: logs.pop(0))
    told: list[dict[str, Any]] = []

    def note(state: str, **more: Any) -> None:
        told.append({"state": state, **more})

    (subject,) = subjects(select(["prefork-daemon-native"]).cells)
    start = Start(subject, cast("Any", None), cast("Any", bed), threading.Event(), note)
    error = start.failed("the application answers 500")
    assert error.log == ("starts", "No module named 'a_database_driver'")
    assert told == [
        {
            "state": "failed",
            "reason": "the application answers 500",
            "log": ["starts", "No module named 'a_database_driver'"],
        }
    ]


def test_a_run_that_ends_waits_for_no_log() -> None:
    stop = threading.Event()
    stop.set()
    bed = SimpleNamespace(log=lambda *_: ["starts"])
    (subject,) = subjects(select(["prefork-daemon-native"]).cells)
    error = Start(subject, cast("Any", None), cast("Any", bed), stop, lambda *_, **__: None).failed("why")
    assert error.log == ("starts",)
