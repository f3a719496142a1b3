"""What a run is asked to do."""

from __future__ import annotations

import pytest

from heartbed.cells.expressions import select
from heartbed.cells.settings import Settings, heartbeat
from heartbed.errors import InputError


@pytest.mark.parametrize(("text", "value"), [("2", 2), (" 60 ", 60), (1, 1), ("60", 60)])
def test_a_heartbeat_is_whole_seconds(text: str | int, value: int) -> None:
    assert heartbeat(text) == value


@pytest.mark.parametrize("text", ["0", "-1", "abc", "1e9", "3601", "2.5", "", "٣x", "1_0_", 10**9])
def test_a_heartbeat_that_is_none_is_named_with_what_is_valid(text: str | int) -> None:
    with pytest.raises(InputError) as caught:
        heartbeat(text)
    assert repr(str(text)) in caught.value.message
    assert "from 1 to 60" in caught.value.hint


@pytest.mark.parametrize(
    ("cell", "timeout_s", "idle_s"),
    [("prefork", 6, 19.0), ("prefork-heartbeat2", 2, 7.0), ("prefork-heartbeat0", 0, 19.0)],
)
def test_a_cell_idles_for_three_of_its_timeouts_and_a_margin(cell: str, timeout_s: int, idle_s: float) -> None:
    """Without heartbeats it idles as long as the others, to show that nothing closes it."""
    (found,) = select([cell]).cells
    settings = Settings(heartbeat_s=6)
    assert settings.timeout_of(found) == timeout_s
    assert settings.idle_of(found) == idle_s


@pytest.mark.parametrize("timeout_s", [0, 60])
def test_a_cell_may_have_as_long_a_timeout_as_a_run_or_none(timeout_s: int) -> None:
    (found,) = select([f"prefork-heartbeat{timeout_s}"]).cells
    assert found.heartbeat_s == timeout_s


def test_a_cell_with_a_longer_timeout_than_the_brokers_is_refused() -> None:
    with pytest.raises(InputError, match="60"):
        select(["prefork-heartbeat61"])
