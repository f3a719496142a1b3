"""The Compose file that cells are rendered into."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from heartbed.cells.expressions import select
from heartbed.cells.settings import Settings
from heartbed.cells.subject import subjects
from heartbed.run.compose import render
from heartbed.testbed.labels import Labels
from heartbed.testbed.plan import Plan

CELLS = ("{prefork,event,worker}-{embedded,daemon}-{eventlet,eventlet-pthread,native}", "prefork-heartbeat6-processes3")


def plan(*expressions: str, **settings: Any) -> Plan:
    cells = select(expressions or CELLS).cells
    labels = Labels(run="20260102-030405-7", lock="/runs/20260102-030405/.lock", host="here")
    return Plan("heartbed-test", subjects(cells), Settings(**settings), labels)


def body(of: Plan) -> dict[str, Any]:
    loaded = yaml.load(render(of), yaml.CSafeLoader)
    assert isinstance(loaded, dict)
    return loaded


def services(of: Plan) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = body(of)["services"]
    return found


def test_there_is_a_service_for_each_cell_and_for_what_all_share() -> None:
    given = plan()
    names = [*services(given)]
    assert names == ["rabbitmq", "observer", "compute", "controls", *(subject.name for subject in given.subjects)]


def test_every_service_stands_for_itself() -> None:
    text = render(plan())
    assert "&id" not in text
    assert "<<" not in text
    assert "docker compose -f" in text.partition("name:")[0]  # how it is used by hand


def test_everything_is_labelled_with_its_run_lock_and_host() -> None:
    made = body(plan())
    for thing in (*made["services"].values(), *made["networks"].values()):
        assert thing["labels"] == {
            "heartbed": "1",
            "heartbed.run": "20260102-030405-7",
            "heartbed.lock": "/runs/20260102-030405/.lock",
            "heartbed.host": "here",
        }


def test_ports_are_published_on_this_machine_only_and_the_engine_chooses_them() -> None:
    for name, service in services(plan()).items():
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1::"), name


def test_nothing_can_take_the_whole_machine() -> None:
    for name, service in services(plan()).items():
        assert "mem_limit" in service, name
        assert "pids_limit" in service, name
        assert service["restart"] == "no", name
    assert services(plan())["rabbitmq"]["ulimits"]["nofile"] < 65536  # Erlang takes minutes with a huge one


def test_only_the_observer_has_capabilities_and_nothing_is_privileged() -> None:
    for name, service in services(plan()).items():
        assert not service.get("privileged")
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert ("cap_add" in service) == (name == "observer")


def test_broker_of_somebody_elses_may_make_itself_its_own_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RABBITMQ_IMAGE", "rabbitmq:4-management")
    assert {"SETUID", "CHOWN"} <= set(services(plan())["rabbitmq"]["cap_add"])


def test_observer_of_files_that_nobody_trusts_cannot_reach_a_cell() -> None:
    observer = services(plan(untrusted=True))["observer"]
    assert "pid" not in observer
    assert observer["cap_add"] == ["KILL", "NET_RAW", "SETGID", "SETUID"]
    assert services(plan())["observer"]["pid"] == "host"


def test_no_character_of_a_path_or_a_name_is_taken_for_a_variable() -> None:
    labels = Labels(run="now", lock="/home/$USER/${HOME}/.lock", host="here")
    text = render(replace(plan("prefork", root=Path("/srv/$HOME")), labels=labels))
    loaded = yaml.load(text, yaml.CSafeLoader)["services"]["prefork-daemon-eventlet"]
    assert loaded["labels"]["heartbed.lock"] == "/home/$$USER/$${HOME}/.lock", "as Compose reads it: one dollar sign"
    assert loaded["volumes"][0]["source"].startswith("/srv/$$HOME")


def test_source_of_a_mount_that_is_not_there_is_not_made_by_the_engine() -> None:
    mounts = [volume for service in services(plan()).values() for volume in service.get("volumes", ())]
    assert mounts
    assert all(volume["bind"] == {"create_host_path": False} for volume in mounts)


def test_what_is_mounted_is_read_only() -> None:
    for service in services(plan()).values():
        assert all(volume["read_only"] for volume in service.get("volumes", ()))


def test_the_password_is_made_for_the_run() -> None:
    one, other = plan(), plan()
    assert one.password != other.password
    assert len(one.password) >= 20
    text = render(one)
    assert one.password in text
    assert "guest" not in text


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (
            "prefork-embedded-eventlet",
            {
                "HEARTBED_MPM": "prefork",
                "HEARTBED_MODE": "embedded",
                "HEARTBED_PROCESSES": "1",
                "HEARTBED_THREADS": "1",
            },
        ),
        ("event-embedded", {"HEARTBED_MPM": "event", "HEARTBED_THREADS": "25"}),
        ("event-daemon-processes3-threads2", {"HEARTBED_PROCESSES": "3", "HEARTBED_THREADS": "2"}),
        (
            "prefork-daemon-eventlet-pthread",
            {
                "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD": "true",
                "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_TIMEOUT_THRESHOLD": "2",
            },
        ),
        ("prefork-eventlet", {"OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD": "false"}),
        ("prefork-native", {"OS_NOVA_DISABLE_EVENTLET_PATCHING": "true"}),
        ("prefork-heartbeat6", {"OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_TIMEOUT_THRESHOLD": "6"}),
        ("prefork-heartbeat0", {"OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_TIMEOUT_THRESHOLD": "0"}),
    ],
)
def test_a_cells_environment_says_what_was_asked(cell: str, expected: dict[str, str]) -> None:
    *_, service = services(plan(cell)).values()
    assert expected.items() <= service["environment"].items()


def test_each_model_is_asked_for_in_its_own_words_only() -> None:
    """An option that is set where it means nothing would hide what the cell really is."""
    *_, eventlet = services(plan("prefork-eventlet")).values()
    *_, native = services(plan("prefork-native")).values()
    assert "OS_NOVA_DISABLE_EVENTLET_PATCHING" not in eventlet["environment"]
    assert "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD" not in native["environment"]


def test_a_run_uses_images_by_their_id_and_a_file_by_hand_by_their_tag() -> None:
    cells = select(["prefork"]).cells
    labels = Labels(run="x")
    by_id = Plan("p", subjects(cells), Settings(), labels, images={"rabbitmq": "sha256:1"})
    assert services(by_id)["rabbitmq"]["image"] == "sha256:1"
    assert services(Plan("p", subjects(cells), Settings(), labels))["rabbitmq"]["image"] == "heartbed-rabbitmq:4"


def test_httpds_configuration_may_come_from_another_folder(tmp_path: Path) -> None:
    *_, service = services(plan("prefork", root=tmp_path)).values()
    assert service["volumes"][0]["source"] == str(tmp_path / "apache_conf")


def test_no_engine_looks_into_a_container_while_cells_idle() -> None:
    assert services(plan())["rabbitmq"]["healthcheck"] == {"disable": True}
    assert not any("healthcheck" in service for name, service in services(plan()).items() if name != "rabbitmq")


FILES = {"/usr": "heartbed-files-of-it-usr", "/opt/heartbed/venv": "heartbed-files-of-it-venv"}


def with_files(of: Plan) -> Plan:
    return replace(of, files={"heartbed-apache:oslo17.3.2": FILES})


def test_the_files_of_an_image_come_from_volumes_where_there_are_any() -> None:
    made = body(with_files(plan()))
    for name, service in made["services"].items():
        mine = [mount for mount in service.get("volumes", ()) if mount["type"] == "volume"]
        assert {mount["target"]: mount["source"] for mount in mine} == (
            FILES if service["image"] == "heartbed-apache:oslo17.3.2" else {}
        ), name
        assert all(mount["read_only"] and mount["volume"] == {"nocopy": True} for mount in mine)
    assert made["volumes"] == {name: {"external": True, "name": name} for name in FILES.values()}


def test_a_file_without_such_volumes_says_nothing_of_any() -> None:
    assert "volumes" not in body(plan())


def test_no_volume_lies_over_what_is_mounted_for_a_service_itself() -> None:
    given = replace(plan(), files={"heartbed-rabbitmq:4": {"/etc": "heartbed-files-etc", "/usr": "heartbed-files-usr"}})
    mounted = services(given)["rabbitmq"]["volumes"]
    assert [mount["target"] for mount in mounted if mount["type"] == "volume"] == ["/usr"]
