"""Checks a candidate: alone with its mends in one window, and with pairs of changes where no single one mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heartbed.candidates.changes import takes_library
from heartbed.candidates.prepared import Draft
from heartbed.cells.subject import Scenario
from heartbed.errors import HeartbedError
from heartbed.studies import matrix, mend
from heartbed.studies.check.candidates import CandidateSession, accepted, play, ready, with_application, workable
from heartbed.studies.check.checked import FIRST, Checked
from heartbed.wording import count


@dataclass(frozen=True)
class Changes:
    """Which changes are tried: none unless ``wanted``, and none of those that the user has ruled out."""

    ruled_out: Sequence[str] = ()
    wanted: bool = True


def check(session: CandidateSession, drafted: Draft, changes: Changes) -> Checked:
    """The candidate's verdict and those of the changes to it, which are written beside the record.

    Raises ``InputError`` for a candidate that the server does not accept, or that does not start.
    """
    drafted = with_application(session, drafted)
    wished = drafted.wishes.cell
    other = changes.wanted and takes_library(drafted.wishes.own)
    here = mend.versions_beside(wished.oslo, session.versions_here()) if other else []
    beside, impossible = workable(session, wished, here)
    prepared = ready(session, drafted, beside)
    own = prepared.candidate
    mends = mend.mends(prepared, session.workbench, beside, changes.ruled_out) if changes.wanted else []
    mends, left = accepted(session, prepared, mends)
    cells = [own, *(each.candidate for each in mends)]
    now, later = stages(session.settings.scenarios)
    data, dropped = play(session.under(now), cells, [prepared], needed=frozenset({own.name}))
    checked = Checked.of(prepared, mends, data, {**impossible, **left, **dropped})
    checked = _on_what_remains(session.under(later), checked, own=True)
    if checked.verdict.outcome.bad and mends and not checked.keeping:
        session.say("no single change keeps the connections: trying pairs")
        try:
            pairs = mend.pairs(prepared, session.workbench, beside, changes.ruled_out)
            checked = _with_pairs(session.under(now), checked, pairs)
            checked = _on_what_remains(session.under(later), checked, own=False)
        except HeartbedError as error:
            # What is known of the file and of single changes is known all the same.
            session.say(f"the pairs could not be tried: {error.message}")
    checked.save()
    return checked


def stages(scenarios: Sequence[Scenario]) -> tuple[list[Scenario], list[Scenario]]:
    """What is played on the file and on each change, and what on the file and on those only that survive that.

    Idling and load decide about most changes; where neither is asked for, all is played at once.
    """
    first = [each for each in scenarios if each.probe in FIRST]
    return (first, [each for each in scenarios if each not in first]) if first else (list(scenarios), [])


def _on_what_remains(session: CandidateSession, checked: Checked, *, own: bool) -> Checked:
    """Play further probes on what has survived so far, and on the file itself where it was not yet."""
    names = ", ".join(each.name for each in session.settings.scenarios)
    survivors = [each.mend.candidate for each in (*checked.tried, *checked.pairs) if each.survives]
    cells = [checked.prepared.candidate, *survivors] if own else survivors
    if not names or not cells:
        return checked
    session.say(
        f"{names}: on {count(len(survivors), 'change')} that survived{' and on the file itself' if own else ''}"
    )
    needed = frozenset({checked.prepared.candidate.name} if own else ())
    data, dropped = play(session, cells, [checked.prepared], needed=needed)
    return checked.under(data, dropped)


def _with_pairs(session: CandidateSession, checked: Checked, pairs: list[mend.Mend]) -> Checked:
    good, left = accepted(session, checked.prepared, pairs)
    batches = matrix.batches([each.candidate for each in good])
    played = [play(session, batch) for batch in batches]
    dropped = {name: reason for _, some in played for name, reason in some.items()}
    return checked.with_pairs(good, [data for data, _ in played], {**left, **dropped})
