"""Which images a run needs, when they are built again, and how."""

from __future__ import annotations

import importlib
import io
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import docker
import pytest
from docker.errors import ImageNotFound
from rich.console import Console

from heartbed.cells.expressions import select
from heartbed.errors import TestbedError
from heartbed.places import ROOT
from heartbed.run.images import specs
from heartbed.testbed.images.build import build_command, ca_bundle, ensure_images, reason
from heartbed.testbed.images.progress import Progress
from heartbed.testbed.images.spec import ImageSpec, content_hash


class Image:
    def __init__(self, image_id: str) -> None:
        self.id = image_id


class Engine:
    """As much of a Docker client as is asked: its images, by tag."""

    def __init__(self, **images: Image) -> None:
        self.by_tag = dict(images)
        self.built: list[str] = []

    @property
    def images(self) -> Engine:
        return self

    def version(self) -> dict[str, list[dict[str, str]]]:
        return {"Components": [{"Name": "Engine", "Version": "20.10.24"}]}

    def get(self, tag: str) -> Image:
        if tag not in self.by_tag:
            raise ImageNotFound(tag)
        return self.by_tag[tag]


def client(engine: Engine) -> docker.DockerClient:
    return cast("docker.DockerClient", engine)


@pytest.fixture
def spec(tmp_path: Path) -> ImageSpec:
    (tmp_path / "Dockerfile").write_text("FROM base\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text("print()\n")
    return ImageSpec(
        "app", "app", tmp_path, tmp_path / "Dockerfile", (tmp_path / "Dockerfile", tmp_path / "app"), base="base"
    )


@pytest.fixture
def quiet() -> Progress:
    return Progress(Console(quiet=True))


def test_hash_is_the_same_for_the_same_inputs(spec: ImageSpec) -> None:
    assert content_hash(spec) == content_hash(spec)


def test_hash_changes_with_content_mode_name_and_arguments(spec: ImageSpec) -> None:
    main = spec.context / "app" / "main.py"
    hashes = [content_hash(spec), content_hash(replace(spec, build_args={"OSLO_MESSAGING": "18.0.0"}))]
    main.write_text("print(1)\n")
    hashes.append(content_hash(spec))
    main.chmod(0o755)
    hashes.append(content_hash(spec))
    main.rename(main.with_name("other.py"))
    hashes.append(content_hash(spec))
    assert len(set(hashes)) == len(hashes)


def test_hash_leaves_bytecode_out(spec: ImageSpec) -> None:
    before = content_hash(spec)
    cache = spec.context / "app" / "__pycache__"
    cache.mkdir()
    (cache / "main.cpython-313.pyc").write_bytes(b"\0")
    assert content_hash(spec) == before


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine with a base image, whose builds give each image an id of its own and both of its tags."""
    engine = Engine(base=Image("sha256:base"))

    def build(spec: ImageSpec, pinned: str, *_: Any) -> None:
        engine.built.append(spec.tag)
        engine.by_tag[spec.tag] = engine.by_tag[pinned] = Image(f"sha256:{len(engine.built)}")

    monkeypatch.setattr("heartbed.testbed.images.build._build", build)
    return engine


def test_image_built_from_other_inputs_is_built_again(spec: ImageSpec, quiet: Progress, engine: Engine) -> None:
    engine.by_tag["app"] = Image("sha256:of another checkout")
    first, second = (ensure_images([spec], client(engine), environ={}, progress=quiet) for _ in range(2))
    assert first["app"].id == second["app"].id == "sha256:1"
    assert engine.built == ["app"], "once: the second time it was there"


def test_image_is_found_by_its_inputs_also_when_another_checkout_has_taken_its_name(
    spec: ImageSpec, quiet: Progress, engine: Engine
) -> None:
    ensure_images([spec], client(engine), environ={}, progress=quiet)
    engine.by_tag["app"] = Image("sha256:theirs")
    found = ensure_images([spec], client(engine), environ={}, progress=quiet)
    assert (found["app"].id, engine.built) == ("sha256:1", ["app"])


def test_image_is_built_on_the_very_one_that_its_inputs_name(
    spec: ImageSpec, quiet: Progress, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    above = replace(spec, name="above", tag="above", on="app")
    below: list[str] = []
    engine_build = importlib.import_module("heartbed.testbed.images.build")._build

    def note(spec: ImageSpec, *others: Any) -> None:
        below.append(spec.on)
        engine_build(spec, *others)

    monkeypatch.setattr("heartbed.testbed.images.build._build", note)
    ensure_images([spec, above], client(engine), environ={}, progress=quiet)
    assert below[0] == ""
    assert below[1].startswith("app:of-")


def test_new_base_image_makes_all_images_stale(spec: ImageSpec, quiet: Progress, engine: Engine) -> None:
    ensure_images([spec], client(engine), environ={}, progress=quiet)
    engine.by_tag["base"] = Image("sha256:two")
    ensure_images([spec], client(engine), environ={}, progress=quiet)
    assert engine.built == ["app", "app"]


def test_failed_build_shows_the_last_lines_of_its_log(spec: ImageSpec, quiet: Progress, tmp_path: Path) -> None:
    commands = tmp_path / "bin"
    commands.mkdir()
    docker_command = commands / "docker"
    docker_command.write_text("#!/bin/sh\necho '#5 0.1 E: Unable to locate package httpd'\nexit 1\n")
    docker_command.chmod(0o755)
    environ = {"PATH": f"{commands}:/usr/bin:/bin"}
    with pytest.raises(TestbedError) as raised:
        ensure_images([spec], client(Engine(base=Image("b"))), logs=tmp_path / "logs", environ=environ, progress=quiet)
    assert raised.value.exit_code == 4
    assert "E: Unable to locate package httpd" in raised.value.log[-1]
    assert str(tmp_path / "logs") in raised.value.hint


def test_a_folder_that_takes_no_log_is_said_with_the_way_out(spec: ImageSpec, quiet: Progress, tmp_path: Path) -> None:
    (tmp_path / "logs").touch()
    with pytest.raises(TestbedError, match="cannot write the build's log") as raised:
        ensure_images([spec], client(Engine(base=Image("b"))), logs=tmp_path / "logs", progress=quiet)
    assert "XDG_CACHE_HOME" in raised.value.hint


def test_build_that_fails_in_python_tells_its_error_alone() -> None:
    log = [
        "#24 2.491     class ConfigOptsProxy(collections.Mapping):",
        "#24 2.491 AttributeError: module 'collections' has no attribute 'Mapping'",
        "#24 ERROR: executor failed running [/bin/sh -c python3]: exit code: 1",
        "ERROR: failed to solve: executor failed running",
    ]
    assert reason(log) == "AttributeError: module 'collections' has no attribute 'Mapping'"
    assert reason(log[-2:]) == ""


def test_images_of_others_are_used_as_they_are(quiet: Progress) -> None:
    found = ensure_images([ImageSpec("rabbitmq", "theirs")], client(Engine(theirs=Image("sha256:t"))), progress=quiet)
    assert found["rabbitmq"].id == "sha256:t"


def test_run_needs_broker_observer_and_one_httpd_a_version() -> None:
    found = specs(select(["{prefork,event}-oslo{17.3.2,18.3.1}"]).cells, environ={})
    assert {spec.name: spec.tag for spec in found} == {
        "rabbitmq": "heartbed-rabbitmq:4",
        "observer": "heartbed-observer:1",
        "apache-oslo17.3.2": "heartbed-apache:oslo17.3.2",
        "apache-oslo18.3.1": "heartbed-apache:oslo18.3.1",
    }
    assert all(path.exists() for spec in found for path in spec.inputs)
    # What is no part of an image must not make it out of date: not the whole of the repository, with its history.
    assert not any(path == ROOT for spec in found for path in spec.inputs)


def test_environment_puts_other_images_in_place() -> None:
    broker, observer, *_ = specs([], environ={"RABBITMQ_IMAGE": "rabbitmq:4-management", "BASE_IMAGE": "mine"})
    assert (broker.tag, broker.dockerfile) == ("rabbitmq:4-management", None)
    assert observer.base == "mine"


def test_build_gets_base_secret_label_and_proxy(spec: ImageSpec, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.touch()
    environ = {"https_proxy": "http://me:hunter2@proxy.example:3128", "HEARTBED_CA_BUNDLE": str(bundle)}
    command = build_command(spec, "app:of-abc", environ, "default")
    for words in (
        ["--build-arg", "BASE_IMAGE=base"],
        ["--build-arg", "https_proxy"],
        ["--secret", f"id=ca,src={bundle}"],
        ["--label", "heartbed=1"],
        ["--tag", "app:of-abc"],
    ):
        at = command.index(words[1])
        assert command[at - 1 : at + 1] == words
    assert "hunter2" not in " ".join(command)


def test_machine_without_a_bundle_lends_an_empty_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heartbed.testbed.images.build.CA_BUNDLES", ())
    assert ca_bundle({}).read_bytes() == b""


def test_progress_is_plain_lines_without_a_terminal() -> None:
    out = io.StringIO()
    progress = Progress(Console(file=out))
    with progress, progress.item("building app") as item:
        item.step("#7 [2/5] RUN apt-get update")
        item.done("app built")
    assert out.getvalue() == "building app\napp built in 0 s\n"


def test_progress_on_a_terminal_shows_the_step_at_work() -> None:
    out = io.StringIO()
    progress = Progress(Console(file=out, force_terminal=True, width=120))
    with progress, progress.item("building app") as item:
        item.step("#7 [2/5] RUN apt-get update")
        progress.bars.refresh()
    assert "[2/5] RUN apt-get update" in out.getvalue()


def test_versions_that_somebody_has_chosen_are_told_from_those_that_are_locked_here() -> None:
    tag = "heartbed-apache:oslo17.3.2-eventlet0.40.0"
    assert ImageSpec("apache", tag, build_args={"LOCK": "eventlet==0.40.0"}).chosen == "oslo17.3.2-eventlet0.40.0"
    assert ImageSpec("apache", "heartbed-apache:oslo14.3.0", build_args={"OSLO_MESSAGING": "14.3.0"}).chosen == ""


def test_each_image_that_has_an_application_knows_its_python() -> None:
    found = {each.name: each.python for each in specs(select(["uwsgi-nova-2024.1", "prefork-2026.1"]).cells)}
    assert found == {
        "rabbitmq": "",
        "observer": "",
        "apache-2024.1-python3.9": "3.9",
        "apache-2024.1-nova-python3.9": "3.9",
        "uwsgi-2024.1-nova-python3.9": "3.9",
        "apache-2026.1": "3.13",
    }
