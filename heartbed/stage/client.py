"""Asks a cell over HTTP, as an API user would, and records what that cost."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import requests
from pydantic import ValidationError

from heartbed.applications.requests import MINIMAL, HttpRequest, Requests
from heartbed.errors import NoEngineError, TestbedError
from heartbed.record.bus import Emit
from heartbed.record.event import Event
from heartbed.record.kinds import YIELDING, AppFacts, Request
from heartbed.stage import patient
from heartbed.wording import seconds

GRACE_S = 2.0
"""A request that has not been answered so long after its RPC must have timed out will not be answered at all."""

SLOWNESS = 3.0
"""So many times as long as the slowest request before idling took is a request given beside that: a busy machine opens
connections again as slowly as it has opened them, and an answer that is late is not one that never comes."""

CONNECT_S = 5.0
"""A server that does not take a connection within this time takes none."""

WAKE_S = 60.0
"""How long an application may take to be imported, and how late an answer may come while the cell works for it."""

LITTLE_S = 2.0
"""Less work than this need not be told: the last second is not known yet."""

Phase = Literal["open", "before", "during", "after"]
BEFORE_IDLE = ("open", "before")
LOOK_IN = "X-Heartbed-Look-In"
"""See ``wsgi_app/dump.py``."""


@dataclass(frozen=True)
class Woken:
    """What became of a request that wakes a process: no status, and the reason as ``text``, while nothing answers."""

    status: int | None
    text: str
    pid: int | None = None


class Client:
    """Requests to one cell. Each uses a TCP connection of its own, as load balancers' do.

    ``look_in_s``: a process is asked to look at itself so many seconds after
    the last answer that it gave before it is left alone. ``still_s`` tells for
    how long the cell has stood still since a moment (epoch seconds): a request
    is given up for that, and not while the cell works.
    """

    def __init__(  # noqa: PLR0913, PLR0917  what one cell is asked, where, how, and who is told
        self,
        cell: str,
        base: Callable[[], str],
        emit: Emit,
        rpc_timeout_s: float,
        look_in_s: float | None = None,
        asked: Requests = MINIMAL,
        still_s: Callable[[float], float] | None = None,
    ) -> None:
        self.cell = cell
        self._still_s = still_s or _since
        self._look_in_s = look_in_s
        self._requests = asked
        self._base = base
        self._numbers = itertools.count(1)
        self._emit = emit
        # The application must have had its chance to say 504 before we give up on it.
        self._answers_within_s = rpc_timeout_s + GRACE_S
        self._slowest_s = 0.0
        self.held_up_s = 0.0
        """By so much a request may be held up besides, as by a fault, seconds."""

    def wait_longer(self, seconds: float) -> None:
        """Have requests from now on so much more time until they are given up: less, once nothing holds them up."""
        self.held_up_s += seconds

    @property
    def patience_s(self) -> float:
        """When a cell has stood still for so long, a request is given up; seconds."""
        return self._answers_within_s + self.held_up_s + SLOWNESS * self._slowest_s

    def wake(self, connect_s: float = 5.0) -> Woken:
        """Ask for what imports the application and opens no broker connection. Not recorded."""
        try:
            answer = self._send(self._requests.ready, (connect_s, WAKE_S))
        except requests.RequestException as error:
            return Woken(None, str(error))
        return Woken(answer.status_code, answer.text, _number(answer.headers.get("X-Heartbed-Pid")))

    def facts(self) -> tuple[int | None, dict[str, Any]]:
        """Process id and what the application says it is."""
        pid, answer = self._ask("open", "facts", self._requests.facts)
        if answer is None or answer.status_code != 200:
            return pid, {}
        try:
            body = answer.json()
        except json.JSONDecodeError:
            return pid, {}
        return pid, body if are_facts(body) else {}

    def cast(self, phase: Phase, burst: str | None = None, attempt: int = 1) -> tuple[int | None, int | None]:
        """Make the application cast, by itself or in a burst; returns the process id and the status."""
        pid, answer = self._ask(phase, "cast", self._requests.cast, burst, attempt)
        return pid, None if answer is None else answer.status_code

    def call(self, phase: Phase, burst: str | None = None, attempt: int = 1) -> tuple[int | None, int | None]:
        """Make the application call, by itself or in a burst; returns the process id and the status."""
        pid, answer = self._ask(phase, "call", self._requests.call, burst, attempt)
        return pid, None if answer is None else answer.status_code

    def page(self) -> tuple[int | None, int | None]:
        """Ask for a page that touches no RabbitMQ, as a health check does; returns the process id and the status."""
        pid, answer = self._ask("during", "page", self._requests.page)
        return pid, None if answer is None else answer.status_code

    def yielding_page(self) -> tuple[int | None, int | None]:
        """Ask for one that waits for an answer on a socket, as one does that reads a database."""
        pid, answer = self._ask("during", YIELDING, self._requests.yields)
        return pid, None if answer is None else answer.status_code

    def _send(
        self,
        request: HttpRequest,
        timeout: tuple[float, float],
        look: Mapping[str, str] | None = None,
        given_up: Callable[[], bool] = lambda: False,
    ) -> requests.Response:
        headers = {**dict(request.headers), "Connection": "close", **(look or {})}
        try:
            url = self._base() + request.path
        except NoEngineError:
            raise
        except TestbedError as error:  # it has ended: nobody takes a connection
            raise requests.ConnectionError(error.message) from error
        return patient.send(request.method, url, request.body or None, headers, timeout, given_up)

    def _ask(
        self, phase: Phase, what: str, request: HttpRequest, burst: str | None = None, attempt: int = 1
    ) -> tuple[int | None, requests.Response | None]:
        number = next(self._numbers)
        sent, clock = time.time(), time.monotonic()
        answer: requests.Response | None = None
        error: str | None = None
        look = {LOOK_IN: f"{self._look_in_s:g}"} if self._look_in_s and phase in BEFORE_IDLE else {}
        patience_s = self.patience_s
        try:
            longest_s = max(WAKE_S, patience_s)

            def given_up() -> bool:
                passed_s = time.monotonic() - clock
                return passed_s >= longest_s or (passed_s >= patience_s and self._still_s(sent) >= patience_s)

            answer = self._send(request, (CONNECT_S, longest_s), look, given_up)
        except requests.ReadTimeout:
            error = self._not_answered(sent, time.monotonic() - clock)
        except requests.RequestException as problem:
            error = f"{type(problem).__name__}: {problem}"
        else:
            error = answer.text[:500] if answer.status_code >= 400 else None
            # In a burst it waits for its turn, and an error tells how long the application has waited in vain.
            if phase in BEFORE_IDLE and burst is None and error is None:
                self._slowest_s = max(self._slowest_s, time.monotonic() - clock)
        headers = answer.headers if answer is not None else {}
        pid, thread = _number(headers.get("X-Heartbed-Pid")), _number(headers.get("X-Heartbed-Thread"))
        told = Request(
            number=number,
            phase=phase,
            what=what,
            burst=burst,
            attempt=attempt,
            method=request.method,
            path=request.path,
            status=answer.status_code if answer is not None else None,
            ms=round((time.monotonic() - clock) * 1000, 2),
            thread=thread,
            request_id=headers.get("X-Openstack-Request-Id"),
            patience_s=patience_s if answer is None else None,
            error=error,
        )
        self._emit(Event(told, t=sent, cell=self.cell, pid=pid))
        return pid, answer

    def _not_answered(self, sent: float, waited_s: float) -> str:
        """That it was given up, and for how much of that time the cell had something to do."""
        worked_s = waited_s - self._still_s(sent)
        besides = f", for {seconds(worked_s)} of which the cell was at work" if worked_s >= LITTLE_S else ""
        return f"ReadTimeout: not answered within {waited_s:.0f} s{besides}"


def answered(status: int | None) -> bool:
    """Whether a request was answered, and rightly."""
    return status is not None and status < 400


def _since(moment: float) -> float:
    return time.time() - moment


def are_facts(body: object) -> bool:
    """Whether an answer is what the application says it is: something else may answer at that path."""
    if not isinstance(body, dict) or not isinstance(body.get("pid"), int) or "versions" not in body:
        return False
    try:
        AppFacts.model_validate(body)
    except ValidationError:
        return False
    return True


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def cast_then_call(client: Client) -> Callable[[Phase], tuple[int | None, int | None]]:
    """Both, one after the other; the process is that of the cast where the call, which hangs, tells none."""

    def exercise(phase: Phase) -> tuple[int | None, int | None]:
        first, _ = client.cast(phase)
        second, status = client.call(phase)
        return first if second is None else second, status

    return exercise
