"""Checks a candidate: alone with its mends in one window, and with pairs of changes where no single one mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heartbed.candidates.prepared import Draft
from heartbed.errors import HeartbedError
from heartbed.studies import matrix, mend
from heartbed.studies.check.candidates import CandidateSession, accepted, play, ready, workable
from heartbed.studies.check.checked import Checked


@dataclass(frozen=True)
class Changes:
    """Which changes are tried: none unless ``wanted``, and none of those that the user has ruled out."""

    ruled_out: Sequence[str] = ()
    wanted: bool = True


def check(session: CandidateSession, drafted: Draft, changes: Changes) -> Checked:
    """The candidate's verdict and those of the changes to it, which are written beside the record.

    Raises ``InputError`` for a candidate that the server does not accept, or that does not start.
    """
    wished = drafted.wishes.cell
    here = mend.versions_beside(wished.oslo, session.versions_here()) if changes.wanted else []
    beside, impossible = workable(session, wished, here)
    prepared = ready(session, drafted, beside)
    own = prepared.candidate
    mends = mend.mends(prepared, session.workbench, beside, changes.ruled_out) if changes.wanted else []
    mends, left = accepted(session, prepared, mends)
    cells = [own, *(each.candidate for each in mends)]
    data, dropped = play(session, cells, [prepared], needed=frozenset({own.name}))
    checked = Checked.of(prepared, mends, data, {**impossible, **left, **dropped})
    if checked.verdict.outcome.bad and mends and not checked.keeping:
        session.say("no single change keeps the connections: trying pairs")
        try:
            checked = _with_pairs(session, checked, mend.pairs(prepared, session.workbench, beside, changes.ruled_out))
        except HeartbedError as error:
            # What is known of the file and of single changes is known all the same.
            session.say(f"the pairs could not be tried: {error.message}")
    checked.save()
    return checked


def _with_pairs(session: CandidateSession, checked: Checked, pairs: list[mend.Mend]) -> Checked:
    good, left = accepted(session, checked.prepared, pairs)
    batches = matrix.batches([each.candidate for each in good], matrix.available_octets()) if good else ()
    played = [play(session, batch) for batch in batches]
    dropped = {name: reason for _, some in played for name, reason in some.items()}
    return checked.with_pairs(good, [data for data, _ in played], {**left, **dropped})
