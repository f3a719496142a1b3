"""SYNTHETIC runs, input for the tests of the renderers: nothing here was ever measured.

``python -m tests.unit.data.report.samples FOLDER`` writes all of them below
FOLDER, each a run's folder with its record and verdicts, to be looked at.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from heartbed import report
from heartbed.record.event import Writer
from heartbed.report.data import RunData
from tests.unit.data.report.framing import cell, finished
from tests.unit.data.report.making import T0, Fate, Sample

HOSTILE = "<script>window.hacked=1</script><!-- </script> & \"x\" 'y' | `tick` \x1b[31mred \u202egnirts"
"""Tries to become markup, a command to the terminal, and text that runs backwards."""

KEPT = Fate()
COMPARISON = [
    f"{server}-{mode}-{model}"
    for server in ("prefork", "event")
    for mode in ("embedded", "daemon")
    for model in ("eventlet", "eventlet-pthread", "native")
]


def lost_in_accept(after_s: float = 0.1) -> Fate:
    """The commonest loss."""
    why = f"nothing runs the eventlet hub: it was last heard {after_s:.1f} s after the last request, in accept4 since"
    return Fate("lost", "hub_not_run", why)


@cache
def comparison(name: str = "20251229-092000") -> RunData:
    """The run that most tests read: made once, and left as it is."""
    return compared(name)


def compared(name: str, **changes: Any) -> RunData:
    """Twelve cells in two columns: two lost, and one of which only the LISTEN connection is."""
    sample = Sample(name)
    for number, full in enumerate(COMPARISON):
        if full in ("prefork-embedded-eventlet", "prefork-daemon-eventlet"):
            cell(sample, full, lost_in_accept(0.1 + number / 100))
        elif full == "event-daemon-eventlet":
            cell(sample, full, KEPT, lost_in_accept())
        else:
            cell(sample, full, KEPT)
    return finished(sample, **changes)


def unknown(cause: str, why: str) -> Fate:
    """A cell about which nothing can be said."""
    return Fate("inconclusive", cause, why)


CAUSES: dict[str, Fate] = {
    "hub_not_run": lost_in_accept(),
    "no_heartbeat_thread": Fate("lost", "no_heartbeat_thread", "the process has no thread that sends heartbeats"),
    "option_unknown": Fate("lost", "option_unknown", "oslo.messaging 18.3.0 has no option heartbeat_in_pthread"),
    "unexplained": Fate("lost", "unexplained", "the process was looked at, but that does not explain it"),
    "heartbeat_disabled": unknown("heartbeat_disabled", "it was opened with a heartbeat timeout of 0"),
    "process_gone": unknown("process_gone", "process 27 ended 3.1 s into the idle period (spare child)"),
    "pool_expiry": unknown("pool_expiry", "the pool closed the connection after conn_pool_ttl"),
    "client_closed": unknown("client_closed", "the client closed the connection"),
    "broker_closed": unknown("broker_closed", "RabbitMQ was restarted"),
    "network": unknown("network", "no packet was seen in either direction for 9 s"),
    "not_as_asked": unknown("not_as_asked", "the MPM is event, asked was prefork"),
    "no_connection": unknown("no_connection", "the cast was answered with 500"),
    "call_timed_out": Fate("hung", "call_timed_out", "a call after the idle period got no reply: 504 after 30.0 s"),
    "deadlock": Fate("hung", "deadlock", "a call got no reply; a request was suspended in one of eventlet's locks"),
    "control_failed": unknown("control_failed", "the control compute must be kept, but: it was not there"),
    "short_observation": unknown("short_observation", "it idled for 3.0 s only"),
}


@cache
def every_verdict() -> RunData:
    """One cell for every cause, one that is kept, and one whose connections fared differently."""
    sample = Sample("20251229-101500")
    mpm = {"what": "the MPM", "asked": "prefork", "observed": "event"}
    late = {"before_ms": 12.0, "after_ms": 30000.0, "after_status": 504, "after_error": "MessagingTimeout"}
    special: dict[str, dict[str, Any]] = {
        "not_as_asked": {"disagreements": [mpm]},
        "no_connection": {"connected": False, "looked": False},
        "call_timed_out": {"cost": late},
        "option_unknown": {"notes": ["setting an option that does not exist does nothing"]},
    }
    cell(sample, "event-daemon-native", KEPT)
    cell(sample, "event-daemon-eventlet", KEPT, lost_in_accept())
    for number, (cause, fate) in enumerate(CAUSES.items()):
        server = ("prefork", "event")[number % 2]
        cell(sample, f"{server}-daemon-eventlet-threads{number + 2}", fate, **special.get(cause, {}))
    return finished(sample)


@cache
def hostile() -> RunData:
    """Names, logs, stacks and reasons that try to become markup."""
    sample = Sample("20251229-110000")
    differing = {"what": HOSTILE, "asked": HOSTILE, "observed": HOSTILE}
    fate = Fate("lost", HOSTILE, HOSTILE)
    cell(sample, f"prefork-{HOSTILE}", fate, text=HOSTILE, notes=[HOSTILE], disagreements=[differing])
    cell(sample, "event-daemon-native", KEPT, text=HOSTILE)
    return finished(sample, answer=HOSTILE, missing=[HOSTILE], reason=HOSTILE, versions={HOSTILE: HOSTILE})


@cache
def without_capture() -> RunData:
    """Nothing was captured on the wire, and no stack could be taken."""
    sample = Sample("20251229-120000", capture=False)
    cell(sample, "prefork-daemon-eventlet", lost_in_accept(), looked=False)
    cell(sample, "event-daemon-eventlet", KEPT, looked=False)
    return finished(sample)


@cache
def interrupted() -> RunData:
    """Killed before anything idled."""
    sample = Sample("20251229-130000")
    nothing = {"before_ms": None, "after_ms": None, "after_status": None}
    for name in ("prefork-daemon-eventlet", "event-daemon-eventlet"):
        fate = unknown("no_connection", "no connection to RabbitMQ was open when it began to idle")
        cell(sample, name, fate, connected=False, looked=False, cost=nothing, asked={}, observed={})
    run = finished(
        sample,
        status="killed",
        outcome="inconclusive",
        answer="Nothing can be said: every cell is inconclusive.",
        missing=["the run was killed: its record ends without an end"],
        lag={"max_ms": None, "p99_ms": None, "samples": 0},
        controls=[],
    )
    early = tuple(event for event in run.events if event.t < T0 + 1)
    return RunData(run.verdict, early, run.folder)


def many(count: int) -> RunData:
    """A run of that many cells, a third of them lost, to measure by."""
    sample = Sample("20251229-140000")
    for number in range(count):
        fate = lost_in_accept() if number % 3 == 0 else KEPT
        cell(sample, f"{('prefork', 'event')[number % 2]}-daemon-eventlet-threads{number // 2 + 1}", fate)
    return finished(sample)


@cache
def empty() -> RunData:
    """A run without a single cell or event but its start."""
    run = finished(Sample("20251229-150000"), outcome="inconclusive", answer="There was nothing to test.")
    return RunData(run.verdict, run.events[:1], run.folder)


SAMPLES: dict[str, Callable[[], RunData]] = {
    "comparison": comparison,
    "every-verdict": every_verdict,
    "hostile": hostile,
    "without-capture": without_capture,
    "interrupted": interrupted,
    "empty": empty,
}


def write(run: RunData, folder: Path) -> RunData:
    """Leave the run's folder as the program would; returns the run that lives there."""
    folder.mkdir(parents=True, exist_ok=True)
    with Writer(folder) as writer:
        for event in run.events:
            writer.write(event)
    written = replace(run, folder=folder)
    if run.about:
        (folder / run.about.FILE).write_text(run.about.as_json(), encoding="utf-8")
    for name in ("json", "html"):
        content = report.render(name, written)
        (folder / report.file_name(name)).write_text(str(content), encoding="utf-8")
    return written


if __name__ == "__main__":
    for label, make in SAMPLES.items():
        write(make(), Path(sys.argv[1]) / label)
