"""What a user says beside the file, and what is assumed where nothing is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from heartbed import applications
from heartbed.candidates.library import GROUP, IN_PTHREAD, TIMEOUT, Library
from heartbed.candidates.oslo_config import BACKEND, OsloConfig, Taken, from_environment, said, taken, variable
from heartbed.candidates.own import OPENING, OSLO, OwnApplication
from heartbed.candidates.variables import is_the_users
from heartbed.cells import axes, python
from heartbed.cells.axes import DEFAULT_OSLO
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select
from heartbed.cells.models import SWITCH
from heartbed.versions.patched import Patched

NATIVE_BY_DEFAULT = ("2026.1", "2026.2")
"""Releases whose nova runs on native threads unless told otherwise: nova 33 and later."""

WITH_BACKEND = ("2026.2",)
"""Releases whose nova has ``concurrency_backend``: nova 34 and later, which reads it before it is told its files."""

BACKENDS = {"eventlet": "eventlet", "threading": "native"}
"""Its values, and the execution models that they stand for."""


@dataclass(frozen=True)
class Wishes:
    """What the user says beside the file; None where it is left to Heartbed, which then says what it assumes."""

    model: str | None = None
    release: str | None = None
    """An OpenStack release, which stands for a set of versions."""
    python: str | None = None
    """The Python that the application runs on: a version of those that images have."""
    app: str = applications.DEFAULT
    """The application that runs where the user brings none: a factor of the axis of that name."""
    pthread: bool | None = None
    oslo: str | None = None
    mpm: str | None = None
    vhost: str | None = None
    path: str | None = None
    """The URL of the application that is meant, where a host has several."""
    defines: Mapping[str, str] = field(default_factory=dict)
    """Variables that the server is started with."""
    root: Path | None = None
    heartbeat_s: int = 2
    configs: tuple[OsloConfig, ...] = ()
    """What nova.conf and the server's own file say of oslo.messaging and oslo.log; the last outranks the others."""
    libraries: Mapping[str, Library] = field(default_factory=dict)
    """Version -> the oslo.messaging that is installed in its image, of those that were asked."""
    own: OwnApplication | None = None
    requirements: Path | None = None
    patched: tuple[Patched, ...] = ()
    """Libraries of the user's own, in the place of releases."""

    @property
    def started_with(self) -> dict[str, str]:
        """The variables in the server's own environment; those of the testbed's are not the user's to set."""
        return {name: value for name, value in self.defines.items() if is_the_users(name)}

    @property
    def library(self) -> Library | None:
        """The oslo.messaging of the candidate itself; None until its image was asked."""
        return self.libraries.get(self.cell.oslo)

    @cached_property
    def taken(self) -> Taken:
        """What is taken of the user's options."""
        return taken(self.configs, self.library, self.heartbeat_s)

    @property
    def switched_off(self) -> bool:
        """Whether the user's options switch heartbeats off."""
        return self.taken.switched_off

    @property
    def pthread_said(self) -> bool | None:
        """``heartbeat_in_pthread`` as the user says it; None where it is left to the library."""
        value = said(self.configs, (GROUP, IN_PTHREAD))
        return self.pthread if self.pthread is not None or value is None else value.strip().lower() in TRUE

    def with_variables(self, shown: str, variables: Mapping[str, str]) -> Wishes:
        """With what a server's own file sets in the application's environment, where nothing is said beside it."""
        model = self.model
        if model is None and SWITCH in variables:
            model = "native" if variables[SWITCH].strip().lower() in TRUE else "eventlet"
        elif model is None and self.nova_of in WITH_BACKEND:
            model = BACKENDS.get(variables.get(variable(BACKEND), "").strip())
        # oslo.config prefers the environment to any file.
        return replace(self, model=model, configs=(*self.configs, from_environment(shown, variables)))

    def thread(self, oslo: str) -> str:
        """Who sends heartbeats with this version of oslo.messaging under eventlet: the factor of that name."""
        library = self.libraries.get(oslo)
        left = library is not None and library.beats_in_pthread
        return "pthread" if (left if self.pthread_said is None else self.pthread_said) else "green"

    @property
    def runs(self) -> str:
        """The execution model: the application's own default in that release where the user says nothing.

        Empty for an application of the user's own, which is what it makes of itself unless the user holds it to one.
        """
        if self.own and not self.release:
            return self.model or ""
        patches = applications.application(self.app).patches(self.app, self.release or "")
        native = self.nova_of in NATIVE_BY_DEFAULT if patches is None else not patches
        return self.model or ("native" if native else "eventlet")

    @property
    def nova_of(self) -> str:
        """The release whose nova the application behaves as; empty where nobody says one, and where it is no nova."""
        return applications.application(self.app).of_release(self.app, self.release or "")

    @property
    def cell(self) -> Cell:
        """A cell with the versions that are wished for."""
        app = self.app if self.app != applications.DEFAULT else ""
        on = python.token(self.python) if self.python else ""
        named = [self.release or "", f"oslo{self.oslo}" if self.oslo else "", app, on]
        (found,) = select(["-".join(filter(None, [axes.TABLE.axis("server").default, *named]))]).cells
        return found.with_patched(self.patched)


def assumptions(wishes: Wishes) -> list[str]:
    """What is assumed of the application, in words."""
    found = _of_own(wishes, wishes.own) if wishes.own else _of_nova(wishes)
    found += _of_python(wishes)
    if wishes.release:
        found += [told] if (told := wishes.cell.stands_in) else []
    if not wishes.switched_off:
        default = wishes.library.default(TIMEOUT) if wishes.library else None
        beside = f"; oslo.messaging's default is {default}" if default else ""
        found.append(
            f"a heartbeat timeout of {wishes.heartbeat_s} s, so that the answer comes soon{beside} (--heartbeat)"
        )
    return [*found, *wishes.taken.notes]


def _of_python(wishes: Wishes) -> list[str]:
    """What Python it runs on, and what comes with it, where that is not what all others have."""
    if wishes.cell.python == python.DEFAULT:
        return []
    own = python.of(wishes.cell.python)
    if wishes.python:
        why = " (--python)"
    elif wishes.release:
        why = f", the oldest here that runs what {wishes.release} has"
    else:
        why = f", which {wishes.app} is locked for"
    return [f"Python {own.version}{why}, and the server of Debian {own.suite}"]


def _of_nova(wishes: Wishes) -> list[str]:
    """Of Heartbed's own application, which is nova's in what matters here."""
    found = [*_of_backend(wishes)]
    layer = wishes.cell.layer
    brought = ", ".join(f"{package} {version}" for package, version in layer.brings.items()) if layer else ""
    if wishes.model is None and wishes.runs == "native":
        where, whose = brought or wishes.release, next(iter(layer.brings)) if layer else "nova"
        found.append(f"native threads, {whose}'s default in {where} (--model eventlet says otherwise)")
    elif wishes.model is None:
        found.append("execution model eventlet, as nova up to 2025.2 (--model native for later ones)")
    if not wishes.release and wishes.oslo is None:
        usual, on = wishes.cell.oslo, python.of(wishes.cell.python).version
        last = (
            "the last series with heartbeat_in_pthread"
            if usual == DEFAULT_OSLO
            else f"the last that runs on Python {on}"
        )
        found.append(f"oslo.messaging {usual}, {last} (--oslo VERSION)")
    if wishes.runs == "eventlet":  # it alone leaves a choice
        found += _left_to_the_library(wishes)
    if brought:
        found.append(f"{brought} from PyPI where the script would be, with sqlite and without keystone")
    else:
        found.append("Heartbed's own nova-api-like application where the script would be (--app)")
    return found


def _of_backend(wishes: Wishes) -> Iterator[str]:
    """What becomes of ``concurrency_backend`` in a file."""
    for each in wishes.configs:
        if not each.backend:
            continue
        words = f"{each.shown}: concurrency_backend = {each.backend}"
        if wishes.nova_of in WITH_BACKEND:
            yield (
                f"{words} has no effect under a WSGI server: nova reads it before it is told its files "
                f"({variable(BACKEND)} in the environment of the process has)"
            )
        elif wishes.nova_of:
            yield f"{words}: the nova of {wishes.nova_of} has no such option"


def _of_own(wishes: Wishes, own: OwnApplication) -> list[str]:
    """Of a user's own application: its threads and its libraries are its own business, and are read from it."""
    found = []
    if own.opening == OPENING:
        found.append(f"{OPENING} makes your application use the broker (--open)")
    if own.calling is None:
        found.append(f"{own.opening} stands for a call, too (--call)")
    if wishes.oslo is None and not wishes.release and own.version(OSLO) is None:
        found.append(f"oslo.messaging {DEFAULT_OSLO} if your application uses it and brings none (--oslo VERSION)")
    return found


TRUE = ("true", "1", "on", "yes")
"""Values that oslo.config takes for true."""


def _left_to_the_library(wishes: Wishes) -> list[str]:
    """What is assumed of ``heartbeat_in_pthread`` where the user does not say it."""
    library = wishes.library
    default = library.default(IN_PTHREAD) if library else None
    if wishes.pthread_said is not None or library is None or default is None:
        return []
    other = "--no-pthread" if library.beats_in_pthread else "--pthread"
    words = f"{IN_PTHREAD} = {default.lower()}, the default of oslo.messaging {library.version}"
    return [f"{words} ({other}, or --oslo-config nova.conf)"]
