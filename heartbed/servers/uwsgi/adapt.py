"""What is replaced in the copy of a user's configuration so that uWSGI can run it in the testbed, and why."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from heartbed.candidates.adapted import Adapted, Replacement
from heartbed.candidates.source import where
from heartbed.candidates.values import MOST_PROCESSES, leading_number
from heartbed.errors import InputError
from heartbed.places import HTTP_PORT
from heartbed.servers.uwsgi import rules
from heartbed.servers.uwsgi.application import Application, Place, choose
from heartbed.servers.uwsgi.ini import INCLUDES, is_on, last
from heartbed.servers.uwsgi.source import UwsgiSource

SOCKET = "/run/heartbed/uwsgi.sock"
"""Where uwsgi_conf/proxy.conf, the httpd in front, finds uWSGI."""


@dataclass(kw_only=True)
class UwsgiAdapted(Adapted):
    """A configuration of uWSGI's made ready for the testbed. ``front`` is the factor of that name."""

    source: UwsgiSource
    application: Application
    beside: tuple[str, ...] = ()
    """Where it mounts others."""
    front: str = "direct"
    needs_master: str = ""
    """An option that is dropped, and for which uWSGI would have started its master."""
    gevents: bool = False
    """Whether it may run in gevent's loop: uWSGI says whether it does."""
    speaks: str = ""
    """The option by which it is asked, as the user has it; empty where the file has none."""

    def put(self, place: Place, text: str | None, reason: str) -> None:
        """Have a line of the user's read otherwise, or not at all."""
        file, option = place
        was = file.lines[option.line - 1].strip()
        if text != was:
            self.add(Replacement(file.inside, option.line, option.line, text, reason, was))


def adapt(source: UwsgiSource, wanted: str | None) -> UwsgiAdapted:
    """Apply every rule. ``wanted`` is the mount point of the application. Raises ``InputError``."""
    places = list(source.all())
    gevents = rules.has_gevents_loop(option for _, option in places)
    for file, option in places:
        if gevents and (option.key == "async" or (option.key, option.value) == ("loop", "gevent")):
            continue
        if reason := rules.REFUSED.get(option.key):
            raise InputError(f"{where(file, option.line)}: {option.key} {reason}")
        if option.key in rules.PROTOCOLS and rules.protocol(option) not in ("http", "uwsgi", ""):
            raise InputError(f"{where(file, option.line)}: the testbed cannot ask over {option.value!r}")
    application, beside = choose(source, places, wanted)
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
    _address(adapted, places)
    run_ours(adapted, places)
    _size(adapted, places)
    return adapted


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


def _address(adapted: UwsgiAdapted, places: list[Place]) -> None:
    """Leave one address to be asked at: one that speaks HTTP if there is any, else a socket behind httpd."""
    speaks_http = any(o.key in rules.PROTOCOLS and rules.protocol(o) == "http" for _, o in places)
    over_http = [place for place in places if place[1].key in (*rules.HTTP, *rules.TLS)]
    sockets = [place for place in places if place[1].key in rules.UWSGI]
    chosen = next(iter(over_http or sockets), None)
    for place in over_http + sockets:
        option = place[1]
        if place != chosen:
            adapted.put(place, None, "one address is enough here")
        elif option.key in rules.UWSGI and not speaks_http:
            adapted.front = "proxied"
            adapted.put(place, f"{option.key} = {SOCKET}", "where the httpd in front of it looks")
        else:
            key = rules.TLS.get(option.key, option.key)
            tls = "; TLS is off" if option.key in rules.TLS else ""
            adapted.put(place, f"{key} = :{HTTP_PORT}", f"the testbed asks on port {HTTP_PORT}{tls}")
    adapted.speaks = chosen[1].key if chosen else ""


def fewer(adapted: UwsgiAdapted, place: Place, why: str) -> None:
    """Have no more processes than show everything."""
    text = f"{place[1].key} = {MOST_PROCESSES}"
    adapted.put(place, text, f"{why}{MOST_PROCESSES} processes show it all")


def _size(adapted: UwsgiAdapted, places: list[Place]) -> None:
    for place in places:
        _, option = place
        if option.key in rules.PROCESSES and (leading_number(option.value) or 0) > MOST_PROCESSES:
            fewer(adapted, place, "")
