"""What is replaced in the copy of a user's configuration so that gunicorn can run it in the testbed, and why."""

from __future__ import annotations

from collections.abc import Mapping

from heartbed.candidates.subject import OWN_VARIABLES
from heartbed.candidates.values import MOST_PROCESSES
from heartbed.places import HTTP_PORT
from heartbed.servers.gunicorn.settings import Settings

_OWN = "the testbed's own place for it"
_LOGS = "logs go to the container's log"
_USERS = "gunicorn runs as an ordinary user"
_TLS = "TLS is off: the testbed has no certificates, and asks over HTTP"
_HTTP = "the testbed asks over HTTP"
_STEADY = "no process comes or goes while it is watched"
_PYTHON = "the testbed's own Python and application"
_ELSE = "it serves no requests"

BIND = f"0.0.0.0:{HTTP_PORT}"  # the container's own network

REPLACED: Mapping[str, tuple[object, str]] = {
    **dict.fromkeys(("pidfile", "tmp_upload_dir"), (None, _OWN)),
    **dict.fromkeys(("user", "group"), (None, _USERS)),
    "initgroups": (False, _USERS),
    **dict.fromkeys(("syslog", "capture_output"), (False, _LOGS)),
    **dict.fromkeys(("accesslog", "errorlog"), ("-", _LOGS)),
    **dict.fromkeys(("logconfig", "logconfig_json", "statsd_host"), (None, _LOGS)),
    **dict.fromkeys(("keyfile", "certfile", "ca_certs", "ciphers"), (None, _TLS)),
    **dict.fromkeys(("pythonpath", "paste", "wsgi_app"), (None, _PYTHON)),
    "umask": (0, _USERS),
    "chdir": ("/opt/heartbed", _PYTHON),
    "daemon": (False, "the container ends with gunicorn's first process"),
    "logconfig_dict": ({}, _LOGS),
    "logger_class": ("gunicorn.glogging.Logger", _LOGS),
    "reload": (False, _STEADY),
    "reload_extra_files": ([], _STEADY),
    "protocol": ("http", _HTTP),
    "proxy_protocol": ("off", _HTTP),
    "http_protocols": ("h1", _HTTP),
    "dirty_workers": (0, _ELSE),
    "dirty_apps": ([], _ELSE),
}
"""Setting -> its value in the testbed and why, where the file sets it otherwise."""

PLACES_HERE = ("/dev/shm", "/tmp", "/var/tmp", "/run")  # noqa: S108  where a worker's heartbeat may lie in the container


def replaced(settings: Settings) -> dict[str, tuple[object, str]]:
    """Setting -> its value in the testbed and why."""
    found: dict[str, tuple[object, str]] = {"bind": (BIND, f"the testbed asks on port {HTTP_PORT}")}
    found |= {
        name: each for name, each in REPLACED.items() if name in settings.other and settings.values.get(name) != each[0]
    }
    for name in settings.absent:
        found.setdefault(name, (settings.values.get(name), "its value is not known here: the default"))
    number = settings.number("workers")
    if "workers" in settings.absent:
        found["workers"] = (MOST_PROCESSES, f"its value is not known here; {MOST_PROCESSES} processes show it all")
    elif number > MOST_PROCESSES:
        found["workers"] = (MOST_PROCESSES, f"{number} here; {MOST_PROCESSES} processes show it all")
    folder = settings.values.get("worker_tmp_dir")
    if folder and folder not in PLACES_HERE:
        found["worker_tmp_dir"] = (None, _OWN)
    variables = list(settings.values.get("raw_env") or [])
    kept = [each for each in variables if not str(each).startswith(OWN_VARIABLES)]
    if kept != variables:
        reason = "the testbed sets these variables itself: what is taken of yours is in the cell's environment"
        found["raw_env"] = (kept, reason)
    return found
