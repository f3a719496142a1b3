"""The presets, and what is read of a nova.conf."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed.candidates import presets
from heartbed.candidates.oslo_config import read_options
from heartbed.candidates.wishes import Wishes
from heartbed.cli.compare import conf_of
from heartbed.errors import InputError
from heartbed.servers.kinds import draft


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_is_a_configuration_with_its_source_and_date(name: str) -> None:
    path = presets.path(name)
    assert path is not None
    text = path.read_text()
    assert presets.meaning(path)
    assert "# Source: " in text
    assert "2026-" in text
    assert draft(path, Wishes()).adapted.replacements


def test_the_tools_of_the_issue_are_there() -> None:
    assert {"puppet-nova", "kolla-ansible", "nova-operator", "devstack"} <= set(presets.names())


@pytest.mark.parametrize("name", ["../httpd", "kolla-ansible.nova", "none", "prefork-daemon", ""])
def test_other_names_are_no_presets(name: str) -> None:
    assert presets.path(name) is None


def test_arguments_of_compare_are_cells_files_or_presets() -> None:
    assert conf_of("prefork-daemon-native") is None
    assert conf_of("{prefork,event}-native") is None
    assert conf_of("site.conf") == Path("site.conf")
    assert conf_of("./site") == Path("./site")
    assert conf_of("puppet-nova") == presets.path("puppet-nova")


def nova_conf(folder: Path, *lines: str) -> Path:
    path = folder / "nova.conf"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_options_of_the_heartbeat_and_the_pools_are_taken(tmp_path: Path) -> None:
    found = read_options(
        nova_conf(
            tmp_path,
            "[DEFAULT]",
            "debug = true",
            "rpc_conn_pool_size = 5",
            "transport_url = rabbit://secret@host/",
            "[oslo_messaging_rabbit]",
            "heartbeat_in_pthread = true",
            "heartbeat_timeout_threshold = 60",
            "ssl = true",
        ),
        2,
    )
    assert found.environment == {
        "OS_DEFAULT__RPC_CONN_POOL_SIZE": "5",
        "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD": "true",
    }
    assert "secret" not in repr(found)
    assert any("60" in note and "--heartbeat 60" in note for note in found.notes)
    assert any("ssl" in note and "TLS" in note for note in found.notes)


def test_heartbeats_that_are_switched_off_stay_off(tmp_path: Path) -> None:
    path = nova_conf(tmp_path, "[oslo_messaging_rabbit]", "heartbeat_timeout_threshold = 0")
    assert read_options(path, 2).switched_off


def test_an_option_that_the_library_does_not_have_is_found(tmp_path: Path) -> None:
    path = nova_conf(tmp_path, "[oslo_messaging_rabbit]", "heartbeat_in_pthread = true", "heartbeat_rate = 3")
    found = read_options(path, 2)
    assert found.unknown(["heartbeat_rate", "ssl"]) == ["heartbeat_in_pthread"]
    assert found.unknown([]) == []


@pytest.mark.parametrize("text", ["no section = 1", "[unclosed"])
def test_what_is_no_nova_conf_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"nova\.conf"):
        read_options(nova_conf(tmp_path, text), 2)


def test_a_missing_nova_conf_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        read_options(tmp_path / "none.conf", 2)
