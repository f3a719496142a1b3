"""For test suites: what ``heartbed check`` and ``heartbed run`` find, as values.

``Heartbed().check("site.conf").kept`` is all that a test needs; in pytest the fixture ``heartbed`` is such an object.
Options are those of the commands, with underscores: ``check("site.conf", model="native", rule_out=["pthread"])``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from heartbed.cli import cli, configured
from heartbed.cli.check import checked_by
from heartbed.cli.common import with_scenarios
from heartbed.cli.running import recorded, selected
from heartbed.errors import HeartbedError, InputError
from heartbed.files import is_regular
from heartbed.report.words import after_s, outcome_words
from heartbed.studies.store import keep
from heartbed.verdict.values import CellVerdict, Outcome


class InconclusiveError(HeartbedError):
    """Nothing was shown, neither that connections are kept nor that they are not."""

    exit_code = 3


@dataclass(frozen=True)
class Fate:
    """What became of one configuration, in the worst of the probes; ``report`` is the page that tells why."""

    name: str
    outcome: Outcome
    cause: str
    words: str
    report: Path
    verdicts: tuple[CellVerdict, ...] = field(repr=False)
    mends: tuple[str, ...] = ()
    """Changes with which it is kept, where they were looked for (``mend=True``)."""

    @property
    def kept(self) -> bool:
        """Whether its connections were kept, or came back by themselves. Raises ``InconclusiveError``."""
        if self.outcome is Outcome.INCONCLUSIVE:
            raise InconclusiveError(f"{self}")
        return self.outcome.good

    def __str__(self) -> str:
        """In one line, as an assertion that fails shows it."""
        mended = f"; kept with: {', '.join(self.mends)}" if self.mends else ""
        return f"{self.name}: {self.words}{mended} (see {self.report})"

    __repr__ = __str__


@dataclass(frozen=True)
class Heartbed:
    """Asks Heartbed. Files, and what ``heartbed.toml`` says, are looked for in ``folder``."""

    folder: Path = field(default_factory=Path.cwd)

    def check(self, conf: str | Path, *, mend: bool = False, **options: Any) -> Fate:
        """The fate of a configuration file, or of a preset; with ``mend`` changes that mend it are looked for.

        Raises ``InputError`` for a file that is wrong, ``TestbedError`` where it cannot be played.
        """
        file = self.folder / conf
        found = self._parameters("check", [str(file if is_regular(file) else conf)], {"no_mend": not mend, **options})
        checked = checked_by(**found)
        mends = tuple(each.mend.what for each in checked.keeping)
        return _fate(checked.verdict, checked.verdicts, checked.data.folder, mends)

    def run(self, *expressions: str, **options: Any) -> dict[str, Fate]:
        """The fates of cells, by their names. Raises as ``check``."""
        found = self._parameters("run", [*expressions], options)
        data = recorded(selected(found.pop("expressions"), found.pop("with_")), **found)
        keep(data)
        named = dict.fromkeys(cell.cell for cell in data.verdict.cells)
        under = {name: tuple(data.under_each(name)) for name in named}
        return {
            name: _fate(min(some, key=lambda each: each.outcome.rank), some, data.folder)
            for name, some in under.items()
        }

    def _parameters(self, name: str, arguments: list[str], options: dict[str, Any]) -> dict[str, Any]:
        """What click makes of the options of a command; those that are about its output are none of a test's."""
        command = cli.commands[name]
        words = [*_words(command, {"quiet": True, **options}), "--", *arguments]
        said = configured.said(self.folder, cli.commands).get(name)
        try:
            found = command.make_context(name, words, default_map=said).params
        except click.ClickException as error:
            raise InputError(error.format_message()) from None
        about_output = ("format_name", "folder", "events")
        return with_scenarios({each: value for each, value in found.items() if each not in about_output})


def _words(command: click.Command, options: dict[str, Any]) -> Iterator[str]:
    """Options as the command line has them. Raises ``InputError`` for one that there is not."""
    known = {
        each.removeprefix("--").replace("-", "_"): param
        for param in command.params
        if isinstance(param, click.Option)
        for each in param.opts
    }
    for name, value in options.items():
        if name not in known:
            raise InputError(f"there is no option {name!r}", hint=f"options: {', '.join(sorted(known))}")
        option = f"--{name.replace('_', '-')}"
        if value is True:
            yield option
        elif value is False:
            yield from known[name].secondary_opts[:1]
        elif value is not None:
            for each in value if isinstance(value, list | tuple) else (value,):
                yield f"{option}={each}"


def _fate(worst: CellVerdict, verdicts: tuple[CellVerdict, ...], folder: Path, mends: tuple[str, ...] = ()) -> Fate:
    words = outcome_words(worst.outcome, after_s(worst))
    why = f": {worst.why}" if worst.why else ""
    return Fate(worst.cell, worst.outcome, worst.cause or "", f"{words}{why}", folder / "report.html", verdicts, mends)
