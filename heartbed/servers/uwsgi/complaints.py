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
        hint="what uWSGI logged is above",
    )


def _telling(log: Sequence[str]) -> list[str]:
    """The lines of uWSGI's log that are about an error, else the last ones."""
    errors = [line for line in log if re.search(r"Error|Traceback|unable to|UNABLE|!!!|cannot", line)]
    errors = [line for line in errors if "no internal routing" not in line]
    return [line[:300] for line in (errors or log)][-8:]
