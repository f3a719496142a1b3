"""Cells: configurations under test, and the brace expressions that name them.

An expression is a list of factors joined with dashes; braces stand for
alternatives, as in a shell: ``{prefork,event}-{embedded,daemon}-native``. Every
factor belongs to exactly one axis, so their order does not matter and an axis
that is not named takes its default.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import bracex

from heartbed.errors import InputError

DEFAULT_OSLO = "17.3.2"
"""The last series of oslo.messaging that has ``heartbeat_in_pthread``."""

MOST_CELLS = 1000


@dataclass(frozen=True)
class Axis:
    """One question with several answers.

    ``tokens`` maps each factor to what it means; the first is the default.
    """

    name: str
    tokens: dict[str, str]

    @property
    def default(self) -> str:
        """The factor that is taken when the axis is not named."""
        return next(iter(self.tokens))


AXES = (
    Axis(
        "server",
        {
            "prefork": "httpd, one single-threaded child process a request",
            "event": "httpd, child processes with worker threads and a listener",
            "worker": "httpd, child processes with worker threads",
        },
    ),
    Axis(
        "mode",
        {
            "daemon": "mod_wsgi runs the application in WSGIDaemonProcess processes",
            "embedded": "mod_wsgi runs the application inside httpd's own children",
        },
    ),
    Axis(
        "model",
        {
            "eventlet": "the application calls eventlet.monkey_patch() first",
            "native": "plain OS threads, eventlet is not even imported",
        },
    ),
    Axis(
        "thread",
        {
            "green": "heartbeats are sent by a green thread (heartbeat_in_pthread = false)",
            "pthread": "heartbeats are sent by an OS thread (heartbeat_in_pthread = true)",
        },
    ),
)

COMPARISON = ("{prefork,event}-{embedded,daemon}-{eventlet,eventlet-pthread,native}",)
"""The twelve cells of ``make compare``."""


@dataclass(frozen=True)
class Parameter:
    """A number written behind its name, as in ``threads4``. Bounds are inclusive."""

    name: str
    least: int
    most: int
    meaning: str


PARAMETERS = (
    Parameter("processes", 1, 32, "processes that run the application"),
    Parameter("threads", 1, 256, "worker threads in each of them"),
    Parameter("heartbeat", 0, 3600, "heartbeat timeout in seconds; 0 switches heartbeats off"),
)

OSLO = re.compile(r"oslo(\d+(?:\.\d+){1,3})\Z")
EMPTY_ALTERNATIVE = re.compile(r"[{,]\s*[,}]")
NUMBERED = re.compile(r"([a-z]+)(-?\d+)\Z")


@dataclass(frozen=True)
class Cell:
    """One configuration under test.

    ``processes``, ``threads`` and ``heartbeat_s`` are None where the
    expression left them to the run.
    """

    server: str
    mode: str
    model: str
    thread: str
    oslo: str = DEFAULT_OSLO
    processes: int | None = None
    threads: int | None = None
    heartbeat_s: int | None = None

    @property
    def name(self) -> str:
        """The canonical name: server, mode and model always, the rest where it is not the default."""
        parts = [self.server, self.mode, self.model]
        if self.thread == "pthread":
            parts.append(self.thread)
        if self.oslo != DEFAULT_OSLO:
            parts.append(f"oslo{self.oslo}")
        for parameter, value in self._parameters():
            if value is not None:
                parts.append(f"{parameter}{value}")
        return "-".join(parts)

    def _parameters(self) -> Iterable[tuple[str, int | None]]:
        return (("processes", self.processes), ("threads", self.threads), ("heartbeat", self.heartbeat_s))

    @property
    def factors(self) -> dict[str, str]:
        """Axis -> factor, defaults filled in; ``thread`` is ``os`` for a native cell, which has no choice."""
        return {
            "server": self.server,
            "mode": self.mode,
            "model": self.model,
            "thread": self.thread if self.model == "eventlet" else "os",
            "oslo": self.oslo,
        }

    @property
    def process_count(self) -> int:
        """Processes that run the application."""
        return self.processes or 1

    @property
    def thread_count(self) -> int:
        """Worker threads a process: httpd's own default where the MPM has threads, one elsewhere."""
        if self.threads:
            return self.threads
        return 25 if self.mode == "embedded" and self.server in ("event", "worker") else 1


@dataclass(frozen=True)
class Selection:
    """What a list of expressions stands for: the cells, and those left out with the reason."""

    cells: tuple[Cell, ...]
    left_out: tuple[tuple[str, str], ...] = ()


@dataclass
class _Draft:
    """The factors of one expanded expression, axis by axis."""

    text: str
    chosen: dict[str, str] = field(default_factory=dict)

    def choose(self, axis: str, token: str, value: str) -> None:
        if axis in self.chosen:
            raise InputError(
                f"two factors of the axis {axis!r} in {self.text!r}: {self.chosen[axis]!r} and {token!r}",
                hint="name each axis once, or give alternatives in braces: {a,b}",
            )
        self.chosen[axis] = value


def select(expressions: Sequence[str]) -> Selection:
    """Cells that the expressions name, each once, in the order given.

    Combinations that make no sense are left out and told. Raises
    ``InputError`` for an empty expression, an unknown, doubled or absurd
    factor, and when nothing remains.
    """
    cells: dict[Cell, None] = {}
    left_out: dict[str, str] = {}
    for expression in expressions:
        for text in _expand(expression):
            draft = _parse(text)
            reason = _senseless(draft)
            if reason:
                left_out[text] = reason
            else:
                cells[_cell(draft)] = None
    if not cells:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise InputError(f"no cell is left: {reasons}" if reasons else "no cell was named", hint=usage())
    return Selection(tuple(cells), tuple(left_out.items()))


def _expand(expression: str) -> list[str]:
    if not expression.strip():
        raise InputError("an empty cell expression", hint=usage())
    if EMPTY_ALTERNATIVE.search(expression):
        raise InputError(f"an empty factor in {expression!r}", hint=usage())
    try:
        return [text.strip() for text in bracex.expand(expression, limit=MOST_CELLS)]
    except bracex.ExpansionLimitException:
        raise InputError(
            f"{expression!r} stands for more than {MOST_CELLS} cells", hint="name fewer alternatives"
        ) from None


def _parse(text: str) -> _Draft:
    draft = _Draft(text)
    for token in text.split("-"):
        _place(draft, token)
    return draft


def _place(draft: _Draft, token: str) -> None:
    if not token:
        raise InputError(f"an empty factor in {draft.text!r}", hint=usage())
    for axis in AXES:
        if token in axis.tokens:
            draft.choose(axis.name, token, token)
            return
    if match := OSLO.match(token):
        draft.choose("oslo", token, match.group(1))
        return
    match = NUMBERED.match(token)
    parameter = next((p for p in PARAMETERS if match and p.name == match.group(1)), None)
    if match is None or parameter is None:
        raise _unknown(token, draft.text)
    number = int(match.group(2))
    if not parameter.least <= number <= parameter.most:
        raise InputError(
            f"{token!r} in {draft.text!r}: {parameter.name} ({parameter.meaning}) "
            f"goes from {parameter.least} to {parameter.most}"
        )
    draft.choose(parameter.name, token, str(number))


def _unknown(token: str, text: str) -> InputError:
    words = {word: axis.name for axis in AXES for word in axis.tokens}
    words |= {parameter.name: "parameter" for parameter in PARAMETERS} | {"oslo": "oslo"}
    stem = re.sub(r"[=:]?-?[\d.]+\Z", "", token)
    nearest = difflib.get_close_matches(token, words, n=1, cutoff=0.5) or difflib.get_close_matches(stem, words, n=1)
    message = f"unknown factor {token!r} in {text!r}"
    if not nearest:
        return InputError(message, hint=usage())
    word = nearest[0]
    axis = words[word]
    if axis in ("parameter", "oslo"):
        example = {"oslo": f"oslo{DEFAULT_OSLO}"}.get(word, f"{word}4")
        return InputError(f"{message}; did you mean {word!r} with its number, as in {example!r}?", hint=usage())
    valid = ", ".join(next(a for a in AXES if a.name == axis).tokens)
    return InputError(f"{message}; did you mean {word!r}? {axis}: {valid}", hint=usage())


def usage() -> str:
    """The valid factors, an axis a phrase."""
    axes = "; ".join(f"{axis.name}: {' '.join(axis.tokens)}" for axis in AXES)
    parameters = " ".join(f"{parameter.name}<n>" for parameter in PARAMETERS)
    return f"valid factors: {axes}; library: oslo<version>; parameters: {parameters}"


def _senseless(draft: _Draft) -> str:
    """Why this combination cannot exist; empty when it can."""
    chosen = draft.chosen
    if chosen.get("model") == "native" and "thread" in chosen:
        return "a native application has OS threads only: there is no choice of heartbeat thread"
    server = chosen.get("server", AXES[0].default)
    mode = chosen.get("mode", AXES[1].default)
    if server == "prefork" and mode == "embedded" and int(chosen.get("threads", 1)) > 1:
        return "a prefork child has one thread; threads belong to event, worker or daemon mode"
    return ""


def _cell(draft: _Draft) -> Cell:
    chosen = draft.chosen
    server, mode, model, thread = (chosen.get(axis.name, axis.default) for axis in AXES)
    processes, threads, heartbeat_s = (
        int(chosen[parameter.name]) if parameter.name in chosen else None for parameter in PARAMETERS
    )
    oslo = chosen.get("oslo", DEFAULT_OSLO)
    return Cell(server, mode, model, thread, oslo, processes, threads, heartbeat_s)
