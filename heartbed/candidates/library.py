"""The oslo.messaging that is installed in an image, with oslo.log beside it: their options, as they register them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

GROUP = "oslo_messaging_rabbit"
DEFAULT = "DEFAULT"
IN_PTHREAD = "heartbeat_in_pthread"
TIMEOUT = "heartbeat_timeout_threshold"

OPTIONS = """
import json
import os
os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")  # as the application: an old eventlet knows no newer dnspython
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
"""Runs in the image: prints the options that oslo.messaging and oslo.log register, with defaults and former names."""

Name = tuple[str, str]
"""Group and name of an option."""


@dataclass(frozen=True)
class Library:
    """One version. ``defaults`` are what holds where nobody sets anything; ``former`` are old names of options."""

    version: str
    defaults: Mapping[Name, str] = field(default_factory=dict)
    former: Mapping[Name, Name] = field(default_factory=dict)

    def default(self, name: str) -> str | None:
        """The default of an option of the driver; None where this version has no such option."""
        return self.defaults.get((GROUP, name))

    @property
    def beats_in_pthread(self) -> bool:
        """Whether heartbeats are sent by an OS thread where nobody says anything."""
        return self.default(IN_PTHREAD) == "True"

    def place(self, name: Name, *, in_environment: bool = False) -> Name | None:
        """The option that is set by a line with this name; None where there is none.

        In variables of the environment oslo.config knows no former names.
        """
        if name in self.defaults:
            return name
        return None if in_environment else self.former.get(name)


def parse(version: str, text: str) -> Library:
    """From what ``OPTIONS`` prints: a JSON list of group, name, default and former names each."""
    defaults: dict[Name, str] = {}
    former: dict[Name, Name] = {}
    for group, name, default, names in json.loads(text):
        defaults[group, name] = default
        former |= dict.fromkeys(((old_group, old_name) for old_group, old_name in names), (group, name))
    return Library(version, defaults, former)
