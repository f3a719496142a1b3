"""What gunicorn itself has in force of a configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

IN_FORCE = """
import json, sys
from gunicorn import config
from gunicorn.app.wsgiapp import WSGIApplication
from wsgi_app.absent import missing

# Users, folders and files of another machine: whether they are there decides nothing here.
for each in config.KNOWN_SETTINGS:
    if each.name in ("user", "group", "chdir", "pidfile", "umask", "logconfig_json", "http_protocols"):
        each.validator = staticmethod(lambda value: value)

# What the testbed lacks may be the value of a setting that decides nothing here: it is then left at its default.
# The name "config" is gunicorn's own: it starts on none that is anything but a path.
DECIDING = ("config", "worker_class", "threads", "preload_app", "max_requests", "raw_env", "worker_connections")
absent = {}

def left(setting, check):
    def validator(value):
        words = missing(value)
        try:
            if not words:
                return check(value)
        except (TypeError, ValueError):
            # What os.environ.get gives for a variable that is not set here.
            if value is not None or setting.name in DECIDING:
                raise
            words = "a variable that is not set"
        if setting.name in DECIDING:
            raise TypeError(words + " is not in the testbed")
        absent[setting.name] = words
        return None if setting.default is None else check(setting.default)
    return staticmethod(validator)

for each in config.KNOWN_SETTINGS:
    each.validator = left(each, each.validator)
sys.argv = ["gunicorn", "--config", sys.argv[1], "application:application"]
cfg = WSGIApplication("").cfg
unset = config.Config().settings
told = {
    name: [each.get(), each.get() != unset[name].get(), absent.get(name, "")] for name, each in cfg.settings.items()
}
told["worker_class"][0] = cfg.worker_class_str
print()
print(json.dumps(told, default=lambda value: getattr(value, "__name__", None) or repr(value)))
"""
"""Run in the image, tells as its last line of output each setting: its value, whether that is not the default, and what
it hangs on that is not in the testbed."""


@dataclass(frozen=True)
class Settings:
    """The settings in force. Functions are told by their names."""

    values: Mapping[str, Any]
    other: frozenset[str]
    """Those that are not the default."""
    absent: Mapping[str, str] = field(default_factory=dict)
    """Those that are left at their default because of something that is not in the testbed, and what that is."""

    def number(self, name: str) -> int:
        """The value of a setting that is a number."""
        return int(self.values.get(name) or 0)


def parse(output: str) -> Settings | None:
    """From what ``IN_FORCE`` tells; None where it does not."""
    try:
        found = json.loads(output.rstrip().rpartition("\n")[2])
        return Settings(
            {name: value for name, (value, _, _) in found.items()},
            frozenset(name for name, (_, other, _) in found.items() if other),
            {name: words for name, (_, _, words) in found.items() if words},
        )
    except (ValueError, TypeError, AttributeError):
        return None
