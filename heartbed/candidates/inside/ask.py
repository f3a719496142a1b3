"""Runs inside a throw-away container: runs commands of a server's, and tells what they say as JSON on stdout.

It is given one argument, a JSON object: ``commands`` maps names to commands
that end by themselves; ``serve`` is a command that does not, ``get`` the paths
that it is then asked for with ``headers``, until one is not answered with a
success, and ``stop`` the signal that ends it. ``tours`` ask other such
commands, one after the other, all of their ``questions``: each has a port, a
path, and headers to try one after the other. It must not import anything of
Heartbed's.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PORT = 8080
START_DEADLINE_S = 90.0
"""For the first answer, while an application is loaded, which a busy machine may take half a minute for."""

ANSWER_DEADLINE_S = 20.0
"""For further answers of a script that imports nothing."""

COMMAND_DEADLINE_S = 120.0
NO_END = 124
"""The exit code that is told of a command that came to no end in time, as timeout(1) has it."""

LOG = "/run/heartbed/ask.log"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_named: object) -> None:
        """A redirection is an answer: do not follow it."""


def _run(command: list[str]) -> dict[str, object]:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, timeout=COMMAND_DEADLINE_S
        )
    except subprocess.TimeoutExpired:
        said = f"{command[0]} came to no end within {COMMAND_DEADLINE_S:.0f} s"
        return {"code": NO_END, "output": "", "errors": said}
    return {"code": done.returncode, "output": done.stdout, "errors": done.stderr}


@contextlib.contextmanager
def _running(command: list[str], stop: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server, with its log in ``LOG``."""
    with Path(LOG).open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.send_signal(signal.Signals[stop])
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)


def _log() -> list[str]:
    return Path(LOG).read_text(encoding="utf-8", errors="replace").splitlines()[-80:]


def _serve(command: list[str], get: list[str], stop: str, headers: dict[str, str]) -> dict[str, object]:
    status, text = None, ""
    with _running(command, stop) as process:
        for path in get:
            # Each request may reach another process, which loads the application for it.
            status, text = _ask(process, (PORT, path), headers, START_DEADLINE_S)
            if status is None or status >= 300:
                break
    return {"status": status, "text": text, "log": _log()}


def _tour(command: list[str], questions: list[dict[str, Any]], stop: str) -> dict[str, object]:
    deadlines = START_DEADLINE_S, *[ANSWER_DEADLINE_S] * len(questions)
    with _running(command, stop) as process:
        answers = [_reach(process, each, deadlines[number]) for number, each in enumerate(questions)]
    return {"answers": answers, "log": _log()}


def _reach(process: subprocess.Popen[bytes], question: dict[str, Any], within_s: float) -> dict[str, object]:
    """The answer to the first headers that reach something, else to the first headers of all."""
    answers = []
    for headers in question["headers"]:
        status, text = _ask(process, (question["port"], question["path"]), headers, within_s)
        answers.append({"status": status, "text": text, "headers": headers})
        if status is None or status < 300:
            return answers[-1]
    return answers[0]


def _ask(
    process: subprocess.Popen[bytes], where: tuple[int, str], headers: dict[str, str], within_s: float
) -> tuple[int | None, str]:
    opener = urllib.request.build_opener(_Stay)
    deadline = time.monotonic() + within_s
    port, path = where
    while (left := deadline - time.monotonic()) > 0 and process.poll() is None:
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
        try:
            with opener.open(request, timeout=left) as answer:
                return answer.status, answer.read(20000).decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            place = error.headers.get("Location")
            return error.code, f"Location: {place}" if place else error.read(2000).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
    return None, "it has ended" if process.poll() is not None else f"no answer within {within_s:.0f} s"


def main() -> None:
    """Do what the argument says."""
    asked = json.loads(sys.argv[1])
    ran = {name: _run(command) for name, command in asked["commands"].items()}
    answer = _serve(**serve) if (serve := asked.get("serve")) else None
    tours = [_tour(**each) for each in asked.get("tours", ())]
    json.dump({"ran": ran, "answer": answer, "tours": tours}, sys.stdout)


if __name__ == "__main__":
    main()
