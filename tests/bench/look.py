"""What a look costs on a host with 100 processes and 400 connections, and for how long it stops what it looks at.

``make bench`` runs it. ``python -m tests.bench.look [SECONDS]`` prints when the first table was there, which share
of a core the watching took, and what a process that reads the clock all the time saw of a look at its stacks; then what
it sees of py-spy where that stops a process, which shows that it would have seen it.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.looked import Clock, broker, clock, server

SERVERS, WORKERS, CONNECTIONS, SILENT = 20, 5, 4, 2
HEARTBED, PY_SPY = (Path(sys.executable).with_name(name) for name in ("heartbed", "py-spy"))
TIMES = 5


def look(port: int, seconds: str, *arguments: str) -> dict[str, float]:
    """Look, and say what it cost."""
    with tempfile.TemporaryDirectory() as runs:
        command = [str(HEARTBED), "look", "--port", str(port), "--for", seconds, "--runs", runs, "--json", *arguments]
        done = subprocess.run(command, capture_output=True, check=False, text=True)
        if done.returncode not in (0, 1, 3):
            sys.exit(done.stdout + done.stderr)
        verdict = json.loads(done.stdout)
        connections = sum(len(each["connections"]) for each in verdict["processes"])
        return {"processes": len(verdict["processes"]), "connections": connections, **verdict["cost"]}


def many(seconds: str) -> None:
    """At servers of many processes."""
    with broker() as made, contextlib.ExitStack() as stack:
        for _ in range(SERVERS):
            stack.enter_context(server(made.port, WORKERS, CONNECTIONS, SILENT))
        for arguments in ((), ("--no-stacks",)):
            cost = look(made.port, seconds, *arguments)
            print(
                f"a look {' '.join(arguments)} at {cost['processes']} processes of {SERVERS} servers with "
                f"{cost['connections']} connections: first table after {cost['first_s']:.1f} s; "
                f"{100 * cost['cpu_s'] / cost['watched_s']:.1f} % of a core while it watched for "
                f"{cost['watched_s']:.0f} s, with {cost['stacks']} looks at threads"
            )


def said(what: str, seen: Clock) -> str:
    """What a clock saw."""
    stops = ", ".join(f"{1000 * each:.1f}" for each in sorted(seen.lengths, reverse=True)[:TIMES])
    return f"{what}: stopped {seen.stops} times{f' (the longest, ms: {stops})' if stops else ''}"


def stops() -> None:
    """How long a process is stopped."""
    with broker() as made:
        with clock(made.port) as seen:
            cost = look(made.port, "4")
        print(said(f"a look of {cost['stacks']} times at the threads of a process that never waits", seen))
        with clock(made.port) as seen:
            for _ in range(TIMES):
                subprocess.run([PY_SPY, "dump", "--pid", str(seen.pid)], capture_output=True, check=True)
        print(said(f"py-spy {TIMES} times without --nonblocking, which look never does", seen))


if __name__ == "__main__":
    many(sys.argv[1] if len(sys.argv) > 1 else "20")
    stops()
