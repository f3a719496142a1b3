"""What a user's own application says to RabbitMQ: what it was refused, and where its heartbeat timeout is set."""

from __future__ import annotations

import re
from collections.abc import Sequence

from heartbed.record.connection import ConnectionHistory
from heartbed.record.event import Event
from heartbed.record.history import CellHistory
from heartbed.record.kinds import BrokerLog

REFUSED = re.compile(r"^.*\b(?:login refused|refused for user|vhost .* not found)\b.*$", re.MULTILINE)
"""As ``rabbit_reader.erl`` and ``rabbit_access_control.erl`` log it: the user, the virtual host."""

SET_IN = {
    "pika": "pika takes heartbeat=N in the URL, as in AMQP_URL, or in ConnectionParameters",
    "py-amqp": "kombu and py-amqp take heartbeat=N in the URL, as in AMQP_URL, or in Connection",
    "aiormq": "aio-pika takes heartbeat=N in the URL, as in AMQP_URL",
}
"""A word of the ``product`` that a client library calls itself -> where it has its timeout from."""

ELSEWHERE = "AMQP_URL names the testbed's as heartbeat=N"


def is_own(cell: CellHistory) -> bool:
    """Whether the cell runs an application of the user's own, of which nothing is known beforehand."""
    return cell.asked.purposes == []


def refusals(cell: CellHistory) -> list[tuple[Event[BrokerLog], str]]:
    """What RabbitMQ refused, once each, in its own words."""
    found: dict[str, tuple[Event[BrokerLog], str]] = {}
    for event in cell.of(BrokerLog):
        if match := REFUSED.search(event.data.text):
            words = match[0].strip()
            found.setdefault(words, (event, words))
    return list(found.values())


def notes(cell: CellHistory, judged: Sequence[ConnectionHistory]) -> list[str]:
    """Remarks on both."""
    return [f"RabbitMQ refused it: {words}" for _, words in refusals(cell)] + _timeouts(cell, judged)


def _timeouts(cell: CellHistory, judged: Sequence[ConnectionHistory]) -> list[str]:
    """A timeout that is not the testbed's: the application has it from elsewhere, and is judged by it."""
    wanted = cell.asked.heartbeat_s
    if not is_own(cell) or not wanted:
        return []
    found: dict[str, None] = {}
    for conn in judged:
        if conn.timeout_s is None or conn.timeout_s == wanted:
            continue
        product = str(conn.created.data.client_properties.get("product", "")).lower() if conn.created else ""
        where = next((words for name, words in SET_IN.items() if name in product), ELSEWHERE)
        had = f"{conn.timeout_s:g} s" if conn.timeout_s else "switched off"
        too_long = f", or try it with --heartbeat {conn.timeout_s:g}" if conn.timeout_s > wanted else ""
        text = f"its heartbeat timeout is {had}, where the testbed's is {wanted:g} s; {where}{too_long}"
        found[text] = None
    return list(found)
