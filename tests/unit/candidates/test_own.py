"""A user's own application: what is seen of it in a cell, and which changes can act on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from heartbed.applications.requests import MINIMAL
from heartbed.candidates.changes import MARKS, MODULE, acts_on_library, acts_on_model, has_library, library_of
from heartbed.candidates.container import Container
from heartbed.candidates.own import CONFIG, DATA, OSLO, OWN, PACKAGES, OwnApplication, filled
from heartbed.candidates.packages import brought, made_ready, mentioned, reached
from heartbed.candidates.subject import Candidate
from heartbed.candidates.wishes import Wishes, assumptions
from heartbed.candidates.workbench import Workbench
from heartbed.cells.models import PTHREAD, SWITCH


class Compiled(Container):
    """Stands in for the container that compiles: remembers what it was asked for."""

    def __init__(self) -> None:
        object.__setattr__(self, "asked", [])

    def compile(self, folders: Any) -> None:
        self.asked.extend(folders)  # type: ignore[attr-defined]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    path = folder / "own.wsgi"
    path.write_text("import oslo_messaging, deeper.more\n")
    (folder / "deeper").mkdir()
    (folder / "deeper" / "more.py").write_text(f"os.environ['{SWITCH}']\n")
    return path


def candidate(own: OwnApplication | None, **fields: Any) -> Candidate:
    return Candidate("event", "daemon", fields.pop("model", ""), fields.pop("thread", "green"), own=own, **fields)


def test_the_folder_of_the_script_is_copied_compiled_and_searched(script: Path, tmp_path: Path) -> None:
    bench, container = Workbench(tmp_path / "bench"), Compiled()
    own = made_ready(Wishes(own=OwnApplication(script)), MARKS, bench, container)
    assert own.folder == bench.own
    assert (bench.own / "deeper" / "more.py").is_file()
    assert container.asked == [(bench.own, OWN)]  # type: ignore[attr-defined]
    assert own.mentions == frozenset(MARKS)
    assert own.mounts[0] == (bench.own.resolve(), OWN)


def test_what_lies_beside_the_script_and_is_not_named_does_not_count(script: Path) -> None:
    script.write_text("import helper\n")
    (script.parent / "helper.py").write_text("import third\n")
    (script.parent / "third.py").write_text("import kombu\n")
    (script.parent / "another_app.py").write_text("import oslo_messaging\n")
    assert {path.name for path in reached(script, script.parent)} == {"own.wsgi", "helper.py", "third.py"}


def test_a_folder_that_is_too_large_is_used_as_it_is_and_may_mention_anything(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heartbed.candidates.packages.MOST_FILES", 1)
    own = made_ready(Wishes(own=OwnApplication(script)), MARKS, Workbench(tmp_path / "bench"), Compiled())
    assert own.folder is None
    assert own.mounts[0] == (script.parent.resolve(), OWN)
    assert own.mentions == frozenset(MARKS)


def test_packages_that_are_installed_are_found_with_their_versions(tmp_path: Path) -> None:
    info = tmp_path / "oslo_messaging-18.3.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: oslo.messaging\nVersion: 18.3.1\n")
    assert brought(tmp_path) == {"oslo.messaging": "18.3.1"}


def test_a_file_that_cannot_be_read_mentions_nothing(tmp_path: Path) -> None:
    assert mentioned([tmp_path / "none.py"], MARKS) == frozenset()


def test_no_change_of_a_library_acts_on_an_application_that_does_not_use_it() -> None:
    pika = candidate(OwnApplication(Path("own.py")))
    assert not has_library(pika)
    assert not acts_on_library(pika)
    assert not acts_on_model(pika)


def test_the_images_library_does_not_act_on_an_application_that_brings_its_own() -> None:
    own = OwnApplication(Path("own.py"), mentions=frozenset({MODULE}), brings=((OSLO, "18.3.1"),))
    assert has_library(candidate(own))
    assert not acts_on_library(candidate(own))
    assert library_of(candidate(own), "17.3.2") == "18.3.1"
    assert acts_on_library(candidate(replace(own, brings=())))


def test_heartbeds_own_application_is_acted_on_by_every_change() -> None:
    minimal = candidate(None, model="eventlet")
    assert has_library(minimal)
    assert acts_on_library(minimal)
    assert acts_on_model(minimal)


def test_what_an_application_makes_of_itself_is_not_asked_for() -> None:
    own = OwnApplication(Path("own.py"))
    assert candidate(own, thread_is_left=True).factors == {
        "server": "event",
        "mode": "daemon",
        "python": "python3.13",
    }
    assert candidate(own, model="native").factors["model"] == "native"
    assert candidate(own, thread="pthread").factors["thread"] == "pthread"
    assert candidate(own, thread="pthread").environment(application=True) == {PTHREAD: "true"}
    assert candidate(own).packages == {}
    assert candidate(None, model="eventlet").packages == {"oslo.messaging": "17.3.2"}


def test_a_candidate_is_asked_for_what_the_user_says_and_may_take_its_time() -> None:
    own = OwnApplication(Path("own.py"))
    assert candidate(None).requests == MINIMAL
    assert candidate(own).requests == own.requests
    assert candidate(own).wants_broker
    assert candidate(own).start_deadline_s > candidate(None).start_deadline_s


def test_what_is_told_by_the_environment(tmp_path: Path) -> None:
    own = OwnApplication(
        Path("own.py"),
        environment=(("URL", "{broker_url}"), ("CONF", "{config_dir}/x"), ("DB", "sqlite:///{data_dir}/db")),
        packages=tmp_path,
        config_dir=tmp_path,
        prepare=Path("make.py"),
    )
    told = filled(own.variables, "amqp://u:p@rabbitmq:5672/", "amqp://u:p@rabbitmq:5672/%2F?heartbeat=2")
    assert told["URL"] == "amqp://u:p@rabbitmq:5672/"
    assert told["CONF"] == f"{CONFIG}/x"
    assert told["DB"] == f"sqlite:///{DATA}/db"
    assert told["HEARTBED_APP"] == f"{OWN}/own.py"
    assert (told["HEARTBED_APP_PACKAGES"], told["HEARTBED_APP_PREPARE_WITH"]) == (PACKAGES, "python3")


def test_of_an_own_application_neither_model_nor_option_is_assumed() -> None:
    told = assumptions(Wishes(own=OwnApplication(Path("own.py"))))
    assert told[0] == "GET / makes your application use the broker (--open)"
    assert not [text for text in told if "execution model" in text or "heartbeat_in_pthread" in text]


@pytest.mark.parametrize(("brings", "count"), [((), 1), ((("oslo.messaging", "14.9.3"),), 0)])
def test_an_oslo_messaging_that_it_brings_is_not_assumed_to_be_the_images(
    brings: tuple[tuple[str, str], ...], count: int
) -> None:
    told = assumptions(Wishes(own=OwnApplication(Path("own.py"), brings=brings)))
    assert len([text for text in told if text.startswith("oslo.messaging")]) == count
