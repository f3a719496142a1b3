"""Runs inside a throw-away container: has a server read configurations, and tells what it says as JSON on stdout.

It is given one argument, a JSON object: ``names`` are main files to be read,
by uWSGI those that end in ".ini", by httpd the others;
``dump`` asks for the configuration in force, ``get`` are paths that the first
of them is asked for once it runs, until one is not answered with a success, and ``cell`` asks for the configuration of
the image's own, which reads its choices from the environment: by the command or
the ini file that it names. It must not import anything of Heartbed's.
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

HTTPD = "/usr/sbin/apache2"
MODULES = "/usr/lib/apache2/modules"
FOLDER = "/opt/heartbed/candidate"
START_DEADLINE_S = 20.0
LOG = "/run/heartbed/ask.log"

REGISTERED = """
import json
import oslo_messaging
from oslo_config import cfg
from oslo_log import log

conf = cfg.CONF  # oslo.messaging 18 registers some of its options there and nowhere else
log.register_options(conf)
conf([], project="heartbed", default_config_files=[], default_config_dirs=[])
oslo_messaging.get_rpc_transport(conf, "rabbit://")
found = []
for group, options in ("DEFAULT", conf._opts), ("oslo_messaging_rabbit", conf._groups["oslo_messaging_rabbit"]._opts):
    for each in options.values():
        option = each["opt"]
        values = conf if group == "DEFAULT" else conf[group]
        former = [
            [old.group or group, (old.name or option.name).replace("-", "_")] for old in option.deprecated_opts
        ]
        found.append([group, option.dest, str(values[option.dest]), former])
print(json.dumps(found))
"""


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_named: object) -> None:
        """A redirection is an answer: do not follow it."""


def _read(command: list[str], *, dump: bool) -> dict[str, object]:
    command = [*command, "-t"]
    if dump:
        command += ["-C", f"LoadModule info_module {MODULES}/mod_info.so", "-D", "DUMP_CONFIG"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=30)
    return {"ok": done.returncode == 0, "output": done.stdout, "stderr": done.stderr}


def _read_ini(path: str, *, dump: bool) -> dict[str, object]:
    """What uWSGI has in force; with ``dump`` also all the options that it knows, as ``stderr``."""
    # It reads, says what it has read, and goes. lazy-apps: it need not load the application for that.
    command = ["uwsgi", "--lazy-apps", "--show-config", "--no-server", "--ini", path]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=30)
    told = done.stdout + done.stderr
    known = ""
    if dump:
        asked = subprocess.run(["uwsgi", "--help"], capture_output=True, text=True, errors="replace", check=False)
        known = asked.stdout
    return {"ok": done.returncode == 0 and ";end of configuration" in told, "output": told, "stderr": known}


def _options() -> dict[str, object]:
    """The options that oslo.messaging and oslo.log register: group, name, default, and former groups and names."""
    done = subprocess.run(["python3", "-W", "ignore", "-c", REGISTERED], capture_output=True, text=True, check=False)
    return {"ok": done.returncode == 0, "output": done.stdout, "stderr": done.stderr}


def _get(name: str, paths: list[str]) -> dict[str, object]:
    with Path(LOG).open("wb") as log:
        file = f"{FOLDER}/{name}"
        command = ["heartbed-uwsgi", file] if name.endswith(".ini") else [HTTPD, "-f", file, "-D", "FOREGROUND"]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        status, text = None, ""
        for path in paths:
            status, text = _ask(process, path)
            if status is None or status >= 300:
                break
        # At SIGTERM uWSGI begins anew.
        process.send_signal(signal.SIGINT if name.endswith(".ini") else signal.SIGTERM)
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
    told = {
        name: _read_ini(f"{FOLDER}/{name}", dump=asked["dump"])
        if name.endswith(".ini")
        else _read([HTTPD, "-f", f"{FOLDER}/{name}"], dump=asked["dump"])
        for name in asked["names"]
    }
    if asked.get("options"):
        told["options"] = _options()
    if cell := asked.get("cell"):
        told["cell"] = _read_ini(cell, dump=True) if cell.endswith(".ini") else _read([cell], dump=True)
    answer = _get(asked["names"][0], asked["get"]) if asked.get("get") else None
    json.dump({"told": told, "answer": answer}, sys.stdout)


if __name__ == "__main__":
    main()
