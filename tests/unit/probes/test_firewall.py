"""The rules that a cell's firewall is made of."""

from __future__ import annotations

from heartbed.probes.firewall import TABLE, script


def test_without_a_timeout_it_drops_what_there_was_in_both_directions_and_lets_new_connections_pass() -> None:
    text = script(0)
    assert "tcp dport 5672 tcp sport @known counter drop" in text
    assert "tcp sport 5672 tcp dport @known counter drop" in text
    assert "accept" not in text
    assert f"table inet {TABLE}" in text


def test_with_a_timeout_it_forgets_what_was_silent_for_so_long_and_learns_of_new_connections() -> None:
    text = script(7)
    assert "timeout 7s" in text
    assert "== syn add @known { tcp sport } accept" in text
    assert text.count("update @known") == 2
    assert text.count("counter drop") == 2


def test_no_placeholder_is_left() -> None:
    for text in (script(0), script(7)):
        assert not {"PORT", "TABLE", "SECONDS", "SET", "OUT", "IN"} & set(text.split())
