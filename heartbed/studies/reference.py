"""The pages of reference results: of one probe, where the answers change; and of all probes, what each came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from rich.table import Table

from heartbed.cells.subject import DEFAULT_PROBE
from heartbed.studies.results import Result, Results, configurations
from heartbed.verdict.answer import when
from heartbed.verdict.values import Outcome

OF_IDLE = (
    "`lost` means that RabbitMQ closed the connection for missed heartbeats; where the connections for sending "
    "(SEND) and for replies (LISTEN) fared differently, the one that was lost is named."
)

MEANINGS = {
    Outcome.HUNG: "a request that needs RabbitMQ got no reply",
    Outcome.LOST: "a connection was lost",
    Outcome.FAILED: "a request was answered wrong, or its message never arrived",
    Outcome.LEAKED: "connections are left over",
    Outcome.RECOVERED: "well again by itself",
    Outcome.KEPT: "no connection was lost, and every request was answered",
}


def title(made: Results) -> str:
    """What was asked, as a heading."""
    return "Who keeps its idle connections" if made.probe == DEFAULT_PROBE else f"Who is well {when(made.probe)}"


def markdown(made: Results) -> str:
    """The page: where the answers change, then a table for each release."""
    versions = ", ".join(f"{name} {version}" for name, version in made.versions.items() if name != "oslo.messaging")
    idle = made.probe == DEFAULT_PROBE
    lines = [
        f"# {title(made)}",
        "",
        (
            f"Made on {made.made} by heartbed {made.heartbed} with `{made.command}`, which writes this file: "
            f"{len(made.results)} cells, heartbeat timeout {made.heartbeat_s} s. {OF_IDLE if idle else _legend(made)}"
        ),
        "",
        f"With {versions}.",
        "",
        f"**{made.said}**",
        "",
        "## Where the answers change",
        "",
        *_table("configuration", made.releases, configurations(made.results), lambda r: r.version),
        *_unlike(made),
    ]
    for release in made.releases:
        some = [each for each in made.results if each.version == release]
        columns = list(dict.fromkeys(each.column for each in some))
        rows = {row: [each for each in some if each.row == row] for row in dict.fromkeys(each.row for each in some)}
        lines += ["", f"## oslo.messaging {release}", "", *_table("", columns, rows, lambda r: r.column)]
    return "\n".join(lines) + "\n"


def overview(made: Mapping[str, Results]) -> str:
    """The page of all probes: what each came to, and what became of each configuration under each.

    ``made`` is page -> its results, in the order in which they are to be told.
    """
    rows = {page: configurations(some.results) for page, some in made.items()}
    lines = [
        "# Reference results",
        "",
        "Written by `heartbed matrix`: each probe on every server, mode and execution model, under each release of",
        "oslo.messaging in which its heartbeat changed.",
        "",
        "| probe | cells | made on | what it came to |",
        "|---|---|---|---|",
        *(f"| [{e.probe}]({page}) | {len(e.results)} | {e.made} | {e.said} |" for page, e in made.items()),
        "",
        "## Under every probe",
        "",
        "What became of each configuration; where it was not the same under each release, each outcome with how many",
        "of them it was. Each probe's page has them one by one.",
        "",
        f"| configuration | {' | '.join(f'[{some.probe}]({page})' for page, some in made.items())} |",
        f"|{'---|' * (len(made) + 1)}",
        *(
            f"| {name} | {' | '.join(_fates(found.get(name, ())) for found in rows.values())} |"
            for name in dict.fromkeys(name for found in rows.values() for name in found)
        ),
    ]
    return "\n".join(lines) + "\n"


def _fates(some: Sequence[Result]) -> str:
    """``kept``; or ``lost 5, kept 2``, the worst first; ``-`` where it was not played."""
    outcomes = Counter(Outcome(each.outcome) for each in some)
    if len(outcomes) < 2:
        return "".join(outcomes) or "-"
    return ", ".join(f"{outcome} {outcomes[outcome]}" for outcome in Outcome if outcome in outcomes)


def _legend(made: Results) -> str:
    """What the outcomes mean that are there."""
    seen = {each.outcome for each in made.results}
    said = [f"`{outcome}`: {meaning}." for outcome, meaning in MEANINGS.items() if outcome in seen]
    if any(each.by_chance for each in made.results):
        said.append("Behind it how often: `hung 3/15` is in 3 of 15, where chance decides.")
    return f"`heartbed probes {made.probe.partition(':')[0]}` tells what is done. {' '.join(said)}"


def _table(
    head: str, columns: Sequence[str], rows: Mapping[str, Sequence[Result]], column: Callable[[Result], str]
) -> list[str]:
    lines = [f"| {' | '.join([head, *columns])} |", f"|{'---|' * (len(columns) + 1)}"]
    for name, some in rows.items():
        by_column = {column(each): each.words for each in some}
        lines.append(f"| {' | '.join([name, *(by_column.get(each, '') for each in columns)])} |")
    return lines


def _unlike(made: Results) -> list[str]:
    """What has no verdict, with its reason."""
    without = made.without_verdict
    return ["", "No verdict:", "", *(f"- `{each.cell}`: {each.why}" for each in without)] if without else []


def table(made: Results) -> Table:
    """For the terminal: a row for each configuration, a column for each release."""
    columns = Table(box=None, pad_edge=False, header_style="bold")
    columns.add_column("")
    for release in made.releases:
        columns.add_column(release)
    rows: dict[str, dict[str, str]] = {}
    for each in made.results:
        rows.setdefault(f"{each.column} {each.row}", {})[each.version] = each.words
    for name, words in rows.items():
        columns.add_row(name, *(words.get(release, "") for release in made.releases))
    return columns
