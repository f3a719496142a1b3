"""A checked configuration: what was found of it and of the changes to it, and how gates are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from heartbed.candidates.prepared import Prepared
from heartbed.errors import HeartbedError
from heartbed.files import save
from heartbed.report import RunData, format_names, render
from heartbed.report.about.check import Change, Check
from heartbed.report.formats.junit import together
from heartbed.studies.check.fates import fate
from heartbed.studies.check.ran import ran
from heartbed.studies.mend import Mend
from heartbed.verdict.values import CellVerdict, Outcome

FORMATS = ("text", *(name for name in format_names() if name not in ("text", "csv", "svg")))
FILES = {"json": "check.json", "junit": "check.xml", "markdown": "check.md", "html": "report.html", "text": "check.txt"}
"""Format -> its file, for gates that want more than one."""

BESIDE_RECORD = ("json", "junit", "markdown", "html")
"""Those that every check has in its run's folder, beside what every run has there."""


@dataclass(frozen=True)
class Tried:
    """A mend and the verdicts on it, one under each probe that was played."""

    mend: Mend
    verdicts: tuple[CellVerdict, ...]
    acted: bool = True
    """Whether what runs is other than without it, as far as it says what it is."""
    played: tuple[str, ...] = ()
    """The probes that the candidate itself was played under."""

    @property
    def verdict(self) -> CellVerdict:
        """The worst of them."""
        return worst_of(self.verdicts)

    @property
    def survives(self) -> bool:
        """Whether it survives what it was played under so far, and it is the change that does."""
        return self.acted and self.verdict.outcome.good

    @property
    def keeps(self) -> bool:
        """Whether it survives every probe that was played, and it is the change that does."""
        survived = {each.probe for each in self.verdicts if each.outcome.good}
        return self.survives and survived.issuperset(self.played)

    def told(self, heartbeat_s: float) -> Change:
        """What the report is told of it."""
        return Change(
            change=self.mend.what,
            cell=self.mend.candidate.name,
            recommended=self.keeps,
            told=fate(self.verdicts, heartbeat_s),
            keys=sorted(self.mend.keys),
            acted=self.acted,
            outcome=self.verdict.outcome,
            lost_after_s=self.verdict.lost_after_s,
            costs=self.mend.price,
            lines=self.mend.lines,
            why=self.verdict.why,
            under={each.probe: str(each.outcome) for each in self.verdicts},
            tries={each.probe: each.tries for each in self.verdicts if each.tries},
        )


@dataclass(frozen=True)
class Checked:
    """A checked candidate: what was run, its verdict, and what each change would do.

    ``pairs`` are pairs of changes, from runs of their own, where no single one mends it; ``later`` are runs of the
    candidate and of what survived, under the probes that were not played at first; ``paired`` are those of the pairs.
    """

    prepared: Prepared[Any]
    verdicts: tuple[CellVerdict, ...]
    tried: tuple[Tried, ...]
    data: RunData
    dropped: dict[str, str]
    pairs: tuple[Tried, ...] = ()
    later: tuple[RunData, ...] = ()
    paired: tuple[RunData, ...] = ()

    @classmethod
    def of(cls, prepared: Prepared[Any], mends: list[Mend], data: RunData, dropped: dict[str, str]) -> Checked:
        """From one run of the candidate with its mends."""
        own = tuple(data.under_each(prepared.label))
        if not own:
            raise HeartbedError(f"the run {data.verdict.run} has no verdict on {prepared.label}")
        return cls(prepared, own, _tried(mends, data, own), data, dropped)

    @property
    def verdict(self) -> CellVerdict:
        """The worst of the candidate's verdicts under the probes that were played: what hangs comes first."""
        return worst_of(self.verdicts)

    def under(self, data: RunData, dropped: Mapping[str, str]) -> Checked:
        """The same with what a later run of the candidate and of what survived has shown."""
        own = (*self.verdicts, *data.under_each(self.prepared.label))
        tried, pairs = (tuple(_also(each, data, own) for each in some) for some in (self.tried, self.pairs))
        gone = {**self.dropped, **dropped}
        return replace(self, verdicts=own, tried=tried, pairs=pairs, later=(*self.later, data), dropped=gone)

    def run_of(self, verdict: CellVerdict) -> RunData:
        """The run that a verdict on the candidate is from."""
        return next((data for data in self.later if verdict in data.verdict.cells), self.data)

    def with_pairs(self, pairs: list[Mend], runs: Sequence[RunData], dropped: Mapping[str, str]) -> Checked:
        """The same with pairs of changes, from runs of their own, and why some of them are not among those."""
        tried = tuple(each for data in runs for each in _tried(pairs, data, self.verdicts))
        return replace(self, pairs=tried, paired=tuple(runs), dropped={**self.dropped, **dropped})

    @property
    def keeping(self) -> list[Tried]:
        """The changes and pairs that keep the connections."""
        return [each for each in (*self.tried, *self.pairs) if each.keeps]

    @property
    def alone(self) -> list[RunData]:
        """The runs as if only the candidate had been in them: for the formats of gates."""
        return [data.only(data.under_each(self.prepared.label)) for data in (self.data, *self.later)]

    @property
    def told(self) -> Check:
        """All that was found, for the report and for programs."""
        own, beat, draft = self.prepared.candidate, self.data.verdict.heartbeat_s, self.prepared.draft
        return Check(
            file=draft.source.main.shown,
            server=draft.kind.server,
            run=self.data.verdict.run,
            later_runs=[data.verdict.run for data in self.later],
            pair_runs=[data.verdict.run for data in self.paired],
            is_={
                **own.factors,
                "processes": own.process_count,
                "threads": own.thread_count,
                "mount": own.mount or "/",
            },
            ran=ran(self.prepared, self.verdict),
            assumed=list(draft.assumptions),
            oddities=list(self.prepared.oddities),
            replaced=draft.adapted.diff(),
            replaced_because=draft.adapted.reasons(),
            verdict=self.verdict,
            verdicts=self.verdicts,
            changes=[each.told(beat) for each in self.tried],
            pairs=[each.told(beat) for each in self.pairs],
            not_tried=self.dropped,
        )

    def save(self) -> None:
        """Write it beside the record, and the report on the run anew: it is one on the file now."""
        for name in BESIDE_RECORD:
            save(self.data.folder / FILES[name], tell(self, name))


FIRST = ("idle", "burst")
"""Probes that a check plays on the file and on every change, unless others are named."""

DID_NOT_ACT = "did not act"
"""What is told of a change with which the application says that it is what it is without it."""

VARIES = ("cell", "pid", "ppid", "os_thread", "thread", "python_threads", "processes", "server_software", "hub")
"""Facts in which two cells differ that are the same configuration."""


def worst_of(verdicts: Sequence[CellVerdict]) -> CellVerdict:
    """The verdict that outranks the others; of several alike that under the probe that was named first."""
    return min(verdicts, key=lambda each: each.outcome.rank)


def _tried(mends: list[Mend], data: RunData, own: Sequence[CellVerdict]) -> tuple[Tried, ...]:
    judged = [(each, tuple(data.under_each(each.candidate.name))) for each in mends]
    return tuple(_judged(each, verdicts, own) for each, verdicts in judged if verdicts)


def _also(tried: Tried, data: RunData, own: Sequence[CellVerdict]) -> Tried:
    """The same with its verdicts under the probes of another run."""
    verdicts = (*tried.verdicts, *data.under_each(tried.mend.candidate.name))
    return _judged(tried.mend, verdicts, own)


def _judged(mend: Mend, verdicts: tuple[CellVerdict, ...], own: Sequence[CellVerdict]) -> Tried:
    return Tried(mend, verdicts, _is_another(mend, own, verdicts), tuple(each.probe for each in own))


def _is_another(mend: Mend, own: Sequence[CellVerdict], changed: Sequence[CellVerdict]) -> bool:
    """Whether the change did act, as what runs says of itself, or as another fate under the same probe says."""
    alike = [(one, two) for one in own for two in changed if one.probe == two.probe]
    contradicts = mend.candidate.own is None and any(_contradicts(one, two) for one, two in alike)
    return contradicts or any(_acted(one, two) for one, two in alike)


def _acted(own: CellVerdict, changed: CellVerdict) -> bool:
    """Whether what runs is another with the change; true where it does not say what it is."""
    before, after = (
        {name: value for name, value in each.observed.items() if name not in VARIES} for each in (own, changed)
    )
    return not before or not after or before != after


def _contradicts(own: CellVerdict, changed: CellVerdict) -> bool:
    """Whether another fate says that the change did act, though nothing that is told of itself shows it."""
    return changed.outcome not in (own.outcome, Outcome.INCONCLUSIVE)


def tell(checked: Checked, name: str) -> str:
    """The answer in one of ``FORMATS``."""
    if name == "json":
        return checked.told.as_json()
    if name == "html":
        return _text(render(name, replace(checked.data, about=checked.told, others=(*checked.later, *checked.paired))))
    texts = [_text(render(name, data)) for data in checked.alone]
    if name == "junit":
        return together(texts)
    return "\n".join(texts) + (_markdown(checked) if name == "markdown" else "")


def _text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode("utf-8")


def _markdown(checked: Checked) -> str:
    lines = ["", "### One change at a time", "", "| change | then | costs elsewhere |", "|---|---|---|"]
    beat = checked.data.verdict.heartbeat_s
    worth = (*checked.tried, *(each for each in checked.pairs if each.keeps))
    lines += [
        f"| {t.mend.what} | {fate(t.verdicts, beat) if t.acted else DID_NOT_ACT} | {t.mend.price or 'nothing'} |"
        for t in worth
    ]
    for each in checked.keeping:
        lines += ["", f"**{each.mend.what}**", "", "```diff", each.mend.lines, "```"]
    lines += ["", "<details><summary>What was replaced to run it in the testbed</summary>", "", "```diff"]
    return "\n".join([*lines, checked.prepared.draft.adapted.diff().rstrip("\n"), "```", "", "</details>", ""])
