"""Which variables of the environment a user's server may be started with."""

from __future__ import annotations

import pytest

from heartbed.candidates.variables import is_the_users


@pytest.mark.parametrize("name", ["NOVA_WORKERS", "OS_DEFAULT__DEBUG", "HEARTBED_PROCESSES", "HEARTBED_WORKER_CLASS"])
def test_what_a_servers_configuration_asks_for_is_the_users(name: str) -> None:
    assert is_the_users(name)


@pytest.mark.parametrize("name", ["HEARTBED_BROKER_URL", "HEARTBED_CELL", "HEARTBED_MODEL", "HEARTBED_APP"])
def test_by_what_containers_are_told_what_they_are_is_the_testbeds(name: str) -> None:
    assert not is_the_users(name)
