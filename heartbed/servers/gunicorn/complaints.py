"""What is said of a configuration that gunicorn refuses, or under which the application does not answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from heartbed.candidates.prepared import Draft
from heartbed.errors import InputError
from heartbed.servers.gunicorn.adapt import tree_of
from heartbed.servers.gunicorn.conf import asked_for, line_of
from heartbed.servers.gunicorn.draft import GunicornDraft, GunicornPrepared
from heartbed.servers.gunicorn.shape import CLASSES, PATCHING, Shape


def refused(draft: Draft, output: str) -> InputError:
    """What gunicorn has against the file."""
    log = [line[:300] for line in output.splitlines() if line.strip()]
    text = "\n".join(log)
    shown = draft.source.main.shown
    if found := re.search(r"No module named '([^']+)'", text):
        return InputError(
            f"{shown} imports {found[1]}, which is not in the testbed",
            log=log[-6:],
            hint="this form of importing what the testbed lacks is not covered: leave the line out in a copy",
        )
    if "Invalid value for config:" in text:
        line = line_of(tree_of(draft.adapted), "config")
        return InputError(
            f"{shown}:{line}: config is the name of a setting of gunicorn's, which does not start where it is no path",
            log=log[-6:],
            hint="import it by another name",
        )
    if found := re.search(r"Invalid value for (\w+): None", text):
        return InputError(
            f"{shown}: {found[1]} is None here: it may be a variable of your environment, which the container lacks",
            log=log[-6:],
            hint=f"--define {asked_for(tree_of(draft.adapted), found[1]) or 'NAME'}=VALUE says what it is there",
        )
    if found := re.search(r"the variable (\w+) is not in the testbed|KeyError: '([^']+)'", text):
        return _unset(shown, found[1] or found[2], log)
    if "is not in the testbed" in text or "'Absent'" in text:
        return _undecided(shown, text, log)
    return InputError(f"{shown}: gunicorn does not start on it", log=log[-8:], hint="its own words are above")


def _unset(shown: str, name: str, log: list[str]) -> InputError:
    return InputError(
        f"{shown} reads {name}, which is not in the container, where it may be in your environment",
        log=log[-6:],
        hint=f"--define {name}=VALUE says what it is there",
    )


def _undecided(shown: str, text: str, log: list[str]) -> InputError:
    """Of a file in which something hangs on a module that is not here."""
    setting = re.search(r"Invalid value for (\w+): <?(.+?)(?: is not in the testbed>)?$", text, re.MULTILINE)
    missing = re.search(r"(\S+) is not in the testbed", text)
    told = f"something hangs on {missing[1]}" if missing else "something hangs on a module"
    told = f"{setting[1]} is what {setting[2]} says" if setting else told
    return InputError(
        f"{shown}: {told}, which is not in the testbed: this form is not covered",
        log=log[-6:],
        hint="write the value itself into a copy of the file",
    )


def check_class(draft: GunicornDraft, found: Shape) -> None:
    """Raise ``InputError`` for a class of workers that the testbed does not cover."""
    line = line_of(tree_of(draft.adapted), "worker_class")
    if found.worker_class in PATCHING and found.worker_class != draft.patching:
        raise InputError(
            f"{draft.source.main.shown}:{line}: worker_class {found.worker_class} comes from elsewhere than the file, "
            "which is read without that library",
            hint=f"write worker_class = '{found.worker_class}' into a copy of it",
        )
    if found.worker_class in CLASSES.values():
        return
    near = next((each for each in PATCHING if each in found.worker_class.lower()), "")
    like = "one that is made from these is like them"
    like = f"worker_class = '{near}' in a copy of the file says what those would do" if near else like
    raise InputError(
        f"{draft.source.main.shown}:{line}: worker_class {found.worker_class} is not covered",
        hint="such workers serve ASGI applications, and what is tested here are WSGI applications"
        if re.search("uvicorn|asgi", found.worker_class, re.IGNORECASE)
        else f"files are run with sync, gthread, gevent and eventlet workers; {like}",
    )


def answers(prepared: GunicornPrepared, answer: Mapping[str, Any]) -> None:
    """Raise ``InputError`` unless the application answered ``GET`` at its root with a success."""
    status = answer["status"]
    if status is not None and status < 300:
        return
    said = f"does not answer: {answer['text']}" if status is None else f"answers GET / with {status}"
    raise InputError(
        f"{prepared.draft.source.main.shown}: gunicorn starts on it but the application {said}",
        log=_telling(answer["log"]),
        hint="what gunicorn logged is above",
    )


def _telling(log: Sequence[str]) -> list[str]:
    """The lines of gunicorn's log that are about an error, else the last ones."""
    errors = [line for line in log if re.search(r"Error|Traceback|CRITICAL|\[ERROR\]|Exception", line)]
    return [line[:300] for line in (errors or log)][-8:]
