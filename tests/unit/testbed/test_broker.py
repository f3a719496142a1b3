"""Which RabbitMQ a run has."""

from __future__ import annotations

import pytest

from heartbed.errors import InputError
from heartbed.run.images import BASE_IMAGE, specs
from heartbed.testbed.broker import BROKERS, VARIABLE, broker


def test_the_newest_is_the_default_and_all_files_are_there() -> None:
    assert broker({}).version == "4"
    for each in BROKERS.values():
        for source, target in each.mounts:
            assert source.is_file()
            assert target.startswith("/etc/rabbitmq/")


def test_an_older_broker_is_not_told_what_it_does_not_know() -> None:
    text = "".join(source.read_text() for source, _ in broker({VARIABLE: "3.10"}).mounts)
    assert "deprecated_features" not in text


def test_each_broker_is_built_on_the_debian_release_that_has_it() -> None:
    found = [specs([], environ=environ)[0] for environ in ({}, {VARIABLE: "3.10"})]
    assert [(spec.tag, spec.base) for spec in found] == [
        ("heartbed-rabbitmq:4", BASE_IMAGE),
        ("heartbed-rabbitmq:3.10", "heartbed-base:bookworm"),
    ]


def test_an_image_that_is_named_prevails() -> None:
    assert specs([], environ={VARIABLE: "3.10", "RABBITMQ_IMAGE": "rabbitmq:4-management"})[0].dockerfile is None


def test_a_broker_that_there_is_not_is_an_error_that_names_the_others() -> None:
    with pytest.raises(InputError, match=r"HEARTBED_RABBITMQ=3.9") as raised:
        broker({VARIABLE: "3.9"})
    assert "4 or 3.10" in raised.value.hint


def test_a_run_has_no_plugin_that_it_does_not_need_and_a_stack_by_hand_has_the_management() -> None:
    (mounted,) = (source for source, target in broker({}).mounts if target.endswith("enabled_plugins"))
    assert mounted.read_text() == "[rabbitmq_event_exchange].\n"
    assert "rabbitmq_management" in mounted.with_name("enabled_plugins.by-hand").read_text()
