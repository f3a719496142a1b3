"""Verdicts on a look: a pure function of its record, as those on runs are, with outcomes of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from heartbed.record.event import Event
from heartbed.record.kinds import LookProcess
from heartbed.record.looked import LookHistory, sort_look
from heartbed.verdict.look import bridge
from heartbed.verdict.look.connection import judge_connection
from heartbed.verdict.look.threads import judge_threads
from heartbed.verdict.look.timeout import Timeouts
from heartbed.verdict.look.values import LOOK_EXIT_CODES, LookedAt, LookedProcess, LookOutcome, LookVerdict, worst_look
from heartbed.wording import count

__all__ = ["LOOK_EXIT_CODES", "LookOutcome", "LookVerdict", "judge_look"]


def judge_look(events: Sequence[Event]) -> LookVerdict:
    """The verdict on a look. ``events`` are a record's, of which the first is ``run.start``, the second ``look.asked``.

    It may be judged while it goes on: then of what was seen so far.
    """
    look = sort_look(events)
    timeouts = Timeouts(look)
    judged = [judge_connection(each, look, timeouts.of(each)) for each in look.connections]
    lost = _lost(look)
    pids = dict.fromkeys([*(each.pid for each in judged), *lost])
    by_pid = {pid: [each for each in judged if each.pid == pid] for pid in pids}
    processes = [_process(pid, connections, lost.get(pid, 0), look) for pid, connections in by_pid.items()]
    outcome = worst_look(each.outcome for each in processes)
    start, ended = look.start, look.end
    return LookVerdict(
        run=start.data.run,
        heartbed=start.data.heartbed,
        started=start.t,
        ended=ended.t if ended else None,
        until=look.until,
        status=ended.data.status if ended else "killed",
        host=start.data.host,
        asked=look.asked.given(),
        cost=look.cost.given() if look.cost else {},
        processes=sorted(processes, key=lambda each: (each.group, each.pid)),
        outcome=outcome,
        answer=_answer(judged, len(lost), look),
        missing=look.unseen,
    )


CLIENTS = ("oslo.messaging", "kombu", "amqp", "pika")
"""Libraries that speak AMQP: a process without them has lost other sockets than a broker's."""


def _lost(look: LookHistory) -> dict[int, int]:
    """Process -> how many sockets it has lost of which one may have led to the broker."""
    known = {pid: look.processes[pid].data.versions for pid in look.lost if pid is not None and pid in look.processes}
    return {pid: look.lost[pid] for pid, versions in known.items() if any(name in versions for name in CLIENTS)}


def _process(pid: int, connections: list[LookedAt], lost: int, look: LookHistory) -> LookedProcess:
    told = look.processes[pid].data if pid in look.processes else LookProcess(remarks=["it ended at once"])
    threads = judge_threads(told, look.stacks.get(pid, []))
    timeouts = [each.timeout for each in connections if each.timeout is not None]
    outcomes = [each.outcome for each in connections]
    outcomes += [LookOutcome.CANNOT_TELL] if lost else []
    command, remarks = bridge.command(told, threads, timeouts[0] if timeouts else None)
    return LookedProcess(
        pid=pid,
        name=told.name,
        server=told.server,
        group=told.group,
        container=told.container,
        unit=told.unit,
        user=told.user,
        python=told.python,
        model=threads.model,
        model_why=threads.why,
        versions=told.versions,
        threads=threads.words,
        check=command,
        remarks=remarks,
        lost_sockets=lost,
        connections=connections,
        outcome=worst_look(outcomes),
    )


WORDS = {
    LookOutcome.CLOSED: "closed by the broker without the process having noticed",
    LookOutcome.SILENT: "silent, and will be closed",
    LookOutcome.CANNOT_TELL: "of which nothing can be told",
    LookOutcome.OFF: "without heartbeats",
    LookOutcome.BEATING: "beating",
}


def _answer(judged: Sequence[LookedAt], lost: int, look: LookHistory) -> str:
    """The one sentence that follows."""
    ports = " or ".join(str(port) for port in look.asked.ports)
    if not judged and not lost:
        scope = f" of {look.asked.scope}" if look.asked.scope else ""
        return f"No process{scope} that can be seen here has a connection to a broker, on port {ports}."
    counts = Counter(each.outcome for each in judged)
    told = ", ".join(f"{counts[each]} {WORDS[each]}" for each in LookOutcome if counts[each])
    processes = len({each.pid for each in judged})
    of = f"{count(len(judged), 'connection')} of {count(processes, 'process', 'es')}"
    have = "has" if lost == 1 else "have"
    more = f"{count(lost, 'process', 'es')} {have} TCP sockets that were reset or shut down, by whom is not known."
    return " ".join([*([f"{of}: {told}."] if judged else []), *([more] if lost else [])])
