"""The options that say what a configuration file leaves open."""

from __future__ import annotations

import pytest

from heartbed.cli.wishes import variables
from heartbed.errors import InputError


def test_variables_have_a_value_or_are_only_defined() -> None:
    assert variables(["PORT=8774", "DEBUG", "URL=http://x/?a=b"]) == {
        "PORT": "8774",
        "DEBUG": "",
        "URL": "http://x/?a=b",
    }


@pytest.mark.parametrize("given", ["", "=1", "A B", 'A="x"', "A=x\ny"])
def test_what_is_no_variable_is_refused(given: str) -> None:
    with pytest.raises(InputError, match="--define"):
        variables([given])
