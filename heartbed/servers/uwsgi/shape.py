"""What a configuration is: read from the options that uWSGI itself has in force."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from heartbed.candidates.values import leading_number
from heartbed.cells.recycling import Recycling
from heartbed.servers.uwsgi.ini import Option, is_on, last
from heartbed.servers.uwsgi.rules import GEVENT, LAZY, LOOP, MASTER, PROCESSES, THREADS, has_gevents_loop

FORMS = ("ini", "yaml", "xml", "json")
"""The options by which uWSGI is given a configuration, each in a language of its own."""

BEGIN, END = ";uWSGI instance configuration", ";end of configuration"
OPTION = re.compile(r"^\s+(?:-\w\|)?--([\w-]+)", re.MULTILINE)
"""An option in ``uwsgi --help``."""

TELLING = (
    *("processes", "threads", "master", "lazy-apps", "enable-threads", "single-interpreter", "thunder-lock"),
    *("harakiri", "max-requests", "max-worker-lifetime", "reload-on-rss", "worker-reload-mercy", "die-on-term"),
    *("exit-on-reload", "hook-master-start", "need-app", "buffer-size", "socket-timeout", "http-timeout", "cheap"),
    *("idle", "so-keepalive", "http-keepalive", "offload-threads", "manage-script-name", *GEVENT, *LOOP),
)
"""Options that bear on processes, threads and connections."""

SWITCHES = (
    *("master", "lazy-apps", "lazy", "enable-threads", "single-interpreter", "thunder-lock", "die-on-term", "cheap"),
    *("exit-on-reload", "need-app", "so-keepalive", "manage-script-name"),
)
"""Those of them that are on or off."""

OTHER_NAMES = {"workers": "processes", "lazy": "lazy-apps"}

LOGIC = re.compile(r"(if-|ifnot|if|elseif|else|end|for|print|set-|set\Z)")
"""Options that direct the reading of the file."""


@dataclass(frozen=True)
class Shape:
    """A configuration in the words of cells."""

    processes: int
    threads: int
    master: bool
    lazy: bool
    gevents: bool = False
    """Whether gevent's loop is in the place of uWSGI's own."""

    @property
    def loop(self) -> str:
        """The factor of that name."""
        return "ugevent" if self.gevents else "simple"

    @property
    def loading(self) -> str:
        """The factor of that name; empty where it is not the same in all processes.

        Without a master the first process loads the application, and the others are forked from it.
        """
        if self.lazy or (not self.master and self.processes == 1):
            return "lazy"
        return "preload" if self.master else ""


def in_force(output: str) -> list[Option]:
    """The options that ``uwsgi --show-config`` tells, in their order, without those of the command line.

    The last of these names the file, which tells all the others.
    """
    _, _, rest = output.partition(BEGIN)
    pairs = [line.partition("=") for line in rest.partition(END)[0].splitlines()]
    found = [Option(key.strip(), value.strip(), number) for number, (key, _, value) in enumerate(pairs) if key.strip()]
    of_file = next((at for at, option in enumerate(found, 1) if option.key in FORMS), len(found))
    return found[of_file:]


def itself(output: str) -> str:
    """What uWSGI calls itself when it starts: ``uWSGI 2.0.31``."""
    found = re.search(r"Starting (uWSGI \S+)", output)
    return found[1] if found else "uWSGI"


def shape(options: Sequence[Option]) -> Shape:
    """What the options come to. Some options start the master by themselves."""
    return Shape(
        processes=_number(last(options, *PROCESSES)),
        threads=1 if has_gevents_loop(options) else _number(last(options, THREADS)),
        master=is_on(last(options, "master")) or any(o.key.startswith(MASTER) for o in options if o.key != "master"),
        lazy=any(is_on(last(options, key)) for key in LAZY),
        gevents=has_gevents_loop(options),
    )


def recycling(options: Sequence[Option]) -> Recycling:
    """After how many requests a process is replaced."""
    found = last(options, "max-requests")
    return Recycling((leading_number(found.value) if found else None) or 0, "max-requests")


def _number(option: Option | None) -> int:
    return (leading_number(option.value) if option else None) or 1


def settings(options: Sequence[Option]) -> dict[str, str]:
    """The telling options in force."""
    found = {OTHER_NAMES.get(each.key, each.key): each for each in options}
    return {key: _in_words(found[key]) for key in TELLING if key in found}


def _in_words(option: Option) -> str:
    return str(is_on(option)).lower() if option.key in SWITCHES else option.value or "true"


def known(help_text: str) -> frozenset[str]:
    """The options that this uWSGI has, from its ``--help``."""
    return frozenset(OPTION.findall(help_text))


def strangers(options: Sequence[Option], known_options: Collection[str], text: str) -> list[tuple[Option, str]]:
    """Options that uWSGI does not have, which it ignores in silence, with the nearest that it has.

    One that ``text``, the whole configuration, refers to as ``%(name)`` is a variable.
    """
    found = []
    for option in options:
        key = option.key
        if key not in known_options and f"%({key})" not in text:
            nearest = difflib.get_close_matches(key, known_options, n=1, cutoff=0.8)
            found.append((option, nearest[0] if nearest else ""))
    return found
