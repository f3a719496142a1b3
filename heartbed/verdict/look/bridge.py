"""The way back to the testbed: the command that reproduces what was seen of a process, and what it assumes."""

from __future__ import annotations

import shlex

from heartbed.record.kinds import LookProcess
from heartbed.verdict.look.threads import Seen
from heartbed.verdict.look.values import Timeout

PTHREAD_SINCE, PTHREAD_UNTIL = (10, 1), (18, 0)
"""oslo.messaging has ``heartbeat_in_pthread`` from the one release to below the other."""

LONGEST_S = 30
"""A longer timeout says the same, and takes three of them: one of 60 seconds three minutes."""

OSLO = "oslo.messaging"
BESIDE = ("eventlet", "gevent", "greenlet", "kombu", "amqp", "mod_wsgi", "nova")


def command(process: LookProcess, seen: Seen, timeout: Timeout | None) -> tuple[str, list[str]]:
    """The command, empty where there is none; and what it assumes, or why there is none."""
    remarks = list(process.remarks)
    if not process.check:
        return "", remarks
    words: list[str] = []
    if seen.model in ("eventlet", "native"):
        words += ["--model", seen.model]
        remarks.append(f"{seen.model} threads: {seen.why}")
    else:
        remarks.append(f"name its threads with --model: {seen.why}")
    oslo = process.versions.get(OSLO)
    if oslo:
        words += ["--oslo", oslo]
        words += _pthread(oslo, seen)
    else:
        remarks.append(f"its {OSLO} was not found: name it with --oslo")
    if timeout is not None and not timeout.off and timeout.most_s <= LONGEST_S and timeout.exact:
        words += ["--heartbeat", f"{timeout.most_s:.0f}"]
    others = ", ".join(f"{name} {process.versions[name]}" for name in BESIDE if name in process.versions)
    if others:
        remarks.append(f"beside it the process has {others}; the testbed's own are others unless --release names them")
    return f"{process.check} {shlex.join(words)}".rstrip(), remarks


def _pthread(oslo: str, seen: Seen) -> list[str]:
    """``heartbeat_in_pthread``, where the library has it, and where it shows."""
    numbers = tuple(int(part) for part in oslo.split(".")[:2] if part.isdecimal())
    if seen.model != "eventlet" or seen.native_beat is None or not PTHREAD_SINCE <= numbers < PTHREAD_UNTIL:
        return []
    return ["--pthread" if seen.native_beat else "--no-pthread"]
