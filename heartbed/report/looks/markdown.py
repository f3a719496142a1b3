"""``look.md``: a look as a comment on a bug."""

from __future__ import annotations

from collections.abc import Iterator

from heartbed.report.formats.markdown import escaped
from heartbed.report.look_words import ago, details, groups, reasons, verdict_words, waiting
from heartbed.report.words import sentence
from heartbed.verdict.look.values import LookVerdict

FILE = "look.md"


def render(look: LookVerdict) -> str:
    """A table for each server, why, and the command for the testbed."""
    return "\n".join(_lines(look)).rstrip() + "\n"


def _lines(look: LookVerdict) -> Iterator[str]:
    yield from (f"**{escaped(look.answer)}**", "")
    for group in groups(look):
        yield from (f"#### {escaped(group.title)}", "", escaped(group.about), "")
        yield from ("| process | connection | sent | heard | waits | verdict |", "|---|---|---|---|---|---|")
        for process in group.processes:
            for each in process.connections:
                cells = (str(each.pid), each.conn, ago(each.sent_ago_s), ago(each.heard_ago_s), waiting(each))
                yield f"| {' | '.join(map(escaped, (*cells, verdict_words(each))))} |"
        yield ""
        lines = [line for process in group.processes for line in (*reasons(process), details(process)) if line]
        yield from (f"- {escaped(sentence(line))}" for line in dict.fromkeys(lines))
        for command in group.commands:
            yield from ("", "In the testbed:", "", f"    {command}")
        yield ""
    for each_missing in look.missing:
        yield f"Not seen: {escaped(each_missing)}."
