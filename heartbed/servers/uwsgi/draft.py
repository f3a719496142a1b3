"""A user's configuration of uWSGI, drafted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from heartbed.candidates.prepared import Draft
from heartbed.candidates.source import where
from heartbed.cells.cell import Cell
from heartbed.servers.uwsgi.adapted import UwsgiAdapted
from heartbed.servers.uwsgi.application import VARIABLE
from heartbed.servers.uwsgi.ini import Option, sections
from heartbed.servers.uwsgi.rules import is_decided, is_no_number
from heartbed.servers.uwsgi.source import UwsgiSource

NO_NUMBER = "this is no number to uWSGI, which starts no worker on it; "
"""Seen of 2.0.31, of ``processes = auto``: ``Operational MODE: no-workers``."""


class _OfUwsgi(Draft):
    @property
    def cell(self) -> Cell:
        """A cell whose image can read the file."""
        return replace(self.wishes.cell, server="uwsgi", mode="")


@dataclass(frozen=True)
class UnreadDraft(_OfUwsgi):
    """A file that uWSGI has not yet been asked about. ``form`` is its language."""

    form: str


@dataclass(frozen=True)
class UwsgiDraft(_OfUwsgi):
    """A configuration of uWSGI's, as an ini file."""

    adapted: UwsgiAdapted

    @property
    def cell(self) -> Cell:
        """With gevent, where the file may want it."""
        return replace(super().cell, options=("ugevent",) if self.adapted.gevents else ())

    @property
    def source(self) -> UwsgiSource:
        """The user's files."""
        return self.adapted.source

    def own(self) -> list[Option]:
        """The user's options that are still in the copy, where none of another name stands in their place."""
        text = {(each.file, each.first): each.text or "" for each in self.adapted.replacements}
        return [
            option
            for file, option in self.source.all()
            if text.get((file.inside, option.line), option.key).partition("=")[0].strip() == option.key
        ]

    def undecided(self) -> list[str]:
        """What is decided by the container, where it may be decided otherwise than on the user's machine."""
        found = []
        for file, option in self.source.all():
            at = where(file, option.line)
            if is_decided(option, self.wishes.started_with):
                continue
            if option.key.startswith(("if", "elseif")):
                found.append(f"{at}: {option.key} = {option.value} is decided in the container, not on your machine")
            elif unset := [name for name in VARIABLE.findall(option.value) if name not in self.wishes.started_with]:
                given = ", ".join(f"--define {name}=VALUE" for name in unset)
                found.append(f"{at}: {option.value}: the environment is the container's, not yours ({given})")
            elif option.key == "for-readline":
                found.append(
                    f"{at}: the lines of {option.value} are not read: variables there may decide the model, and who "
                    "sends heartbeats (--define NAME=VALUE)"
                )
            elif is_no_number(option):
                found.append(f"{at}: {option.key} = {option.value}: {NO_NUMBER}here it has as many as show it all")
            elif "%k" in option.value:
                found.append(f"{at}: %k is the number of this machine's processor cores")
            target, section = self.source.included(file, option)
            if target and section not in sections(target.lines):
                found.append(f"{at}: there is no section [{section}] in {target.shown}: uWSGI reads nothing of it")
        return found
