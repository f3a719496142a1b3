"""The table of causes: one row each, taken by the report and by docs/verdicts.md."""

from __future__ import annotations

import pytest

from heartbed.verdict import cell, document, ending, loss
from heartbed.verdict.cause import TELLS_ALL, Cause, meaning, of, words
from heartbed.verdict.values import Outcome, worst
from tests.unit.histories import IDLE_FROM, History


@pytest.mark.parametrize("cause", Cause, ids=str)
def test_every_cause_has_words_and_a_meaning_and_says_what_proves_it(cause: Cause) -> None:
    assert cause.words
    assert cause.means[0].isupper()
    assert not cause.means.endswith(".")
    assert cause.proof or cause is Cause.UNEXPLAINED
    assert of(cause.value) is cause


def test_the_document_has_the_table_as_it_is() -> None:
    text = document.DOCUMENT.read_text(encoding="utf-8")
    assert text == document.written(text), "run `python -m heartbed.verdict.document`"


def test_a_code_that_is_not_known_is_shown_as_it_is() -> None:
    assert (words("of_tomorrow"), meaning("of_tomorrow"), of("of_tomorrow")) == ("of tomorrow", "", None)
    assert (words(""), of("")) == ("", None)


def test_what_was_said_of_a_cell_tells_more_than_the_meaning_of_most_causes() -> None:
    assert meaning("hub_not_run") == Cause.HUB_NOT_RUN.means
    assert [cause for cause in Cause if meaning(cause)] == [*TELLS_ALL]


def test_the_last_rule_of_each_question_always_has_an_answer() -> None:
    assert loss.RULES[-1].__name__ == "_unexplained"
    assert ending.RULES[-1].__name__ == "_network"
    assert cell.RULES[-1].__name__ == "_kept"


def test_the_order_of_outcomes_is_that_of_their_declaration() -> None:
    assert [str(outcome) for outcome in Outcome] == [
        *("hung", "lost", "failed", "leaked", "inconclusive", "recovered", "kept"),
    ]
    assert worst([Outcome.KEPT, Outcome.LOST, Outcome.HUNG]) is Outcome.HUNG
    assert worst([Outcome.KEPT, Outcome.INCONCLUSIVE, Outcome.LOST]) is Outcome.LOST
    assert worst([Outcome.KEPT, Outcome.INCONCLUSIVE]) is Outcome.INCONCLUSIVE
    assert worst([]) is Outcome.INCONCLUSIVE


def test_of_a_connection_that_was_closed_before_the_last_request_was_answered_no_silence_after_it_is_told() -> None:
    history = History.of()
    history.close(history.connection("SEND", 40001, opened=IDLE_FROM - 9.0), IDLE_FROM - 3.0)
    history.end()
    (lost,) = [each for each in history.cell_verdict.connections if each.outcome is Outcome.LOST]
    assert lost.why.endswith("RabbitMQ closed it 3.0 s before the last request was answered")
