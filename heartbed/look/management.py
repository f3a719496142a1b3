"""The broker's management API, which is only read: what it says of its connections."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import requests

from heartbed.errors import InputError
from heartbed.record.event import Event
from heartbed.record.kinds import LookBroker

DEADLINE_S = 5.0
COLUMNS = "name,peer_host,peer_port,timeout,user_provided_name,connected_at,recv_oct,send_oct,state"


class RefusedError(Exception):
    """Why the broker said nothing."""


@dataclass(frozen=True)
class Management:
    """Where the API is, and as whom it is asked. ``url`` has no password in it."""

    url: str
    user: str = ""
    password: str = field(default="", repr=False)

    def connections(self) -> list[Event[LookBroker]]:
        """All connections of the broker. Raises ``RefusedError``."""
        try:
            return list(_events(self._get("connections", COLUMNS)))
        except (ValueError, TypeError, AttributeError, KeyError):
            raise RefusedError(f"what answers at {self.url} is no management API of RabbitMQ's") from None

    def log_files(self) -> list[str]:
        """The paths of its nodes' logs, each on its own host. Raises ``RefusedError``."""
        try:
            return [str(path) for node in self._get("nodes", "log_files") for path in node.get("log_files", ())]
        except (ValueError, TypeError, AttributeError):
            raise RefusedError(f"the broker's management API at {self.url} does not say where its log is") from None

    def _get(self, what: str, columns: str) -> Any:
        try:
            answer = requests.get(
                f"{self.url}/api/{what}",
                params={"columns": columns},
                auth=(self.user, self.password) if self.user else None,
                timeout=DEADLINE_S,
            )
        except requests.RequestException as error:
            raise RefusedError(f"the broker's management API does not answer at {self.url}: {_short(error)}") from None
        if answer.status_code == 401:
            who = f"the user {self.user!r}" if self.user else "anybody without a user"
            raise RefusedError(f"the broker's management API at {self.url} refuses {who}: name user and password")
        if answer.status_code >= 400:
            raise RefusedError(f"the broker's management API at {self.url} answers with HTTP {answer.status_code}")
        return answer.json()


def management(text: str) -> Management:
    """The API of an address like ``http://user:password@host:15672``. Raises ``InputError``."""
    hint = "for example --broker http://monitor:password@rabbit1:15672"
    try:
        parts = urlsplit(text)
    except ValueError:
        raise InputError("--broker: the host between [ and ] is not an IPv6 address", hint=hint) from None
    try:
        port = parts.port
    except ValueError:
        raise InputError("--broker: the port is not a number from 0 to 65535", hint=hint) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(
            "--broker is not the address of a management API: it begins with http:// or https://", hint=hint
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{host}:{port}" if port else host
    url = urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))
    return Management(url, unquote(parts.username or ""), unquote(parts.password or ""))


def _events(told: Any) -> Iterator[Event[LookBroker]]:
    for each in told:
        host, port = each.get("peer_host"), each.get("peer_port")
        if isinstance(host, str) and isinstance(port, int):
            yield Event(_connection(each), conn=f"{host.removeprefix('::ffff:')}:{port}")


def _connection(each: Mapping[str, Any]) -> LookBroker:
    connected = each.get("connected_at")
    timeout = each.get("timeout")
    return LookBroker(
        timeout_s=float(timeout) if isinstance(timeout, int | float) else None,
        name=each.get("user_provided_name") or None,
        connected=connected / 1000 if isinstance(connected, int | float) else None,
        received=each.get("recv_oct"),
        sent=each.get("send_oct"),
        state=each.get("state"),
    )


def _short(error: Exception) -> str:
    """The last and innermost reason of requests' long ones."""
    found = re.findall(r"\[Errno [^\]]*\] ([^'\")]+)|(timed out)|(CERTIFICATE_VERIFY_FAILED[^)]*)", str(error))
    return next((word for group in reversed(found) for word in group if word), type(error).__name__)
