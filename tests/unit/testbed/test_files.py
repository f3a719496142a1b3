"""Which volumes have an image's files: those that are published, and no others."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest

from heartbed.testbed.images.files import clear, volumes
from heartbed.testbed.labels import FILES_LABEL

OURS, OTHERS = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
MARK = f"heartbed-files-{'a' * 12}"


@dataclass
class Engine:
    """As much of Docker's SDK as is asked for: images, volumes by name, and containers that are made and removed."""

    driver: str = "fuse-overlayfs"
    reads: dict[str, str] = field(
        default_factory=lambda: {"heartbed.reads": "/usr /opt/x", "heartbed.reads.app": "/srv"}
    )
    there: dict[str, dict[str, str]] = field(default_factory=dict)
    full: bool = False
    backwards: bool = False
    filled: list[list[str]] = field(default_factory=list)
    fillers: int = 0
    used: tuple[str, ...] = ()

    @property
    def images(self) -> Any:
        ours = SimpleNamespace(id=OURS, labels=self.reads)
        return SimpleNamespace(get=lambda _: ours, list=lambda: [ours])

    @property
    def api(self) -> Any:
        return self

    @property
    def containers(self) -> Any:
        return SimpleNamespace(create=self.fill)

    def info(self) -> dict[str, str]:
        return {"Driver": self.driver}

    def volumes(self, filters: dict[str, list[str]]) -> dict[str, Any]:
        wanted = [label.partition("=")[0] for label in filters["label"]]
        found = {name: labels for name, labels in self.there.items() if all(label in labels for label in wanted)}
        # In no order, as an engine lists them.
        return {"Volumes": [{"Name": name, "Labels": found[name]} for name in sorted(found, reverse=self.backwards)]}

    def make(self, name: str, labels: dict[str, str]) -> None:
        self.there.setdefault(name, labels)

    def remove_volume(self, name: str) -> None:
        if name not in self.there:
            raise docker.errors.NotFound(name)
        if name in self.used:
            raise docker.errors.APIError("volume is in use")
        del self.there[name]

    def fill(self, image: str, command: list[str], mounts: list[Any], **_: Any) -> Any:
        del image, command
        if self.full:
            raise docker.errors.APIError("no space left on device")
        self.filled.append([mount["Target"] for mount in mounts])
        self.fillers += 1
        return SimpleNamespace(remove=self.removed)

    def removed(self, v: bool) -> None:
        assert not v
        self.fillers -= 1


class Client:
    """The same, with Docker's two things that are called volumes told apart."""

    def __init__(self, engine: Engine) -> None:
        self.api, self.images, self.containers, self.info = engine, engine.images, engine.containers, engine.info
        self.volumes = SimpleNamespace(create=engine.make)


def files(engine: Engine, *worth: str) -> dict[str, dict[str, str]]:
    return volumes(Client(engine), [OURS], worth, {"heartbed": "1"})  # type: ignore[arg-type]


@pytest.mark.parametrize("backwards", [False, True])
def test_what_the_image_and_what_is_built_on_it_name_is_filled_once(backwards: bool) -> None:
    engine = Engine(backwards=backwards)
    found = files(engine, OURS)
    assert [*found[OURS]] == ["/usr", "/opt/x", "/srv"]
    assert files(engine, OURS) == files(engine) == found
    assert engine.filled == [["/usr", "/opt/x", "/srv"]]
    assert not engine.fillers
    assert {*engine.there} == {MARK, *found[OURS].values()}


@pytest.mark.parametrize("driver", ["overlay2", "btrfs", "vfs", ""])
def test_a_driver_in_the_kernel_needs_none(driver: str) -> None:
    engine = Engine(driver)
    assert files(engine, OURS) == {}
    assert not engine.there


def test_nothing_is_filled_for_what_is_not_worth_it_or_names_nothing() -> None:
    assert files(engine := Engine()) == {}
    assert files(silent := Engine(reads={}), OURS) == {}
    assert not engine.there
    assert not silent.there


def test_an_engine_without_room_plays_without() -> None:
    engine = Engine(full=True)
    assert files(engine, OURS) == {}
    assert not engine.there


@pytest.mark.parametrize("lost", range(3))
def test_what_somebody_has_removed_is_filled_again(lost: int) -> None:
    engine = Engine()
    before = files(engine, OURS)[OURS]
    engine.remove_volume([*before.values()][lost])
    assert files(engine) == {}
    after = files(engine, OURS)[OURS]
    assert not {*after.values()} & {*before.values()}
    assert {*engine.there} == {MARK, *after.values()}


def test_who_was_killed_while_filling_has_published_nothing() -> None:
    engine = Engine(there={f"{MARK}-123456-usr": {FILES_LABEL: OURS}})
    assert files(engine) == {}
    assert f"{MARK}-123456-usr" not in files(engine, OURS)[OURS].values()
    assert f"{MARK}-123456-usr" not in engine.there


def test_the_files_of_an_image_that_is_gone_go_when_others_are_filled() -> None:
    name = f"heartbed-files-{'b' * 12}"
    engine = Engine(
        there={name: {FILES_LABEL: OTHERS, "/usr": f"{name}-1-usr"}, f"{name}-1-usr": {FILES_LABEL: OTHERS}}
    )
    found = files(engine, OURS)
    assert {*engine.there} == {MARK, *found[OURS].values()}


def test_of_two_who_fill_at_a_time_both_use_what_was_published_first() -> None:
    engine = Engine()
    theirs = {"/usr": f"{MARK}-other-usr", "/opt/x": f"{MARK}-other-x", "/srv": f"{MARK}-other-srv"}
    once = itertools.count()

    def meanwhile(name: str, labels: dict[str, str]) -> None:
        if name == MARK and not next(once):
            engine.there |= {volume: {FILES_LABEL: OURS} for volume in theirs.values()}
            engine.there[MARK] = {FILES_LABEL: OURS, **theirs}
        engine.there.setdefault(name, labels)

    client = Client(engine)
    client.volumes = SimpleNamespace(create=meanwhile)
    assert volumes(client, [OURS], [OURS], {}) == {OURS: theirs}  # type: ignore[arg-type]
    assert {*engine.there} == {MARK, *theirs.values()}


def test_all_go_but_those_that_a_container_has() -> None:
    engine = Engine(there={"others": {"heartbed": "1"}})
    usr = files(engine, OURS)[OURS]["/usr"]
    engine.used = (usr,)
    clear(Client(engine), "heartbed=1")  # type: ignore[arg-type]
    assert {*engine.there} == {"others", usr}
