"""The one address at which uWSGI is asked here, of those that a user's file has, and the protocol spoken there."""

from __future__ import annotations

from heartbed.candidates.source import where
from heartbed.errors import InputError
from heartbed.places import HTTP_PORT
from heartbed.servers.uwsgi import rules
from heartbed.servers.uwsgi.adapted import UwsgiAdapted
from heartbed.servers.uwsgi.application import Place
from heartbed.servers.uwsgi.ini import last

SOCKET = "/run/heartbed/uwsgi.sock"
"""Where uwsgi_conf/proxy.conf, the httpd in front, finds uWSGI."""


def one_address(adapted: UwsgiAdapted, places: list[Place]) -> None:
    """Leave one address to be asked at: one that speaks HTTP if there is any, else a socket behind httpd.

    What speaks what the testbed does not is set aside. Raises ``InputError`` for a protocol that uWSGI does not know.
    """
    spoken = _protocol(places)
    if spoken not in rules.SPOKEN:
        for place in places:
            if place[1].key in rules.PROTOCOLS:
                adapted.put(place, None, rules.OTHER_PROTOCOL)
    over_http = [place for place in places if place[1].key in (*rules.HTTP, *rules.TLS)]
    sockets = [place for place in places if place[1].key in rules.UWSGI]
    chosen = next(iter(over_http or sockets), None)
    for place in over_http + sockets:
        option = place[1]
        if place != chosen:
            adapted.put(place, None, "one address is enough here")
        elif option.key in rules.UWSGI and not (option.key == "socket" and spoken in ("http", "http11")):
            adapted.front = "proxied"
            adapted.put(place, f"{option.key} = {SOCKET}", "where the httpd in front of it looks")
        else:
            key = rules.TLS.get(option.key, option.key)
            tls = "; TLS is off" if option.key in rules.TLS else ""
            adapted.put(place, f"{key} = :{HTTP_PORT}", f"the testbed asks on port {HTTP_PORT}{tls}")
    adapted.speaks = chosen[1].key if chosen else ""


def _protocol(places: list[Place]) -> str:
    """What sockets speak of which no line says it: the last one that is named; ``uwsgi`` where none is, or unknown."""
    found = last([option for _, option in places], *rules.PROTOCOLS)
    if found is None or "$" in found.value:
        return "uwsgi"
    file = next(file for file, option in places if option is found)
    if found.value == "raw":
        raise InputError(f"{where(file, found.line)}: {found.key} = raw {rules.RAW}")
    if found.value not in (*rules.SPOKEN, *rules.OTHER_PROTOCOLS):
        raise InputError(
            f"{where(file, found.line)}: uWSGI knows no protocol {found.value!r}, and does not start",
            hint=f"it has {', '.join(sorted((*rules.SPOKEN, *rules.OTHER_PROTOCOLS)))}",
        )
    return found.value
