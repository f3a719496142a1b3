"""What is said of a configuration that uWSGI refuses, or under which the application does not answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from heartbed.candidates.container import Ran
from heartbed.candidates.prepared import Draft
from heartbed.candidates.source import where
from heartbed.errors import InputError
from heartbed.servers.uwsgi.prepared import UwsgiPrepared

CHATTER = re.compile(r"INI configuration|^\s*$|^[;\[]|^[\w-]+ = |detected|compiled with|^os:|nodename|machine:|clock")


def refused(draft: Draft, ran: Ran) -> InputError:
    """What uWSGI has against the copy."""
    log = [line[:300] for line in (ran.output + ran.errors).splitlines() if not CHATTER.search(line)][-6:]
    ended = f"was ended by signal {-ran.code}" if ran.code < 0 else f"ended with exit code {ran.code}"
    hint = "its own words are above" if log else f"it {ended}, and did not say why"
    return InputError(f"{draft.source.main.shown}: uWSGI does not start on it", log=log, hint=hint)


def answers(prepared: UwsgiPrepared, answer: Mapping[str, Any]) -> None:
    """Raise ``InputError`` unless the application answered ``GET`` at its root with a success."""
    status = answer["status"]
    if status is not None and status < 300:
        return
    place = prepared.draft.adapted.application.place
    asked = f"GET {prepared.candidate.mount}/"
    said = f"does not answer: {answer['text']}" if status is None else f"answers {asked} with {status}"
    here = where(place[0], place[1].line) if place else prepared.draft.source.main.shown
    raise InputError(
        f"{here}: uWSGI starts on it but {said}",
        log=_telling(answer["log"]),
        hint=AFTER_FORK if any(UNLOCKED in line for line in answer["log"]) else "what uWSGI logged is above",
    )


UNLOCKED = "PyMutex_Unlock: unlocking mutex that is not locked"
AFTER_FORK = (
    "so ends each worker of uWSGI up to 2.0.31 with py-call-osafterfork on Python 3.13 (unbit/uwsgi issue 2710): leave "
    "the option out in a copy of the file, or try --python 3.11"
)

TELLING = re.compile(r"Error|Traceback|unable to|UNABLE|!!!|cannot|\bFatal\b.* error|\bDAMN\b|Exception")
ASIDE = re.compile(r"no internal routing|^worker respawning too fast")
"""What a line of uWSGI's log may have that is about an error, and what such lines need not be shown."""

NUMBERS = re.compile(r"\d+")


def _telling(log: Sequence[str]) -> list[str]:
    """The lines of uWSGI's log that are about an error, else the last ones; of those that are alike the first."""
    errors = [line for line in log if TELLING.search(line) and not ASIDE.search(line)]
    if not errors:
        return [line[:300] for line in log][-8:]
    alike: dict[str, str] = {}
    for line in errors:
        alike.setdefault(NUMBERS.sub("", line), line[:300])
    return [*alike.values()][-8:]
