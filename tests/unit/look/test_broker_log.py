"""The broker's log on this host: only what it says of the connections that are looked at."""

from __future__ import annotations

from pathlib import Path

from heartbed.look.broker_log import closes

LOG = """\
2026-01-01 12:00:00.000000+00:00 [error] <0.1.0> closing AMQP connection <0.1.0> (10.0.0.5:40001 -> 10.0.0.2:5672 - x):
2026-01-01 12:00:00.000000+00:00 [error] <0.1.0> missed heartbeats from client, timeout: 6s
2026-01-01 12:00:01.000000+00:00 [warning] <0.2.0> closing AMQP connection <0.2.0> (10.0.0.6:40001 -> 10.0.0.2:5672):
2026-01-01 12:00:01.000000+00:00 [warning] <0.2.0> client unexpectedly closed TCP connection
"""
NOON = 1767268800.0
"""2026-01-01 12:00:00 UTC."""


def test_reason_is_told_of_known_connections_only(tmp_path: Path) -> None:
    log = tmp_path / "rabbit.log"
    log.write_text(LOG)
    (event,) = closes([str(log)], {"10.0.0.5:40001"}, NOON - 1)
    assert (event.conn, event.t) == ("10.0.0.5:40001", NOON)
    assert (event.data.reason, event.data.timeout_s) == ("missed_heartbeats", 6)


def test_what_was_closed_before_is_anothers(tmp_path: Path) -> None:
    log = tmp_path / "rabbit.log"
    log.write_text(LOG)
    assert list(closes([str(log)], {"10.0.0.5:40001"}, NOON + 1)) == []


def test_log_that_is_not_here_tells_nothing(tmp_path: Path) -> None:
    assert list(closes([str(tmp_path / "none.log"), "<stdout>", str(tmp_path)], {"10.0.0.5:40001"}, 0.0)) == []
