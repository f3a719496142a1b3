"""Runs inside a throw-away container: runs commands of a server's, and tells what they say as JSON on stdout.

It is given one argument, a JSON object: ``commands`` maps names to commands
that end by themselves; ``serve`` is a command that does not, ``get`` the paths
that it is then asked for, until one is not answered with a success, and
``stop`` the signal that ends it. It must not import anything of Heartbed's.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

START_DEADLINE_S = 20.0
COMMAND_DEADLINE_S = 30.0
LOG = "/run/heartbed/ask.log"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_named: object) -> None:
        """A redirection is an answer: do not follow it."""


def _run(command: list[str]) -> dict[str, object]:
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False, timeout=COMMAND_DEADLINE_S
    )
    return {"code": done.returncode, "output": done.stdout, "errors": done.stderr}


def _serve(command: list[str], paths: list[str], stop: str) -> dict[str, object]:
    with Path(LOG).open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        status, text = None, ""
        for path in paths:
            status, text = _ask(process, path)
            if status is None or status >= 300:
                break
        process.send_signal(signal.Signals[stop])
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
    lines = Path(LOG).read_text(encoding="utf-8", errors="replace").splitlines()
    return {"status": status, "text": text, "log": lines[-80:]}


def _ask(process: subprocess.Popen[bytes], path: str) -> tuple[int | None, str]:
    opener = urllib.request.build_opener(_Stay)
    deadline = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with opener.open(f"http://127.0.0.1:8080{path}", timeout=START_DEADLINE_S) as answer:
                return answer.status, answer.read(20000).decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            place = error.headers.get("Location")
            return error.code, f"Location: {place}" if place else error.read(2000).decode("utf-8", "replace")
        except OSError:
            time.sleep(0.05)
    return None, "it has ended" if process.poll() is not None else "no answer"


def main() -> None:
    """Do what the argument says."""
    asked = json.loads(sys.argv[1])
    ran = {name: _run(command) for name, command in asked["commands"].items()}
    serve = asked.get("serve")
    answer = _serve(serve["command"], serve["get"], serve["stop"]) if serve else None
    json.dump({"ran": ran, "answer": answer}, sys.stdout)


if __name__ == "__main__":
    main()
