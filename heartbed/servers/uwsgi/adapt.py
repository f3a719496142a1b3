"""What is replaced in the copy of a user's configuration so that uWSGI can run it in the testbed, and why."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from heartbed.candidates.source import where
from heartbed.candidates.values import MOST_PROCESSES, leading_number
from heartbed.errors import InputError
from heartbed.servers.uwsgi import rules
from heartbed.servers.uwsgi.adapted import UwsgiAdapted
from heartbed.servers.uwsgi.addresses import one_address
from heartbed.servers.uwsgi.application import Place, choose
from heartbed.servers.uwsgi.ini import INCLUDES, is_on, last
from heartbed.servers.uwsgi.source import UwsgiSource


def adapt(source: UwsgiSource, wanted: str | None, defined: Mapping[str, str] | None = None) -> UwsgiAdapted:
    """Apply every rule. Raises ``InputError``.

    ``wanted`` is the mount point of the application, ``defined`` the variables that its uWSGI is started with.
    """
    places = list(source.all())
    gevents = rules.has_gevents_loop(option for _, option in places)
    for file, option in places:
        if gevents and (option.key == "async" or (option.key, option.value) == ("loop", "gevent")):
            continue
        if reason := rules.REFUSED.get(option.key):
            raise InputError(f"{where(file, option.line)}: {option.key} {reason}")
    in_reach = reached(source, defined or {})
    always = [*rules.unconditional(option for _, option in places)]
    application, beside = choose(source, in_reach, wanted, always)
    adapted = UwsgiAdapted(source=source, application=application, beside=beside, gevents=gevents)
    has_master = is_on(last([option for _, option in places], "master"))
    for place in places:
        file, option = place
        if option.key in INCLUDES:
            target = os.path.relpath(source.includes[file.inside, option.line], Path(file.inside).parent)
            section = source.sections[file.inside, option.line]
            named = f"{target}:{section}" if ":" in option.value else target
            adapted.put(place, f"{option.key} = %d{named}", "the copy of what it includes")
        elif option.key in rules.PROTOCOLS and "$" in option.value:
            adapted.put(place, None, "the container has no such variable of yours: the uwsgi protocol is spoken")
        elif reason := rules.dropped(option):
            adapted.put(place, None, reason)
            if option.key.startswith(rules.MASTER) and not has_master:
                adapted.needs_master = option.key
    one_address(adapted, in_reach)
    run_ours(adapted, in_reach)
    _size(adapted, places)
    return adapted


def reached(source: UwsgiSource, defined: Mapping[str, str]) -> list[Place]:
    """The lines that uWSGI may read where it is started with these variables, with what ``%(_)`` is there."""
    places = list(source.all())
    found = rules.reached([option for _, option in places], defined)
    return [(file, option) for (file, _), option in zip(places, found, strict=True) if option]


def run_ours(adapted: UwsgiAdapted, places: list[Place]) -> None:
    """Have the chosen application be the only one, at the place where it can be put here."""
    chosen = adapted.application
    for place in places:
        _, option = place
        if place == chosen.place:
            named = f"mount = {chosen.mount}={chosen.script}" if chosen.mount else f"wsgi-file = {chosen.script}"
            if chosen.script not in option.value:
                adapted.put(place, named, "Heartbed's application stands where yours would")
        elif option.key in rules.APPLICATIONS:
            adapted.put(place, None, "another application")
        elif option.key == "callable" and option.value != "application":
            adapted.put(place, "callable = application", "Heartbed's application stands where yours would")


def fewer(adapted: UwsgiAdapted, place: Place, why: str) -> None:
    """Have no more processes than show everything."""
    text = f"{place[1].key} = {MOST_PROCESSES}"
    adapted.put(place, text, f"{why}{MOST_PROCESSES} processes show it all")


def _size(adapted: UwsgiAdapted, places: list[Place]) -> None:
    for place in places:
        _, option = place
        if option.key in rules.PROCESSES and (leading_number(option.value) or 0) > MOST_PROCESSES:
            fewer(adapted, place, "")
