"""Which of the applications of a configuration is checked."""

from __future__ import annotations

from collections.abc import Sequence

from heartbed.errors import InputError
from heartbed.servers.httpd.applications import Application
from heartbed.servers.httpd.inquiry import Asked, InForce


def choose(found: Sequence[Asked], vhost: str | None, path: str | None, shown: str) -> Asked:
    """The application that is wanted, or the only one; the first where all are hosted alike, at a root if it has one.

    Raises ``InputError`` where the user must say which.
    """
    wanted = [each for each in found if vhost is None or _is(each.application, vhost)]
    if not wanted:
        raise InputError(
            f"{shown} has no virtual host {vhost!r} with a WSGI application", hint=f"there are: {_in_words(found)}"
        )
    at_path = [each for each in wanted if path is None or path.rstrip("/") == each.application.url]
    if not at_path:
        raise InputError(f"{shown} has no WSGI application at {path}", hint=f"there are: {_in_words(wanted)}")
    answering = [each for each in at_path if each.in_force]
    answering = [each for each in answering if not each.application.may_be_none] or answering or at_path
    if len({_hosted(each.in_force) for each in answering}) > 1:
        here = " that answer here" if len(answering) < len(at_path) else ""
        raise InputError(
            f"{shown} runs {len(answering)} WSGI applications{here}, not all in the same way: --vhost NAME (or PORT) "
            "and --path /URL choose",
            hint=f"there are: {_in_words(answering)}",
        )
    first = answering[0]
    at_root = (each for each in answering if not each.application.url)
    return next((each for each in at_root if each.application.script == first.application.script), first)


def others(chosen: Asked, found: Sequence[Asked]) -> list[str]:
    """What else the configuration runs, in words."""
    mine = chosen.application
    stands = [f"the URL chooses the script: {mine.url} -> {mine.script} stands for all others (--path /URL)"]
    return stands * mine.is_example + [
        f"not this, but also here: {each.application.label}{_at_all(each)} (--vhost, --path)"
        for each in found
        if each is not chosen
        and not (each.application.by_handler and each.in_force is None)
        and not each.application.may_be_none
    ]


def _at_all(asked: Asked) -> str:
    return "" if asked.in_force or asked.by_it else " (which does not answer)"


def _hosted(found: InForce | None) -> tuple[object, ...]:
    return (bool(found.group), found.processes, found.threads) if found else ()


def _in_words(found: Sequence[Asked]) -> str:
    words = []
    for each in found:
        group = each.in_force.group if each.in_force else None
        where = {None: "does not answer", "": "embedded"}.get(group, f"daemon process group {group}")
        words.append(f"{each.application.label} ({where})")
    return "; ".join(dict.fromkeys(words))


def _is(application: Application, wanted: str) -> bool:
    host = application.host
    if host is None:
        return wanted in ("main", "_default_")
    ports = {address.rpartition(":")[2] for address in host.words}
    return wanted in application.names or wanted in host.words or wanted.removeprefix("*:") in ports
