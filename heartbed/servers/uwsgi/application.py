"""Which application a configuration of uWSGI's runs: where the file says so, its script, and its mount point."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from heartbed.candidates.source import SourceFile, where
from heartbed.candidates.values import can_hold_a_script
from heartbed.errors import InputError
from heartbed.servers.uwsgi import rules
from heartbed.servers.uwsgi.ini import Option, expanded
from heartbed.servers.uwsgi.source import UwsgiSource

SCRIPT = "/opt/heartbed/application.wsgi"
"""Where the application stands for which the user's file names no path."""

VARIABLE = re.compile(r"\$\(([^)]+)\)")
"""How uWSGI's files name a variable of the environment."""

MOUNT = re.compile(r"(?:/[A-Za-z0-9_.~%-]+)*/?\Z")

Place = tuple[SourceFile, Option]


@dataclass(frozen=True)
class Application:
    """What uWSGI runs: where the file says so, the script in the container, and the mount point, if any.

    No place says so where the file leaves it to uWSGI's command line.
    """

    place: Place | None
    script: str
    mount: str

    @property
    def named(self) -> str:
        """The user's own, as the file has it."""
        if self.place is None:
            return "the application of uWSGI's command line"
        _, option = self.place
        return option.value.partition("=")[2] if option.key == "mount" else option.value

    @property
    def is_open(self) -> bool:
        """Whether uWSGI has to say what the mount point is: it stands behind a variable."""
        return "%(" in self.mount or "$(" in self.mount

    def resolved(self, options: Sequence[Option]) -> Application:
        """The same with the mount point that uWSGI has in force. Raises ``InputError`` for one that is none."""
        mine = [o.value for o in options if o.key == "mount" and o.value.endswith(f"={self.script}")]
        mount = mine[-1].partition("=")[0] if mine else self.mount
        if self.place:
            _check(self.place, mount)
        return replace(self, mount=mount.rstrip("/"))


def choose(
    source: UwsgiSource, places: list[Place], wanted: str | None, always: Sequence[Option] = ()
) -> tuple[Application, tuple[str, ...]]:
    """The application to check, and the mount points of the others: the same processes run all of them.

    ``wanted`` is the mount point of one. Without, it is the one at the root, or the first. A file that names none may
    leave it to the command line. Raises ``InputError`` where there is none. Of others behind a variable only those are
    told that hang on no condition, the options ``always``.
    """
    found = [_named(place) for place in places if place[1].key in rules.APPLICATIONS]
    shown = source.main.shown
    if not found:
        if other := next((place for place in places if rules.runs_something_else(place[1])), None):
            raise InputError(
                f"{shown} runs no Python application: it has neither module nor wsgi-file nor mount, but "
                f"{other[1].key} ({where(other[0], other[1].line)})",
                hint="if the application is named on uWSGI's command line, write it into a copy of the file",
            )
        found = [Application(None, SCRIPT, "")]
    options = [option for _, option in places]
    mounts = {expanded(each.mount, options).rstrip("/"): each for each in found}
    if wanted is not None and wanted.rstrip("/") not in mounts:
        there = ", ".join(mount or "/" for mount in mounts)
        raise InputError(f"{shown} mounts nothing at {wanted!r}", hint=f"there are: {there}")
    root = "" if "" in mounts else next(iter(mounts))
    chosen = mounts[root if wanted is None else wanted.rstrip("/")]
    others = [(mount, each) for mount, each in mounts.items() if each is not chosen]
    told = tuple(mount or "/" for mount, each in others if not each.is_open or (each.place and each.place[1] in always))
    return chosen, told


def _named(place: Place) -> Application:
    """Raises ``InputError`` for a mount point that is none."""
    _, option = place
    mount, script = "", option.value
    if option.key == "mount":
        mount, _, script = option.value.partition("=")
    is_file = option.key in (*rules.FILES, "mount") and script.startswith("/")
    kept = is_file and can_hold_a_script(script) and "%" not in script and "$" not in script
    found = Application(place, script if kept else SCRIPT, mount.rstrip("/"))
    if not found.is_open:
        _check(place, mount)
    return found


def _check(place: Place, mount: str) -> None:
    file, option = place
    if not MOUNT.match(mount):
        unset = VARIABLE.match(mount)
        raise InputError(
            f"{where(file, option.line)}: {mount!r} is no mount point that can be asked for",
            hint=f"--define {unset[1]}=VALUE says what it is"
            if unset
            else "a path of letters, digits, dots and dashes, as in mount = /compute=/srv/app.wsgi",
        )
