"""A user's own application: what RabbitMQ refused it, and a heartbeat timeout that it has from elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from heartbed.record.event import only
from heartbed.record.kinds import ConnectionCreated, RunStart
from heartbed.verdict.cause import Cause
from heartbed.verdict.values import CellVerdict, Outcome
from tests.unit.histories import IDLE_FROM, History

REFUSAL = (
    "Error on AMQP connection <0.812.0> (172.30.0.5:4242 -> 172.30.0.2:5672, state: starting):\n"
    "PLAIN login refused: user 'guest' can only connect via localhost"
)


def own() -> History:
    """A cell that runs an application of the user's own."""
    history = History.of()
    (start,) = only(history.events, RunStart)
    (asked,) = start.data.cells
    cells = [asked.model_copy(update={"purposes": [], "factors": {}, "versions": {}})]
    history.events[0] = replace(start, data=start.data.model_copy(update={"cells": cells}))
    return history


def with_timeout(timeout_s: float, product: str) -> CellVerdict:
    """The verdict on one whose library asked for this timeout."""
    history = own()
    conn = history.connection("SEND", 4242, timeout=timeout_s)
    (created,) = only(history.events, ConnectionCreated)[-1:]
    told = created.data.model_copy(update={"client_properties": {"product": product}})
    history.events[history.events.index(created)] = replace(created, data=told)
    history.beat(conn)
    return history.cell_verdict


def notes(verdict: CellVerdict) -> list[str]:
    return [note for note in verdict.notes if "heartbeat timeout" in note]


@pytest.mark.parametrize(
    ("product", "words"),
    [
        ("Pika Python Client Library", "pika takes heartbeat=N in the URL"),
        ("py-amqp", "kombu and py-amqp take heartbeat=N in the URL"),
        ("something", "AMQP_URL names the testbed's as heartbeat=N"),
    ],
)
def test_a_timeout_from_elsewhere_is_judged_by_itself_and_told_with_where_it_is_set(product: str, words: str) -> None:
    verdict = with_timeout(60, product)
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, Cause.SHORT_OBSERVATION)
    (note,) = notes(verdict)
    assert note.startswith("its heartbeat timeout is 60 s, where the testbed's is 2 s; ")
    assert words in note
    assert note.endswith("or try it with --heartbeat 60")


def test_heartbeats_that_are_switched_off_are_told() -> None:
    verdict = with_timeout(0, "py-amqp")
    assert (verdict.outcome, verdict.cause) == (Outcome.KEPT, Cause.HEARTBEAT_DISABLED)
    assert "its heartbeat timeout is switched off" in notes(verdict)[0]


def test_the_testbeds_own_timeout_is_worth_no_word() -> None:
    assert notes(with_timeout(2, "py-amqp")) == []


def test_a_cell_of_heartbeds_own_with_another_timeout_is_not_what_was_asked_for() -> None:
    history = History.of()
    history.connection("SEND", 4242, timeout=60)
    assert history.cell_verdict.cause == Cause.NOT_AS_ASKED


def refused(text: str) -> CellVerdict:
    history = own()
    words: dict[str, Any] = {"level": "error", "broker_pid": "<0.812.0>", "reason": "error", "text": text}
    history.add("broker.log", IDLE_FROM - 0.2, **words)
    return history.cell_verdict


@pytest.mark.parametrize(
    "line",
    [
        "PLAIN login refused: user 'guest' can only connect via localhost",
        "access to vhost 'orders' refused for user 'heartbed'",
        "vhost orders not found",
    ],
)
def test_what_rabbitmq_refused_is_told_in_its_own_words_with_the_entry_that_proves_it(line: str) -> None:
    verdict = refused(f"{REFUSAL.partition(chr(10))[0]}\n{line}")
    assert verdict.outcome == Outcome.INCONCLUSIVE
    assert f"RabbitMQ refused it: {line}" in verdict.why
    assert [piece.text for piece in verdict.evidence] == [line]


def test_an_error_that_is_no_refusal_is_none() -> None:
    assert "refused" not in refused("Error on AMQP connection <0.1.0>:\nhandshake_timeout").why
