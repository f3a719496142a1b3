"""The presets."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed.candidates import presets
from heartbed.candidates.wishes import Wishes
from heartbed.servers.kinds import draft
from heartbed.studies.compare import conf_of


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
