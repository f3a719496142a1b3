"""Python's search for garbage rests while a record is worked on, and goes on as it was before."""

from __future__ import annotations

import gc

import pytest

from heartbed.memory import uncollected


@uncollected()
def working() -> bool:
    return gc.isenabled()


def test_it_rests_while_a_record_is_worked_on() -> None:
    assert gc.isenabled()
    assert not working()
    assert gc.isenabled()


def test_it_goes_on_after_an_error() -> None:
    with pytest.raises(KeyError), uncollected():
        raise KeyError
    assert gc.isenabled()


def test_who_has_switched_it_off_finds_it_off() -> None:
    gc.disable()
    try:
        assert not working()
        assert not gc.isenabled()
    finally:
        gc.enable()
