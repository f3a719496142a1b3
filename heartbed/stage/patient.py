"""An HTTP request that is given up for what goes on at the other end, and not by the clock alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.response import BaseHTTPResponse
from urllib3.util.wait import wait_for_read

POLL_S = 0.25


def send(  # noqa: PLR0913, PLR0917  a request, and how long it is waited for
    method: str,
    url: str,
    data: bytes | None,
    headers: Mapping[str, str],
    timeout: tuple[float, float],
    given_up: Callable[[], bool],
) -> requests.Response:
    """As ``requests.request``, with a ``ReadTimeout`` as soon as it is ``given_up`` while no answer has begun."""
    with requests.Session() as session:
        session.trust_env = False  # cells are reached directly, whatever proxy the user's environment names
        session.mount("http://", _Adapter(given_up))
        return session.request(method, url, data=data, headers=dict(headers), timeout=timeout)


class _Adapter(HTTPAdapter):
    """Opens connections that may be given up."""

    def __init__(self, given_up: Callable[[], bool]) -> None:
        self._given_up = given_up
        super().__init__()

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        """Have the pools make such connections."""
        super().init_poolmanager(*args, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _pool(self._given_up)}


def _pool(given_up: Callable[[], bool]) -> type[HTTPConnectionPool]:
    class Connection(HTTPConnection):
        """Waits for the answer in steps."""

        def getresponse(self) -> BaseHTTPResponse:  # type: ignore[override]  # urllib3 narrows it likewise
            """The answer. Raises ``TimeoutError`` where it is given up before."""
            while self.sock is not None and not wait_for_read(self.sock, POLL_S):
                if given_up():
                    raise TimeoutError
            return super().getresponse()

    class Pool(HTTPConnectionPool):
        """A pool of those."""

        ConnectionCls = Connection

    return Pool
