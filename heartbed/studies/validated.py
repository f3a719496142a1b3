"""What ``heartbed validate`` says and keeps: the table in docs/results, release by release."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from heartbed import __version__
from heartbed.cells.subject import DEFAULT_PROBE
from heartbed.errors import TestbedError
from heartbed.files import save as save_file
from heartbed.studies.results import FOLDER, name_of
from heartbed.studies.validate import Pair
from heartbed.verdict.answer import when
from heartbed.versions.releases import RELEASES
from heartbed.wording import count

NAME = "validation"
FIRST = "nova"
"""The real application whose results are in the file of that name; those of others are in one of their own."""
SCHEMA = 1


@dataclass(frozen=True)
class Kept:
    """What a release came to, and when."""

    release: str
    made: str
    heartbed: str
    heartbeat_s: int
    brings: Mapping[str, str]
    pairs: Sequence[Pair]


def kept(pairs: Sequence[Pair], brings: Mapping[str, Mapping[str, str]], heartbeat_s: int) -> dict[str, Kept]:
    """What was played today, by release."""
    made = time.strftime("%Y-%m-%d")
    by_release: dict[str, list[Pair]] = {}
    for each in pairs:
        by_release.setdefault(each.release, []).append(each)
    return {
        release: Kept(release, made, __version__, heartbeat_s, brings[release], some)
        for release, some in by_release.items()
    }


def load(folder: Path = FOLDER, real: str = FIRST, probe: str = DEFAULT_PROBE) -> dict[str, Kept]:
    """What was kept before of a real application under a probe; empty where there is nothing."""
    file = folder / f"{_stem(real, probe)}.json"
    if not file.is_file():
        return {}
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))["releases"]
        return {each["release"]: Kept(**{**each, "pairs": [Pair(**pair) for pair in each["pairs"]]}) for each in raw}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        hint = "move it away, or choose another folder with --output DIR"
        raise TestbedError(f"{file} has no results that this heartbed reads: {error}", hint=hint) from error


def save(
    new: Mapping[str, Kept], folder: Path = FOLDER, real: str = FIRST, probe: str = DEFAULT_PROBE
) -> tuple[Path, Path]:
    """Write the releases played, beside those that were kept before; returns the paths of the JSON and of the page."""
    before = load(folder, real, probe)
    every = {**before, **{release: _merged(before.get(release), each) for release, each in new.items()}}
    ordered = [every[release] for release in RELEASES if release in every]
    data, page = folder / f"{_stem(real, probe)}.json", folder / f"{_stem(real, probe)}.md"
    told = {"schema": SCHEMA, "probe": probe, "releases": [asdict(each) for each in ordered]}
    save_file(data, json.dumps(told, indent=1) + "\n", option="--output")
    save_file(page, markdown(ordered, real, probe), option="--output")
    return data, page


def _stem(real: str, probe: str) -> str:
    return name_of(probe, [real] if real != FIRST else [], NAME)


def _merged(before: Kept | None, now: Kept) -> Kept:
    """What was played of a release now, with those pairs of before that were not."""
    pairs = {pair.minimal: pair for pair in (*(before.pairs if before else ()), *now.pairs)}
    return replace(now, pairs=[*pairs.values()])


def markdown(every: Sequence[Kept], real: str = FIRST, probe: str = DEFAULT_PROBE) -> str:
    """The page."""
    pairs = [pair for each in every for pair in each.pairs]
    under, command = ("", "") if probe == DEFAULT_PROBE else (f" {when(probe)}", f" --probe {probe}")
    lines = [
        f"# The minimal application beside the real one{under}",
        "",
        (
            f"Written by `heartbed validate{command}`, which plays each cell twice in the same run: with Heartbed's "
            f"own application and with the real {real}-api of the release. One word stands for both where they agree."
        ),
        "",
        summary(pairs) + ".",
    ]
    for each in every:
        brought = ", ".join(f"{package} {version}" for package, version in each.brings.items())
        lines += ["", f"## {each.release}, {brought}", "", *_table(each.pairs)]
        lines += ["", f"Made on {each.made} by heartbed {each.heartbed}, heartbeat timeout {each.heartbeat_s} s."]
        told = [each_.differs or each_.unknown for each_ in each.pairs if each_.differs or each_.unknown]
        lines += ["", *(f"- {one}" for one in told)] if told else []
    return "\n".join(lines) + "\n"


def summary(pairs: Sequence[Pair]) -> str:
    """``54 pairs: 54 agree``."""
    differ, unknown = sum(bool(p.differs) for p in pairs), sum(bool(p.unknown) for p in pairs)
    rest = [f"{differ} differ"] if differ else []
    rest += [f"{unknown} without a verdict"] if unknown else []
    return ", ".join([f"{count(len(pairs), 'pair')}: {len(pairs) - differ - unknown} agree", *rest])


def _table(pairs: Sequence[Pair]) -> list[str]:
    columns = list(dict.fromkeys(each.column for each in pairs))
    lines = [f"| {' | '.join(['', *columns])} |", f"|{'---|' * (len(columns) + 1)}"]
    for row in dict.fromkeys(each.row for each in pairs):
        told = {each.column: each.told for each in pairs if each.row == row}
        lines.append(f"| {' | '.join([row, *(told.get(each, '') for each in columns)])} |")
    return lines


def show(pairs: Sequence[Pair], out: Console, probe: str = DEFAULT_PROBE) -> None:
    """A line for each pair that was played, and what they come to."""
    if probe != DEFAULT_PROBE:
        out.print(f"\nThe two {when(probe)}\n", style="bold", markup=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("release", "configuration", "minimal", "real", ""):
        table.add_column(title)
    for each in pairs:
        agree = "no verdict" if each.unknown else "differ" if each.differs else "agree"
        table.add_row(each.release, f"{each.column} {each.row}", each.words, each.real_words, agree)
    out.print(table)
    for each in pairs:
        if told := each.differs or each.unknown:
            out.print(f"{each.release} {each.column} {each.row}: {told}", markup=False, soft_wrap=True)
    out.print(summary(pairs), markup=False)
