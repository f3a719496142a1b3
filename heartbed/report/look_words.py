"""The words in which every format speaks of a look."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from heartbed.verdict.look.values import LookedAt, LookedProcess, LookOutcome, LookVerdict
from heartbed.wording import count, seconds

LOOK_STYLES = {
    LookOutcome.CLOSED: "bold magenta",
    LookOutcome.SILENT: "bold red",
    LookOutcome.CANNOT_TELL: "yellow",
    LookOutcome.OFF: "dim",
    LookOutcome.BEATING: "green",
}
"""How a terminal colours what the words say."""

MOST_REASONS = 3
"""Connections of one process whose reasons are told; of more, how many there are."""


@dataclass(frozen=True)
class Group:
    """Processes of one server."""

    title: str
    about: str
    processes: Sequence[LookedProcess]

    @property
    def commands(self) -> list[str]:
        """The commands that reproduce what was seen of them, each once."""
        return list(dict.fromkeys(each.check for each in self.processes if each.check))


def groups(look: LookVerdict) -> list[Group]:
    """The servers, those with the worst connections first."""
    by_server: dict[tuple[str, str], list[LookedProcess]] = {}
    for process in look.processes:
        by_server.setdefault((process.group, process.server), []).append(process)
    found = [Group(title(members), about(members[0]), members) for members in by_server.values()]
    ranks = [*LookOutcome]
    return sorted(found, key=lambda group: min(ranks.index(each.outcome) for each in group.processes))


def title(processes: Sequence[LookedProcess]) -> str:
    """``httpd, prefork MPM, mod_wsgi embedded: 2 processes, 4 connections``."""
    connections = sum(len(each.connections) for each in processes)
    first = processes[0]
    sizes = f"{count(len(processes), 'process', 'es')}, {count(connections, 'connection')}"
    return f"{first.server or first.name or 'a process that has ended'}: {sizes}"


def about(process: LookedProcess) -> str:
    """Where a process belongs, and what it is made of."""
    place = [f"container {process.container[:12]}"] if process.container else []
    place += [process.unit] if process.unit else []
    place += [f"user {process.user}"] if process.user else []
    python = [f"Python {process.python}"] if process.python else []
    versions = [f"{name} {version}" for name, version in process.versions.items()]
    brokers = dict.fromkeys(each.remote for each in process.connections)
    to = [f"to {', '.join(brokers)}"] if brokers else []
    return ", ".join([*to, *place, *python, *versions])


def verdict_words(connection: LookedAt) -> str:
    """The verdict in a few words."""
    match connection.outcome:
        case LookOutcome.CLOSED:
            return "already closed by the broker, not noticed yet"
        case LookOutcome.SILENT if connection.closes_from is not None and connection.closes_until is not None:
            until = clock_time(connection.closes_until)
            return f"silent, and will be closed between {clock_time(connection.closes_from)} and {until}"
        case other:
            return str(other)


def clock_time(t: float) -> str:
    """Epoch seconds as the time of day here."""
    return time.strftime("%H:%M:%S", time.localtime(t))


def ago(value: float | None) -> str:
    """How long ago; a dash where it is not known."""
    return "-" if value is None else seconds(value)


def waiting(connection: LookedAt) -> str:
    """What waits in its queues: ``24 unread``."""
    parts = [f"{connection.unread} unread"] if connection.unread else []
    parts += [f"{connection.unacked} unacked"] if connection.unacked else []
    return ", ".join(parts) or "-"


def reasons(process: LookedProcess) -> list[str]:
    """Why, of those connections that do not beat, each with its port; then what its threads do."""
    telling = [each for each in process.connections if each.outcome is not LookOutcome.BEATING]
    found = [f"{each.conn.rpartition(':')[2]}: {each.why}" for each in telling[:MOST_REASONS]]
    rest = len(telling) - MOST_REASONS
    found += [f"and {rest} more like these"] if rest > 0 else []
    if process.lost_sockets:
        sockets = count(process.lost_sockets, "TCP socket")
        found.append(
            f"it has {sockets} whose connection was reset or shut down before the look; to whom it led the kernel does "
            "not say, but a process that has lost its broker looks like this"
        )
    return [*found, process.threads] if found else []


def details(process: LookedProcess) -> str:
    """How long its connections have been open, and by what their timeout is known, where that is the same for all."""
    timeouts = {each.timeout for each in process.connections if each.timeout is not None}
    if len(timeouts) != 1:
        return ""
    (timeout,) = timeouts
    value = seconds(timeout.most_s)
    bounds = value if timeout.exact else f"{seconds(timeout.least_s)} to {value}"
    return f"heartbeat timeout {bounds}, {timeout.source}"


def cost_words(look: LookVerdict) -> str:
    """What the look has cost."""
    if not look.cost:
        return ""
    watched, cpu = look.cost["watched_s"], look.cost["cpu_s"]
    share = f" ({100 * cpu / watched:.1f} % of a core)" if watched else ""
    first = seconds(look.cost["first_s"])
    return f"first table after {first}; watched for {seconds(watched)} with {seconds(cpu)} of processor time{share}"
