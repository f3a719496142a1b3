"""SYNTHETIC cells and runs for the tests of the renderers, made from synthetic connections."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from heartbed.record.event import Event
from heartbed.record.kinds import WireMissing
from heartbed.report.data import RunData
from heartbed.verdict import values as model
from tests.unit.data.report.making import IDLE, T0, Fate, Sample, Where, connection, look

HOST = {"hostname": "lab", "kernel": "6.1.0", "cores": 2, "memory_octets": 25769803776}


def factors_of(name: str) -> dict[str, str]:
    """The factors in a cell's name, as ``heartbed.cells.expressions`` would tell them."""
    native, pthread = "-native" in name, "-pthread" in name
    return {
        "server": name.partition("-")[0],
        "mode": "embedded" if "-embedded" in name else "daemon",
        "model": "native" if native else "eventlet",
        "thread": "os" if native else "pthread" if pthread else "green",
        "oslo": "17.3.2",
    }


def cell(sample: Sample, name: str, send: Fate, listen: Fate | None = None, **options: Any) -> None:
    """One cell with its requests, connections, stacks and verdict.

    Options: ``looked`` and ``connected`` say whether there are stacks and
    connections, ``text`` is put into a log line and a stack; all others
    replace values of the verdict.
    """
    looked, connected, text = (
        options.pop(key, default) for key, default in (("looked", True), ("connected", True), ("text", ""))
    )
    fates = (send, listen or send)
    worst = next((fate for fate in fates if fate.outcome != "kept"), send)
    factors, opened = factors_of(name), T0 + 5 + 0.05 * (len(sample.cells) % 40)
    at = Where(name, 23 + len(sample.cells))
    for t, state in ((T0 + 0.5, "starting"), (T0 + 3.5, "ready"), (opened + 0.65, "opened")):
        sample.add("cell.state", t, at, state=state)
    lost = worst.outcome == "lost"
    cost = {"before_ms": 12.1, "after_ms": 1043.2 if lost else 13.1, "after_status": 200}
    requests(sample, at, opened, cost["after_ms"])
    purposes = zip(("SEND", "LISTEN"), fates, strict=True)
    links = (
        [connection(sample, at, p, opened + 0.2 * (p == "LISTEN"), fate) for p, fate in purposes] if connected else []
    )
    evidence = [piece for link in links for piece in link.evidence] + (
        [look(sample, at, factors, text)] if looked else []
    )
    unreachable = (
        "AMQP server on rabbitmq:5672 is unreachable: [Errno 104] Connection reset by peer. Trying again in 1 seconds."
    )
    for said in ([unreachable] if lost else []) + ([text] if text else []):
        asked_again = sample.idle_until + 0.31
        evidence += [sample.add("app.log", asked_again, at, source="app", level="ERROR", logger="x", text=said)]
    sample.add("cell.state", sample.idle_until + 2.0, at, state="done")
    values = {
        "cell": name,
        "factors": factors,
        "asked": {"heartbeat_s": sample.beat, "processes": 1, "threads": 25 if factors["server"] == "event" else 1},
        "observed": {
            "mpm": factors["server"],
            "mode": factors["mode"],
            "model": factors["model"],
            "heartbeat_timeout_threshold": int(sample.beat),
            "heartbeat_in_pthread": factors["thread"] == "pthread",
            "versions": {"oslo.messaging": "17.3.2", "eventlet": "0.41.3", "mod_wsgi": "6.1.1"},
        },
        "disagreements": [],
        "connections": links,
        "outcome": worst.outcome,
        "cause": worst.cause,
        "why": worst.why,
        "lost_after_s": min((link.lost_after_s for link in links if link.lost_after_s), default=None),
        "cost": cost,
        "evidence": evidence,
        "notes": [],
    }
    sample.cells.append(model.CellVerdict.model_validate(values | options))


def requests(sample: Sample, at: Where, opened: float, after_ms: float) -> None:
    """A cast and a call that open the connections, three calls to measure by, one after the idle period."""
    story = [(-0.01, "open", "cast", 188.0), (0.19, "open", "call", 231.0)]
    story += [(0.45 + n * 0.02, "before", "call", 12.0 + n / 10) for n in range(3)]
    story.append((sample.idle_until + 0.3 - opened, "after", "call", after_ms))
    for offset, phase, what, took in story:
        rest = {
            "method": "POST",
            "path": f"/{what}",
            "status": 200,
            "thread": at.pid,
            "request_id": phase,
            "error": None,
        }
        sample.add("request", opened + offset, at, phase=phase, what=what, ms=took, **rest)


def finished(sample: Sample, *, status: str = "complete", **changes: Any) -> RunData:
    """The run with its frame around it: phases, controls, lag, versions. ``changes`` replace values of the verdict."""
    own, sample.events = sample.events, []
    told: dict[str, Any] = {
        "heartbed": "0.1.0",
        "heartbeat_s": sample.beat,
        "host": HOST,
        "docker": {"engine": "20.10.24", "compose": "2.26.1"},
    }
    told |= {"images": {"rabbitmq": {"tag": "heartbed-rabbitmq", "id": "sha256:1f0c"}}}
    left_out = [{"name": "prefork-native-pthread", "reason": "native has no choice of heartbeat thread"}]
    asked = [{"name": each.cell, "factors": each.factors} for each in sample.cells]
    argv = ["heartbed", "run", "{prefork,event}"]
    sample.add("run.start", T0, run=sample.name, cells=asked, left_out=left_out, argv=argv, margin_s=1.0, **told)
    end = sample.idle_until
    for t, phase in (
        (T0 + 0.2, "starting"),
        (T0 + 4, "opening"),
        (IDLE, "idle"),
        (end, "asking"),
        (end + 3, "dissecting"),
    ):
        sample.add("run.phase", t, phase=phase, until=end if phase == "idle" else None)
    for n in range(int(end - T0)):
        sample.add("machine.lag", T0 + n, max_ms=1.0 + (n * 7 % 5) * 0.8, steps_ms=0.0)
    silent = sample.add("control", IDLE + 2.96 * sample.beat, Where("control-silent"), event="closed", error="reset")
    if not sample.capture:
        sample.events.append(
            Event(WireMissing(reason="tcpdump was not permitted"), end + 3, line=len(sample.events) + 1)
        )
    if status != "killed":
        sample.add("run.end", end + 4, status=status, reason=None)
    shift = len(sample.events)
    sample.events += [replace(e, line=e.line + shift) for e in own]
    cells = [_shifted(each.model_dump(), shift) for each in sample.cells]
    lost = sum(each.outcome == "lost" for each in sample.cells)
    kept = f"{len(cells) - lost} of {len(cells)} cells keep their connections when idle; {lost} lose them."
    values = {
        **told,
        "run": sample.name,
        "started": T0,
        "ended": None if status == "killed" else end + 4,
        "status": status,
        "versions": {"rabbitmq": "4.0.5", "mod_wsgi": "6.1.1", "httpd": "2.4.68", "oslo.messaging": "17.3.2"},
        "controls": [
            {
                "name": "control-silent",
                "expected": "closed",
                "observed": "closed after 5.9 s",
                "ok": True,
                "evidence": [silent],
            },
            {
                "name": "control-beating",
                "expected": "kept",
                "observed": "kept, 9 heartbeats",
                "ok": True,
                "evidence": [],
            },
        ],
        "lag": {"max_ms": 4.2, "p99_ms": 3.4, "samples": 18},
        "cells": cells,
        "left_out": left_out,
        "outcome": "lost" if lost else "kept",
        "reason": "",
        "answer": kept,
        "missing": [] if sample.capture else ["tcpdump was not permitted"],
    }
    return RunData(model.RunVerdict.model_validate(values | changes), tuple(sample.events), Path("runs") / sample.name)


def _shifted(values: Any, shift: int) -> Any:
    """Line numbers of evidence, moved behind the lines that were put in front."""
    if isinstance(values, dict):
        return {key: v + shift if key == "line" and v else _shifted(v, shift) for key, v in values.items()}
    return [_shifted(v, shift) for v in values] if isinstance(values, list) else values
