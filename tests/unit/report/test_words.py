"""The words, the matrix and the findings that all formats share."""

from __future__ import annotations

import pytest

from heartbed.report.facts import facts
from heartbed.report.findings import findings
from heartbed.report.matrix import matrix
from heartbed.report.text import one_line, printable
from heartbed.report.words import cost_words, milliseconds, outcome_words, phrases, question, sentence
from heartbed.verdict.values import CellVerdict, Outcome, worst
from heartbed.wording import seconds
from tests.unit.data.report import samples


def cells() -> dict[str, CellVerdict]:
    return {cell.cell: cell for cell in samples.comparison().verdict.cells}


def test_a_cell_whose_connections_fared_alike_is_told_in_one_phrase() -> None:
    (phrase,) = phrases(cells()["prefork-daemon-eventlet"], heartbeat_s=2)
    assert phrase.text == "lost after 5.9 s"


def test_send_and_listen_are_told_apart_where_they_fared_differently() -> None:
    told = [phrase.text for phrase in phrases(cells()["event-daemon-eventlet"], heartbeat_s=2)]
    assert told == ["SEND kept", "LISTEN lost after 5.9 s"]


def test_losses_far_apart_in_time_are_told_apart() -> None:
    cell = cells()["prefork-daemon-eventlet"]
    late = cell.connections[1].model_copy(update={"lost_after_s": 9.0})
    cell = cell.model_copy(update={"connections": [cell.connections[0], late]})
    assert [phrase.text for phrase in phrases(cell, heartbeat_s=2)] == [
        "SEND lost after 5.9 s",
        "LISTEN lost after 9.0 s",
    ]


def test_a_verdict_on_the_whole_cell_is_not_split() -> None:
    cell = cells()["event-daemon-eventlet"].model_copy(update={"outcome": Outcome.INCONCLUSIVE})
    assert [phrase.text for phrase in phrases(cell, heartbeat_s=2)] == ["inconclusive"]


def test_lost_outranks_not_knowing_and_not_knowing_outranks_kept() -> None:
    assert worst([Outcome.KEPT, Outcome.INCONCLUSIVE, Outcome.LOST]) is Outcome.LOST
    assert worst([Outcome.KEPT, Outcome.INCONCLUSIVE]) is Outcome.INCONCLUSIVE
    assert worst([]) is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(("value", "text"), [(0.314, "0.31 s"), (5.94, "5.9 s"), (178.2, "178 s")])
def test_durations_have_as_many_decimals_as_one_wants_to_read(value: float, text: str) -> None:
    assert seconds(value) == text


@pytest.mark.parametrize(("value", "text"), [(3.41, "3.4 ms"), (1043.2, "1043 ms"), (30000.0, "30.0 s")])
def test_costs_are_in_milliseconds_until_they_are_absurd(value: float, text: str) -> None:
    assert milliseconds(value) == text


def test_a_request_that_failed_says_so_beside_its_cost() -> None:
    cost = next(cell for cell in samples.every_verdict().verdict.cells if cell.outcome is Outcome.HUNG).cost
    assert cost_words(cost) == "30.0 s, HTTP 504 (before: 12 ms)"


def test_an_outcome_without_a_time_is_a_word() -> None:
    assert outcome_words(Outcome.LOST) == "lost"


def test_the_question_counts_the_configurations() -> None:
    assert (
        question(samples.comparison().verdict)
        == "Do these 12 configurations keep their RabbitMQ connections while nobody calls?"
    )


def test_a_sentence_does_not_capitalise_the_name_of_a_package() -> None:
    assert sentence("nothing ran") == "Nothing ran."
    assert sentence("oslo.messaging 18.3.0 has no such option") == "oslo.messaging 18.3.0 has no such option."


def test_the_matrix_has_a_column_for_each_server_and_a_row_for_each_configuration() -> None:
    shown = matrix(samples.comparison().verdict.cells)
    assert shown is not None
    assert shown.columns == ("prefork", "event")
    assert [row.label for row in shown.rows][:2] == ["embedded-eventlet", "embedded-eventlet-pthread"]
    assert all(cell is not None for row in shown.rows for cell in row.cells)


@pytest.mark.parametrize("which", ["one server", "mostly holes", "no server", "two in one place"])
def test_there_is_no_matrix_where_a_list_says_it_better(which: str) -> None:
    all_ = samples.comparison().verdict.cells
    some = {
        "one server": [cell for cell in all_ if cell.factors["server"] == "event"],
        "mostly holes": [all_[0], all_[7], all_[2]],
        "no server": [cell.model_copy(update={"factors": {}}) for cell in all_],
        "two in one place": [all_[0], all_[0], all_[6]],
    }
    assert matrix(some[which]) is None


def test_cells_with_one_cause_are_one_finding_and_the_worst_comes_first() -> None:
    found = findings(samples.every_verdict().verdict.cells)
    assert [finding.outcome for finding in found[:2]] == [Outcome.HUNG, Outcome.HUNG]
    assert [finding.cause for finding in found[2:4]] == ["hub_not_run", "no_heartbeat_thread"]
    assert len(found[2].cells) == 2
    assert found[-1].title == "remark"
    assert found[-1].why == "setting an option that does not exist does nothing"


def test_asked_and_observed_stand_in_one_row_where_they_are_about_the_same() -> None:
    rows = {fact.what: fact for fact in facts(cells()["prefork-daemon-eventlet-pthread"])}
    assert (rows["server"].asked, rows["server"].observed) == ("prefork", "prefork")
    assert (rows["thread"].asked, rows["thread"].observed) == ("pthread", "pthread")
    assert (rows["oslo"].asked, rows["oslo"].observed) == ("17.3.2", "17.3.2")
    assert rows["versions.eventlet"].asked == ""


def test_disagreements_come_first() -> None:
    cell = next(cell for cell in samples.every_verdict().verdict.cells if cell.disagreements)
    assert facts(cell)[0].differs
    assert (facts(cell)[0].asked, facts(cell)[0].observed) == ("prefork", "event")


def test_control_characters_and_reversed_text_are_shown_as_escapes() -> None:
    assert printable("a\x1b[31mb\u202ec\td\x00") == r"a\x1b[31mb\u202ec" + "\td" + r"\x00"


def test_lone_surrogates_do_not_break_the_output() -> None:
    printable("\udcff").encode("utf-8")


def test_typographic_characters_have_stand_ins_where_only_ascii_can_be_shown() -> None:
    assert printable("a → b – “c” × ü", ascii_only=True) == r'a -> b - "c" x \xfc'


def test_one_line_cuts_what_is_too_long() -> None:
    assert one_line("a\n  b\t c", 4) == "a b…"
