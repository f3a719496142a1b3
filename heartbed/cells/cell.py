"""One cell: a configuration under test, as a value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

from heartbed.cells.axes import DEFAULT_OSLO, HTTPD, LIBRARIES, OPTION_AXES, library
from heartbed.versions.releases import RELEASES


@dataclass(frozen=True)
class Cell:
    """One configuration under test.

    ``mode`` is empty where the server is not httpd. ``processes``, ``threads``
    and ``heartbeat_s`` are None where the expression left them to the run.
    ``options`` are the factors of the server's own axes that are not the
    default; ``libraries`` are (word, version) of those libraries other than
    oslo.messaging that were named or that the ``release`` brings.
    """

    server: str
    mode: str
    model: str
    thread: str
    oslo: str = DEFAULT_OSLO
    processes: int | None = None
    threads: int | None = None
    heartbeat_s: int | None = None
    options: tuple[str, ...] = ()
    libraries: tuple[tuple[str, str], ...] = ()
    release: str = ""
    named: tuple[str, ...] = ()
    """Words of the libraries whose version was named beside the release."""

    @property
    def name(self) -> str:
        """The canonical name: server, mode and model always, the rest where it is not the default."""
        parts = [self.server, *([self.mode] if self.mode else []), self.model]
        if self.thread == "pthread":
            parts.append(self.thread)
        parts += self.options
        if self.release:
            parts.append(self.build)
        else:
            parts += [f"{word}{version}" for word, version in self.versions]
        for parameter, value in self._parameters():
            if value is not None:
                parts.append(f"{parameter}{value}")
        return "-".join(parts)

    @property
    def family(self) -> str:
        """What says which module of ``heartbed.servers`` makes a service of this cell: its server."""
        return self.server

    @property
    def purposes(self) -> tuple[str, ...]:
        """The connections that each process must have had for a verdict of kept."""
        return ("SEND", "LISTEN")

    @property
    def left_to_library(self) -> tuple[str, ...]:
        """Axes that are not set: the library's default holds, which the factor of that axis names."""
        return ()

    @property
    def url_path(self) -> str:
        """What stands in front of the application's own paths in a URL; empty at the root."""
        return ""

    def _parameters(self) -> Iterable[tuple[str, int | None]]:
        return (("processes", self.processes), ("threads", self.threads), ("heartbeat", self.heartbeat_s))

    @property
    def versions(self) -> tuple[tuple[str, str], ...]:
        """(word, version) of each library that is not in its default version, in the order of the axes."""
        chosen = {"oslo": self.oslo, **dict(self.libraries)}
        return tuple(
            (each.word, chosen[each.word]) for each in LIBRARIES if chosen.get(each.word, each.default) != each.default
        )

    def with_version(self, word: str, version: str) -> Self:
        """The same cell with another version of a library, named beside its OpenStack release if it has one."""
        named = (
            tuple(each.word for each in LIBRARIES if each.word in (word, *self.named)) if self.release else self.named
        )
        if word == "oslo":
            return replace(self, oslo=version, named=named)
        others = {**dict(self.libraries), word: version}
        if version == library(word).default:
            del others[word]
        return replace(self, libraries=tuple(sorted(others.items())), named=named)

    @property
    def build(self) -> str:
        """What tells this cell's image from others of its server: ``oslo14.3.0-eventlet0.40.0``, ``train``."""
        if self.release:
            return "-".join([self.release, *(f"{word}{version}" for word, version in self._named())])
        others = [f"{word}{version}" for word, version in self.versions if word != "oslo"]
        return "-".join([f"oslo{self.oslo}", *others])

    @property
    def packages(self) -> dict[str, str]:
        """Package -> version of all that is asked for: a release's whole set, and what was named beside it."""
        if self.release:
            named = {library(word).package: version for word, version in self._named()}
            return {**RELEASES[self.release].runs, **named}
        chosen = {"oslo": self.oslo, **dict(self.versions)}
        return {library(word).package: version for word, version in chosen.items()}

    @property
    def stands_in(self) -> str:
        """What of a release is not its own here, in words; empty where all is, or there is no release."""
        if not self.release:
            return ""
        differs = RELEASES[self.release].differs([library(word).package for word in self.named])
        return f"{self.build}: {differs}" if differs else ""

    def _named(self) -> list[tuple[str, str]]:
        chosen = {"oslo": self.oslo, **dict(self.libraries)}
        return [(word, chosen.get(word, library(word).default)) for word in self.named]

    @property
    def factors(self) -> dict[str, str]:
        """Axis -> factor, defaults filled in; ``thread`` is ``os`` for a native cell, which has no choice."""
        found = {"server": self.server}
        if self.mode:
            found["mode"] = self.mode
        found |= {
            "model": self.model,
            "thread": self.thread if self.model == "eventlet" else "os",
            "oslo": self.oslo,
        }
        for axis in OPTION_AXES:
            if axis.applies_to(self.server):
                found[axis.name] = next((token for token in self.options if token in axis.tokens), axis.default)
        found |= {word: version for word, version in self.versions if word != "oslo"}
        return found | ({"release": self.release} if self.release else {})

    def has(self, option: str) -> bool:
        """Whether an option of the server's own axes was chosen, or is the default."""
        return option in self.factors.values()

    @property
    def process_count(self) -> int:
        """Processes that run the application."""
        return self.processes or 1

    @property
    def thread_count(self) -> int:
        """Worker threads a process: httpd's own default where the MPM has threads, one elsewhere."""
        if self.threads:
            return self.threads
        return 25 if self.mode == "embedded" and self.server in HTTPD[1:] else 1
