"""What gunicorn itself has in force of a configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

IN_FORCE = """
import json, sys
from gunicorn import config
from gunicorn.app.wsgiapp import WSGIApplication

# Users, folders and files of another machine: whether they are there decides nothing here.
for each in config.KNOWN_SETTINGS:
    if each.name in ("user", "group", "chdir", "pidfile", "umask", "logconfig_json", "http_protocols"):
        each.validator = staticmethod(lambda value: value)
sys.argv = ["gunicorn", "--config", sys.argv[1], "application:application"]
cfg = WSGIApplication("").cfg
unset = config.Config().settings
told = {name: [each.get(), each.get() != unset[name].get()] for name, each in cfg.settings.items()}
told["worker_class"][0] = cfg.worker_class_str
print()
print(json.dumps(told, default=lambda value: getattr(value, "__name__", None) or repr(value)))
"""
"""Run in the image, tells as its last line of output each setting with its value, and whether it is not the default."""


@dataclass(frozen=True)
class Settings:
    """The settings in force. Functions are told by their names."""

    values: Mapping[str, Any]
    other: frozenset[str]
    """Those that are not the default."""

    def number(self, name: str) -> int:
        """The value of a setting that is a number."""
        return int(self.values.get(name) or 0)


def parse(output: str) -> Settings | None:
    """From what ``IN_FORCE`` tells; None where it does not."""
    try:
        found = json.loads(output.rstrip().rpartition("\n")[2])
        return Settings(
            {name: value for name, (value, _) in found.items()},
            frozenset(name for name, (_, other) in found.items() if other),
        )
    except (ValueError, TypeError, AttributeError):
        return None
