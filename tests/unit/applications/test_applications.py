"""The application as a value: what a factor stands for, what is installed for it, and what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed import applications
from heartbed.applications.cinder.application import PROJECT as CINDER
from heartbed.applications.nova.application import PROJECT as NOVA
from heartbed.applications.project import Project
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select
from heartbed.errors import InputError
from heartbed.places import ROOT
from heartbed.run.images import specs
from heartbed.verdict.values import Outcome
from heartbed.versions.releases import RELEASES
from tests.unit.histories import History


def cell(expression: str) -> Cell:
    (found,) = select([expression]).cells
    return found


def test_the_minimal_application_is_the_default_and_part_of_no_name() -> None:
    assert cell("prefork-daemon-minimal").name == "prefork-daemon-eventlet"
    assert cell("prefork-daemon-minimal").build == cell("prefork-daemon").build


def test_a_cell_with_the_real_nova_is_called_so() -> None:
    names = [each.name for each in select(["prefork-daemon-{eventlet,native}-nova-2025.2"]).cells]
    assert names == ["prefork-daemon-eventlet-nova-2025.2", "prefork-daemon-native-nova-2025.2"]


@pytest.mark.parametrize(
    ("factor", "release", "name"),
    [("nova", "2024.1", "29"), ("nova", "2026.2", "34"), ("nova", "", "34"), ("nova31", "2024.1", "31")],
)
def test_nova_is_that_of_the_release_else_the_newest_else_what_was_named(factor: str, release: str, name: str) -> None:
    found = NOVA.series_of(factor, release)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("project", [CINDER, NOVA], ids=lambda project: project.name)
def test_every_series_is_locked_in_a_version_of_its_own_beside_its_release(project: Project) -> None:
    for series in project.series.values():
        assert series.version.startswith(f"{series.name}.")
        lock = series.lock.read_text(encoding="utf-8").lower()
        packages = {line.partition("==")[0] for line in lock.splitlines() if "==" in line}
        own = {package.replace(".", "-") for package in RELEASES[series.release].own}
        assert not packages & own, "what the release brings is in the image already"


def test_a_real_application_is_asked_for_by_its_version_too() -> None:
    assert cell("prefork-nova-2025.2").asked_versions["nova"] == NOVA.series["32"].version
    assert "nova" not in cell("prefork-nova-2025.2").packages, "those are what the libraries' image is made of"
    assert "nova" not in cell("prefork-2025.2").asked_versions


def test_each_connection_of_the_real_nova_is_wanted() -> None:
    assert cell("prefork-nova").purposes == ("SEND", "SEND", "LISTEN")
    assert cell("prefork").purposes == ("SEND", "LISTEN")


def test_native_nova_is_asked_for_as_any_and_a_nova_that_does_not_patch_is_asked_to() -> None:
    def switch(name: str) -> str | None:
        return cell(name).environment(application=True).get("OS_NOVA_DISABLE_EVENTLET_PATCHING")

    assert switch("prefork-native-nova-2025.2") == "true"
    assert switch("prefork-eventlet-nova-2025.2") is None
    assert switch("prefork-eventlet-nova-2026.1") == "false"
    assert switch("prefork-eventlet-2026.1") is None


def test_its_image_is_a_layer_on_that_of_the_same_libraries_and_a_server_stands_on_it() -> None:
    found = {each.name: each for each in specs(select(["uwsgi-nova-2025.2"]).cells)}
    assert found["apache-2025.2-nova"].on == found["apache-2025.2"].tag
    assert found["uwsgi-2025.2-nova"].on == found["apache-2025.2-nova"].tag
    assert found["apache-2025.2-nova"].build_args["VERSION"] == NOVA.series["32"].version
    assert (
        found["apache-2025.2"].build_args
        == {each.name: each for each in specs(select(["uwsgi-2025.2"]).cells)}["apache-2025.2"].build_args
    )


def test_a_release_whose_nova_does_not_run_here_is_left_out_with_the_nearest_that_does() -> None:
    found = select(["prefork-nova-{victoria,2024.1}"])
    assert [each.name for each in found.cells] == ["prefork-daemon-eventlet-nova-2024.1"]
    ((name, reason),) = found.left_out
    assert name == "prefork-nova-victoria"
    assert "there is no nova of victoria here" in reason
    assert "the nearest is nova23 (wallaby)" in reason


@pytest.mark.parametrize(
    ("token", "told"),
    [
        ("nova22", "there is no nova 22 here; the nearest is nova23"),
        ("nova99", "the nearest is nova34"),
        ("nova32.0.0", f"of nova 32 there is {NOVA.series['32'].version} here, as nova32"),
    ],
)
def test_a_version_of_nova_that_is_not_here_is_refused_with_what_is(token: str, told: str) -> None:
    with pytest.raises(InputError, match=token) as refused:
        select([f"prefork-{token}"])
    assert told in refused.value.message


def test_an_application_that_is_another_has_no_verdict() -> None:
    history = History.of("prefork-daemon-eventlet-nova-2025.2")
    history.pair(beating=True)
    history.facts(application="minimal", versions={"nova": NOVA.series["32"].version})
    (wrong,) = history.cell_verdict.disagreements
    assert (wrong.what, wrong.asked, wrong.observed) == ("the application", "nova", "minimal")
    assert history.cell_verdict.outcome is Outcome.INCONCLUSIVE


def test_the_real_nova_is_kept_once_all_three_of_its_connections_were() -> None:
    history = History.of("prefork-daemon-native-nova-2025.2")
    history.pair(beating=True)
    verdict = history.cell_verdict
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "only 1 of 2 SEND connections" in verdict.why
    history.beat(history.connection("SEND", 40003))
    assert history.cell_verdict.outcome is Outcome.KEPT


def test_every_factor_of_an_application_is_told_to_whoever_asks() -> None:
    assert list(applications.tokens())[:2] == ["minimal", "cinder"]
    assert all(applications.application(token).requests for token in applications.tokens())


def first_step(dockerfile: Path) -> str:
    """The first RUN of a Dockerfile, to its last line."""
    lines = dockerfile.read_text(encoding="utf-8").splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("RUN"))
    end = next(number for number in range(begin, len(lines)) if not lines[number].endswith("\\"))
    return "\n".join(lines[begin : end + 1])


@pytest.mark.parametrize("name", ["heartbed/applications/image", "images/with"])
def test_what_only_building_needs_is_one_layer_of_all_images_that_compile(name: str) -> None:
    assert first_step(ROOT / name / "Dockerfile") == first_step(ROOT / "images/apache/Dockerfile")


def test_a_nova_over_the_libraries_of_another_release_says_what_to_ask_for_instead() -> None:
    built = NOVA.layer("nova29", "")
    assert built is not None
    assert built.instead == "nova29 is part of 2024.1: nova-2024.1 in a cell's name has its own libraries"
    own = NOVA.layer("nova29", "2024.1")
    assert own is not None
    assert not own.instead
