"""What became of a configuration under each probe, in a few words."""

from __future__ import annotations

from collections.abc import Sequence

from heartbed.report.words import phrases
from heartbed.verdict.answer import when
from heartbed.verdict.values import CellVerdict, Outcome
from heartbed.wording import count


def fate(verdicts: Sequence[CellVerdict], heartbeat_s: float) -> str:
    """``kept``; with the probes where it fared differently under several, what is worst last.

    For example ``kept when idle; 3 of 64 requests never returned under burst``.
    """
    by_words: dict[str, list[CellVerdict]] = {}
    for each in sorted(verdicts, key=lambda each: -each.outcome.rank):
        by_words.setdefault(said(each, heartbeat_s), []).append(each)
    if len(by_words) == 1:
        return next(iter(by_words))
    return "; ".join(f"{words} {when(*(each.probe for each in some))}" for words, some in by_words.items())


def said(verdict: CellVerdict, heartbeat_s: float) -> str:
    """What became of it under one probe; of bursts that hung, how many requests did."""
    if verdict.outcome is Outcome.HUNG and verdict.bursts:
        return _hung(verdict)
    return ", ".join(phrase.text for phrase in phrases(verdict, heartbeat_s))


def _hung(verdict: CellVerdict) -> str:
    sent, hung = (sum(getattr(burst, name) for burst in verdict.bursts) for name in ("sent", "hung"))
    silent = sum(burst.never_returned for burst in verdict.bursts)
    told = [f"{silent} of {count(sent, 'request')} never returned"] if silent else []
    told += [f"{hung - silent} of {count(sent, 'request')} got no reply over RabbitMQ"] if hung > silent else []
    tries = verdict.tries
    chance = tries is not None and tries.by_chance and tries.tried > 1
    in_some = f" (in {tries.seen} of {count(tries.tried, tries.what)})" if tries is not None and chance else ""
    return " and ".join(told) + in_some
