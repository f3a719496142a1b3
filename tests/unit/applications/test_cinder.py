"""The real cinder-api: which of it there is, how it is asked for, and that it is no nova."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed.applications.cinder.application import PROJECT as CINDER
from heartbed.candidates.changes import acts_on_model
from heartbed.candidates.oslo_config import read_options
from heartbed.candidates.subject import Candidate, fields
from heartbed.candidates.wishes import Wishes, assumptions
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select
from heartbed.cells.models import OTHER, SWITCH
from heartbed.errors import InputError
from heartbed.run.images import specs
from heartbed.verdict.values import Outcome
from tests.unit.histories import History
from wsgi_app.compute import SERVED

NEWEST = max(CINDER.series.values(), key=lambda series: int(series.name))


def cell(expression: str) -> Cell:
    (found,) = select([expression]).cells
    return found


def candidate(wishes: Wishes) -> Candidate:
    return Candidate(server="prefork", mode="daemon", **fields(wishes, "site.conf", Path("/nowhere")))


@pytest.mark.parametrize(
    ("factor", "release", "name"),
    [("cinder", "2026.1", "28"), ("cinder", "", NEWEST.name), ("cinder28", "2025.2", "28")],
)
def test_cinder_is_that_of_the_release_else_the_newest_else_what_was_named(
    factor: str, release: str, name: str
) -> None:
    found = CINDER.series_of(factor, release)
    assert found is not None
    assert found.name == name


def test_cell_with_the_real_cinder_is_called_so_and_asked_for_its_version() -> None:
    found = cell("prefork-daemon-native-cinder-2026.1")
    assert found.name == "prefork-daemon-native-cinder-2026.1"
    assert found.asked_versions["cinder"] == CINDER.series["28"].version
    assert "cinder" not in found.packages, "those are what the libraries' image is made of"


def test_its_script_is_asked_to_patch_by_a_variable_of_its_own_and_only_for_eventlet() -> None:
    def variables(name: str) -> dict[str, str]:
        return cell(name).environment(application=True)

    eventlet, native = variables("prefork-eventlet-cinder-2026.1"), variables("prefork-native-cinder-2026.1")
    assert eventlet[OTHER] == "eventlet"
    assert SWITCH not in eventlet, "it is nova's: cinder does not read it"
    assert OTHER not in native
    assert OTHER not in variables("prefork-eventlet-nova-2026.1")


def test_its_image_is_a_layer_on_that_of_the_same_libraries() -> None:
    found = {each.name: each for each in specs(select(["uwsgi-cinder-2026.1"]).cells)}
    own = found["apache-2026.1-cinder"]
    assert own.on == found["apache-2026.1"].tag
    assert found["uwsgi-2026.1-cinder"].on == own.tag
    assert (own.build_args["PROJECT"], own.build_args["VERSION"]) == ("cinder", CINDER.series["28"].version)
    assert (own.context / "cinder" / "locks" / own.build_args["LOCK"]).is_file()


def test_what_is_not_here_is_refused_with_what_is() -> None:
    ((_, reason),) = select(["prefork-cinder-{zed,2026.1}"]).left_out
    assert "there is no cinder of zed here" in reason
    with pytest.raises(InputError, match=f"the nearest is cinder{NEWEST.name}"):
        select(["prefork-cinder99"])


def test_both_of_its_connections_are_wanted_and_the_rpc_server_takes_what_comes_by_them() -> None:
    assert cell("prefork-cinder-2026.1").purposes == ("SEND", "LISTEN")
    assert ("openstack", "cinder-scheduler") in SERVED


def test_a_cinder_that_stayed_native_where_eventlet_was_asked_has_no_verdict() -> None:
    history = History.of("prefork-daemon-eventlet-cinder-2026.1")
    history.pair(beating=True)
    history.facts(application="cinder", model="native", versions={"cinder": CINDER.series["28"].version})
    (wrong,) = history.cell_verdict.disagreements
    assert (wrong.asked, wrong.observed) == ("eventlet", "native")
    assert history.cell_verdict.outcome is Outcome.INCONCLUSIVE


def test_under_somebodys_configuration_it_runs_as_it_is_whatever_novas_options_say(tmp_path: Path) -> None:
    wishes = Wishes(app="cinder", release="2026.1")
    assert wishes.runs == "native"
    assert any(text.startswith("native threads, cinder's default in cinder 28.") for text in assumptions(wishes))
    assert Wishes(app="cinder", model="eventlet").runs == "eventlet"
    (tmp_path / "site.conf").write_text("[DEFAULT]\nconcurrency_backend = eventlet\n")
    with_backend = Wishes(app="cinder", configs=(read_options(tmp_path / "site.conf"),))
    assert with_backend.runs == "native"
    assert not [text for text in assumptions(with_backend) if "concurrency_backend" in text]


def test_no_change_of_novas_variable_is_advised_for_it() -> None:
    assert not acts_on_model(candidate(Wishes(app="cinder", release="2026.1")))
    assert acts_on_model(candidate(Wishes(app="nova", release="2026.1")))
