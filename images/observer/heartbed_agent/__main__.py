"""Reads commands, watches, and writes events until its input ends."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from typing import Any

from heartbed_agent.looks import Looks, Request
from heartbed_agent.output import Output
from heartbed_agent.processes import Processes
from heartbed_agent.sockets import CellSockets
from heartbed_agent.usage import Usage
from heartbed_agent.work import Work

TICK_S = 0.2


class Agent:
    """The parts, and the commands that they are told by."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._processes = Processes(output)
        self._looks = Looks(self._processes, output)
        self._usage = Usage(self._processes, output)
        self._work = Work(self._processes, output)
        self._new: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._sockets: dict[str, CellSockets] = {}

    def obey(self, command: dict[str, Any]) -> bool:
        """Do as told; False when that was to quit."""
        match command:
            case {"cmd": "watch", "cell": str(), "container_pid": int(), "ports": list()}:
                self._new.put(command)
            case {"cmd": "count", "service": str(), "container_pid": int()}:
                self._new.put(command)
            case {"cmd": "look", **wish}:
                self._looks.ask(Request(**wish))
            case {"cmd": "measure", "cell": str(cell), "every_s": int() | float() as every_s}:
                self._usage.measure(cell, every_s)
            case {"cmd": "enough", "cell": str(cell)}:
                self._looks.enough(cell)
            case {"cmd": "quit"}:
                return False
            case _:
                self._output.failed(f"not a command: {command}")
        return True

    def watch(self) -> None:
        """Look after processes and sockets, for ever."""
        while True:
            while not self._new.empty():
                self._add(self._new.get())
            self._processes.scan()
            for cell, sockets in list(self._sockets.items()):
                self._look_at(cell, sockets)
            self._usage.tick()
            self._work.tick()
            self._processes.wait(TICK_S)

    def _add(self, command: dict[str, Any]) -> None:
        silently = command["cmd"] == "count"
        cell, pid = command["service" if silently else "cell"], command["container_pid"]
        try:
            self._processes.watch(cell, pid, silently=silently)
            if silently:
                return
            self._sockets[cell] = CellSockets(cell, pid, command["ports"], self._processes, self._output)
        except OSError as error:
            self._output.failed(f"cannot watch {cell}: {error}", cell=cell)

    def _look_at(self, cell: str, sockets: CellSockets) -> None:
        try:
            sockets.tick()
        except OSError as error:
            sockets.close()
            del self._sockets[cell]
            if not isinstance(error, ProcessLookupError | FileNotFoundError):
                self._output.failed(f"the sockets of {cell} can be watched no more: {error}", cell=cell)


def _tell_lag(output: Output, measuring: subprocess.Popen[str]) -> None:
    for line in measuring.stdout or ():
        output.write(line.rstrip("\n"))
    output.failed("the machine's lag is measured no more")


def main() -> None:
    """Serve until told to quit or the input ends."""
    output = Output()
    agent = Agent(output)
    command = [sys.executable, "-I", "-m", "heartbed_agent.lag"]
    measuring = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    for work, *arguments in ((agent.watch,), (_tell_lag, output, measuring)):
        threading.Thread(target=work, args=arguments, daemon=True).start()
    for line in sys.stdin:
        try:
            going_on = agent.obey(json.loads(line))
        except (ValueError, TypeError) as error:
            output.failed(f"not a command: {error}")
            continue
        if not going_on:
            break
    output.end()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    # It has the same standard error: whoever waits for the end of that would wait for its next words.
    measuring.kill()
    os._exit(0)  # the threads have nothing to tidy up


if __name__ == "__main__":
    main()
