"""A process that runs on a host, and what a family of servers makes of it: recognised from outside, never asked."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from heartbed.files import read_octets

LARGEST_CONF = 2**20
MOST_NEIGHBOURS = 200
SECRET = re.compile(r"(?i)pass|secret|token|key|url|credential")
"""In the name of a variable whose value is shown to nobody."""


@dataclass(frozen=True)
class Program:
    """A process as the host shows it.

    ``root`` is where its files are seen from here. ``maps`` are the files that it has mapped, ``listens`` the paths of
    the Unix sockets on which it listens; ``parents`` are those it descends from, the nearest first.
    """

    pid: int
    name: str
    argv: tuple[str, ...]
    exe: str = ""
    cwd: str = ""
    root: Path = Path("/")
    environ: Mapping[str, str] = field(default_factory=dict)
    maps: frozenset[str] = frozenset()
    listens: frozenset[str] = frozenset()
    parents: tuple[Program, ...] = ()

    @property
    def words(self) -> list[str]:
        """The command line, word by word; a process that has renamed itself may have it in one piece, or padded."""
        return [word for each in self.argv for word in (each.split() if " " in each else [each]) if word]

    def mapped(self, pattern: str) -> str | None:
        """The first name of a mapped file that the pattern matches whole; its first group, if it has one."""
        for path in sorted(self.maps):
            if match := re.fullmatch(pattern, PurePosixPath(path).name):
                return match[1] if match.groups() else match[0]
        return None

    def option(self, *names: str) -> str | None:
        """The value behind an option of the command line, as ``-f FILE`` or ``--ini=FILE``."""
        words = self.words
        for number, word in enumerate(words):
            option, equals, value = word.partition("=")
            if word in names and number + 1 < len(words):
                return words[number + 1]
            if equals and option in names:
                return value
        return None

    def leader(self, same: Callable[[Program], bool]) -> Program:
        """The one farthest up among itself and those parents that are the same server."""
        found = self
        for parent in self.parents:
            if not same(parent):
                break
            found = parent
        return found

    def path(self, text: str) -> str:
        """A path that the process names, as it means it: relative to its working directory."""
        return str(PurePosixPath(self.cwd or "/") / text)


@dataclass(frozen=True)
class Running:
    """What a family makes of a process.

    ``server`` is what serves, in words. ``leader`` is the first process of that server. ``conf`` is its configuration
    file, as the process names it; ``options`` are those of ``heartbed check`` without which the file is not the same.
    ``beside`` are folders outside of the file's own that it includes something of.
    """

    server: str
    leader: Program
    conf: str | None = None
    options: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


def beside_file(leader: Program, *known: str) -> tuple[str, ...]:
    """A remark on what options a server has on its command line beside those that name its file, if any."""
    words = [word.partition("=")[0] for word in leader.words[1:] if word.startswith("-") and len(word) > 1]
    others = dict.fromkeys(word for word in words if word not in known)
    told = "its command line has options beside the file, of which heartbed check knows nothing"
    return (f"{told}: {', '.join(others)}",) if others else ()


Recognise = Callable[[Program], Running | None]


def variables(
    program: Program, conf: str, named: re.Pattern[str], suffixes: Collection[str] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The variables of the process's environment that its configuration names, as ``--define``; and remarks.

    ``named`` is how such a file names one, ``suffixes`` those of the files beside it that it may include. A value that
    may be secret is not given: what it is for does not bear on processes and threads.
    """
    texts = _texts(program, conf, suffixes)
    names = dict.fromkeys(name for text in texts for each in named.finditer(text) for name in each.groups())
    known = [name for name in names if name and name in program.environ]
    hidden = [name for name in known if SECRET.search(name)]
    words: list[str] = []
    for name in known:
        if name not in hidden:
            words += ["--define", f"{name}={program.environ[name]}"]
    remarks = (f"the values of {', '.join(hidden)} are left out, since they may be secret",) if hidden else ()
    return tuple(words), remarks


def read_conf(program: Program, conf: str) -> str:
    """The text of a process's file, as it names it; empty where it cannot be read."""
    with contextlib.suppress(Exception):
        return read_octets(program.root / conf.lstrip("/"), LARGEST_CONF).decode("utf-8", "replace")
    return ""


def _texts(program: Program, conf: str, suffixes: Collection[str]) -> Iterator[str]:
    """The configuration, and its neighbours in the folder, which it may include."""
    yield read_conf(program, conf)
    folder = program.root / PurePosixPath(conf).parent.relative_to("/")
    with contextlib.suppress(OSError):
        found = (each for each in folder.rglob("*") if each.suffix in suffixes) if suffixes else ()
        for path in sorted(found)[:MOST_NEIGHBOURS]:
            yield read_conf(program, f"/{path.relative_to(program.root)}")


def quoted(words: Sequence[str]) -> str:
    """Words as a shell takes them."""
    return shlex.join(words)
