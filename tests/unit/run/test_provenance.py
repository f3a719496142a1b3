"""What a record tells of the command line."""

from __future__ import annotations

import pytest

from heartbed.run.provenance import discreet


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (["check", "site.conf", "--quiet"], ["check", "site.conf", "--quiet"]),
        (["--env", "PASSWORD=x y"], ["--env", "PASSWORD=..."]),
        (["--env=PASSWORD=x"], ["--env=PASSWORD=..."]),
        (["--define", "DB_PASSWORD=x"], ["--define", "DB_PASSWORD=..."]),
        (["--open-header", "X-Auth-Token: abc"], ["--open-header", "X-Auth-Token:..."]),
        (["--body", '{"a": 1}', "--open", "PUT /x"], ["--body", "...", "--open", "PUT /x"]),
        (["--call-body=@file"], ["--call-body=..."]),
        (["--heartbeat=2"], ["--heartbeat=2"]),
    ],
)
def test_what_may_be_secret_is_not_in_it(said: list[str], told: list[str]) -> None:
    assert discreet(said) == told
