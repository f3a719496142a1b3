"""A user's configuration with the real nova-api: what is assumed of it, and what its options come to."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed.applications.nova.application import PROJECT as NOVA
from heartbed.candidates.oslo_config import read_options
from heartbed.candidates.subject import Candidate, fields
from heartbed.candidates.wishes import Wishes, assumptions
from heartbed.cli.own import own_of
from heartbed.errors import InputError
from tests.unit.cli.test_own import NOTHING


def candidate(wishes: Wishes) -> Candidate:
    return Candidate(server="prefork", mode="daemon", **fields(wishes, "site.conf", Path("/nowhere")))


def test_the_real_nova_is_asked_for_by_its_name_where_a_script_would_be() -> None:
    given = {**NOTHING, "app": Path("nova")}
    assert own_of(given) is None
    assert given["app"] == "nova"


def test_what_belongs_to_an_application_of_ones_own_does_not_go_with_it() -> None:
    with pytest.raises(InputError, match="--env is about an application of your own"):
        own_of({**NOTHING, "app": Path("nova"), "env": ("A=1",)})


def test_a_nova_that_does_not_run_here_is_refused_with_those_that_do() -> None:
    with pytest.raises(InputError, match=r"--app nova22: there is no nova 22 .* the nearest is nova23"):
        own_of({**NOTHING, "app": Path("nova22")})


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        (Wishes(), "oslo.messaging 17.3.2, the last series with heartbeat_in_pthread (--oslo VERSION)"),
        (Wishes(python="3.9"), "oslo.messaging 17.1.1, the last that runs on Python 3.9 (--oslo VERSION)"),
        (Wishes(app="nova29"), "Python 3.9, which nova29 is locked for, and the server of Debian bullseye"),
    ],
)
def test_what_comes_with_a_python_is_told_as_it_is(wishes: Wishes, told: str) -> None:
    assert told in assumptions(wishes)


def test_a_file_of_that_name_is_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("nova").write_text("application = None\n")
    own = own_of({**NOTHING, "app": Path("nova")})
    assert own is not None
    assert own.script == Path("nova")


def test_its_script_and_its_version_are_those_of_the_release() -> None:
    wishes = Wishes(app="nova", release="2024.1")
    own = candidate(wishes)
    assert own.mounts[-1][0].parent.name == "image"
    assert own.asked_versions["nova"] == NOVA.series["29"].version
    assert own.purposes == ("SEND", "SEND", "LISTEN")
    assert any(text.startswith(f"nova {NOVA.series['29'].version} from PyPI") for text in assumptions(wishes))


@pytest.mark.parametrize(
    ("wishes", "runs"),
    [
        (Wishes(app="nova"), "native"),
        (Wishes(app="nova", release="2025.2"), "eventlet"),
        (Wishes(app="nova33"), "native"),
        (Wishes(app="nova32", release="2026.1"), "eventlet"),
        (Wishes(release="2026.1"), "native"),
        (Wishes(), "eventlet"),
    ],
)
def test_its_execution_model_is_that_novas_own_default(wishes: Wishes, runs: str) -> None:
    assert wishes.runs == runs


def test_nova_34s_option_has_no_effect_in_a_file_and_that_is_said(tmp_path: Path) -> None:
    conf = tmp_path / "nova.conf"
    conf.write_text("[DEFAULT]\nconcurrency_backend = eventlet\n")
    said = Wishes(app="nova", release="2026.2", configs=(read_options(conf),))
    assert said.runs == "native"
    (told,) = [text for text in assumptions(said) if "concurrency_backend" in text]
    assert "has no effect under a WSGI server" in told
    assert "OS_DEFAULT__CONCURRENCY_BACKEND" in told
    older = Wishes(release="2025.2", configs=(read_options(conf),))
    assert f"{conf}: concurrency_backend = eventlet: the nova of 2025.2 has no such option" in assumptions(older)


@pytest.mark.parametrize(("value", "runs"), [("eventlet", "eventlet"), ("threading", "native"), ("auto", "native")])
def test_in_the_environment_it_has(value: str, runs: str) -> None:
    wishes = Wishes(release="2026.2").with_variables("site.ini", {"OS_DEFAULT__CONCURRENCY_BACKEND": value})
    assert wishes.runs == runs


def test_novas_own_switch_outranks_it() -> None:
    variables = {"OS_DEFAULT__CONCURRENCY_BACKEND": "threading", "OS_NOVA_DISABLE_EVENTLET_PATCHING": "no"}
    assert Wishes(release="2026.2").with_variables("site.ini", variables).runs == "eventlet"
