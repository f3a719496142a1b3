"""Runs inside a throw-away container: has httpd read configurations, and tells what it says as JSON on stdout.

It is given one argument, a JSON object: ``names`` are main files to be read,
``dump`` asks for the configuration in force, ``get`` is a path that the first
of them is asked for once it runs, and ``cell`` asks for the configuration of
the image's own, which reads its choices from the environment. It must not import anything of Heartbed's.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

HTTPD = "/usr/sbin/apache2"
FOLDER = "/opt/heartbed/candidate"
START_DEADLINE_S = 20.0
LOG = "/run/heartbed/probe.log"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_named: object) -> None:
        """A redirection is an answer: do not follow it."""


def _read(command: list[str], *, dump: bool) -> dict[str, object]:
    command = [*command, "-t"]
    if dump:
        modules = os.environ["MODULES"]
        command += ["-C", f"LoadModule info_module {modules}/mod_info.so", "-D", "DUMP_CONFIG"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=30)
    return {"ok": done.returncode == 0, "output": done.stdout, "stderr": done.stderr}


def _options() -> dict[str, object]:
    """The names of all options of oslo.messaging, also the old names of renamed ones."""
    code = (
        "import oslo_messaging.opts as o\n"
        "for _, options in o.list_opts():\n"
        "    for option in options:\n"
        "        print(option.dest, *(old.name for old in option.deprecated_opts))\n"
    )
    done = subprocess.run(["python3", "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    return {"ok": done.returncode == 0, "output": done.stdout, "stderr": done.stderr}


def _get(name: str, path: str) -> dict[str, object]:
    with Path(LOG).open("wb") as log:
        process = subprocess.Popen([HTTPD, "-f", f"{FOLDER}/{name}", "-D", "FOREGROUND"], stdout=log, stderr=log)
        status, text = _ask(process, path)
        process.terminate()
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
                return answer.status, answer.read(2000).decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            place = error.headers.get("Location")
            return error.code, f"Location: {place}" if place else error.read(2000).decode("utf-8", "replace")
        except OSError:
            time.sleep(0.05)
    return None, "httpd has ended" if process.poll() is not None else "no answer"


def main() -> None:
    """Do what the argument says."""
    asked = json.loads(sys.argv[1])
    told = {name: _read([HTTPD, "-f", f"{FOLDER}/{name}"], dump=asked["dump"]) for name in asked["names"]}
    if asked.get("options"):
        told["options"] = _options()
    if asked.get("cell"):
        told["cell"] = _read(["heartbed-httpd"], dump=True)
    answer = _get(asked["names"][0], asked["get"]) if asked.get("get") is not None else None
    json.dump({"told": told, "answer": answer}, sys.stdout)


if __name__ == "__main__":
    main()
