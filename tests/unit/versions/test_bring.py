"""A library of the user's own: which project it is, what it is called, and the copy that images are built from."""

from __future__ import annotations

import os
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from heartbed.cells.expressions import select
from heartbed.cells.subject import subjects
from heartbed.errors import InputError
from heartbed.run.images import specs
from heartbed.versions import bring
from heartbed.versions.git import repository as repository_of

SETUP_CFG = "[metadata]\nname = oslo.messaging\n"


def git(path: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    done = subprocess.run(["git", "-C", str(path), *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bring, "FOLDER", tmp_path / "with")
    return tmp_path / "with"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    path = tmp_path / "oslo"
    path.mkdir()
    (path / "setup.cfg").write_text(SETUP_CFG)
    (path / "oslo_messaging.py").write_text("version = 1\n")
    git(path, "init", "--quiet")
    git(path, "add", ".")
    git(path, "commit", "--quiet", "-m", "Begin")
    git(path, "tag", "17.3.0")
    return path


def test_a_clean_checkout_is_called_by_its_commit_and_built_as_its_last_tag(checkout: Path) -> None:
    (found,) = bring.brought([checkout])
    commit = git(checkout, "rev-parse", "HEAD")
    assert (found.package, found.version, found.label) == ("oslo.messaging", "17.3.0", commit[:7])
    (cell,) = select(["prefork-daemon-eventlet-oslo14.3.0"]).cells
    assert cell.with_patched([found]).name == f"prefork-daemon-eventlet-oslo@{commit[:7]}"


def test_a_dirty_tree_is_called_so_and_has_what_it_has_at_this_moment(checkout: Path) -> None:
    (checkout / "new.py").write_text("new = 1\n")
    (first,) = bring.brought([checkout])
    assert first.label.endswith("+dirty")
    assert (first.folder / "source" / "oslo.messaging" / "new.py").is_file()
    (checkout / "new.py").write_text("new = 2\n")
    (second,) = bring.brought([checkout])
    assert first.folder != second.folder


def test_what_git_ignores_is_not_part_of_it(checkout: Path) -> None:
    (checkout / ".gitignore").write_text("junk\n")
    (checkout / "junk").write_text("x")
    (found,) = bring.brought([checkout])
    assert not (found.folder / "source" / "oslo.messaging" / "junk").exists()


def test_a_commit_is_copied_as_it_is_whatever_the_tree_has(checkout: Path) -> None:
    commit = git(checkout, "rev-parse", "HEAD")
    (checkout / "oslo_messaging.py").write_text("version = 2\n")
    repository = repository_of(checkout)
    assert repository is not None
    found = bring.at_commit(checkout, repository, commit, "oslo.messaging")
    assert (found.folder / "source" / "oslo.messaging" / "oslo_messaging.py").read_text() == "version = 1\n"
    assert (found.folder / "Dockerfile").is_file()


def test_a_commit_is_copied_by_a_python_that_knows_no_filters(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract = tarfile.TarFile.extractall

    def without_filter(tar: tarfile.TarFile, path: Path) -> None:
        extract(tar, path)

    monkeypatch.setattr(tarfile.TarFile, "extractall", without_filter)
    monkeypatch.delattr(tarfile, "data_filter", raising=False)
    repository = repository_of(checkout)
    assert repository is not None
    (tmp_path / "copy").mkdir()
    repository.export(repository.commit("HEAD"), tmp_path / "copy")
    assert any((tmp_path / "copy").iterdir())


def test_what_pbr_builds_has_the_list_of_its_files_that_git_would_give(checkout: Path) -> None:
    (checkout / "setup.py").write_text("import setuptools\nsetuptools.setup(pbr=True)\n")
    (found,) = bring.brought([checkout])
    tree = found.folder / "source" / "oslo.messaging"
    assert "oslo_messaging.py" in (tree / "oslo_messaging.egg-info" / "SOURCES.txt").read_text().splitlines()


def test_a_tree_without_git_is_called_by_its_contents(tmp_path: Path) -> None:
    path = tmp_path / "kombu"
    path.mkdir()
    (path / "pyproject.toml").write_text('[project]\nname = "kombu"\n')
    (found,) = bring.brought([path])
    assert (found.package, found.version, len(found.label)) == ("kombu", "0.0.0", 7)


def test_wheels_and_source_distributions_say_themselves_what_they_are(tmp_path: Path) -> None:
    wheel, sdist = tmp_path / "amqp-5.4.0-py3-none-any.whl", tmp_path / "oslo_log-8.0.0.tar.gz"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("amqp-5.4.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: amqp\nVersion: 5.4.0\n")
    (tmp_path / "PKG-INFO").write_text("Name: oslo_log\nVersion: 8.0.0\n")
    with tarfile.open(sdist, "w:gz") as tar:
        tar.add(tmp_path / "PKG-INFO", "oslo_log-8.0.0/PKG-INFO")
    found = bring.brought([wheel, sdist])
    assert [(each.package, each.version) for each in found] == [("amqp", "5.4.0"), ("oslo.log", "8.0.0")]


def test_what_is_no_project_is_refused_with_what_would_be_one(tmp_path: Path, checkout: Path) -> None:
    empty, strange = tmp_path / "empty", tmp_path / "requests"
    empty.mkdir()
    strange.mkdir()
    (strange / "pyproject.toml").write_text('[project]\nname = "requests"\n')
    with pytest.raises(InputError, match="no build system"):
        bring.brought([empty])
    with pytest.raises(InputError, match="it is requests, which is not among what can be brought"):
        bring.brought([strange])
    with pytest.raises(InputError, match="no such file or folder"):
        bring.brought([tmp_path / "nothing"])
    with pytest.raises(InputError, match=r"both oslo\.messaging"):
        bring.brought([checkout, checkout])


def damaged(how: str, folder: Path) -> Path:
    """A library that cannot be read."""
    wheel, sdist, tree = folder / "amqp-5.4.0-py3-none-any.whl", folder / "kombu-5.6.0.tar.gz", folder / "kombu"
    if how == "cut":
        with tarfile.open(sdist, "w:gz") as tar:
            (folder / "much").write_bytes(os.urandom(9999))
            tar.add(folder / "much", "kombu-5.6.0/much")
        sdist.write_bytes(sdist.read_bytes()[:5000])
        return sdist
    if how == "untold":
        tree.mkdir()
        (tree / "pyproject.toml").write_text('project = "kombu"\n')
        return tree
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("amqp-5.4.0.dist-info/METADATA", "Name: amqp\nVersion: 5.4.0\n")
    octets = bytearray(wheel.read_bytes())
    index = octets.find(b"PK\x01\x02")
    at, value = {"encrypted": (8, 1), "packed otherwise": (10, 99)}[how]
    octets[index + at] = octets[at - 2] = value
    wheel.write_bytes(octets)
    return wheel


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("cut", "it cannot be read"),
        ("encrypted", "it cannot be read: File .* is encrypted"),
        ("packed otherwise", "it cannot be read: That compression method is not supported"),
        ("untold", "its build files do not say which project it is"),
    ],
)
def test_what_cannot_be_read_is_told(how: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words):
        bring.brought([damaged(how, tmp_path)])


def test_a_setup_py_is_read_and_not_run(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.mkdir()
    (path / "setup.py").write_text("from setuptools import setup\nraise SystemExit\nsetup(name='eventlet')\n")
    (found,) = bring.brought([path])
    assert found.package == "eventlet"


def test_its_layer_stands_on_the_image_of_the_releases_and_of_the_application(checkout: Path) -> None:
    (library,) = bring.brought([checkout])
    (cell,) = select(["uwsgi-eventlet-nova-2025.2"]).cells
    found = {each.name: each for each in specs([cell.with_patched([library])])}
    layer = next(each for name, each in found.items() if name.startswith("apache") and library.label in name)
    assert layer.on == found["apache-2025.2-nova"].tag
    assert layer.build_args == {"PACKAGE": "oslo.messaging", "VERSION": "17.3.0", "LABEL": library.label}
    assert "@" not in layer.tag
    server = next(each for name, each in found.items() if name.startswith("uwsgi"))
    assert server.on == layer.tag


def test_a_patched_cell_is_not_asked_for_a_release_of_that_library(checkout: Path) -> None:
    (library,) = bring.brought([checkout])
    (cell,) = select(["prefork-2025.2"]).cells
    patched = cell.with_patched([library])
    assert "oslo.messaging" not in patched.asked_versions
    assert patched.asked_versions["kombu"] == cell.asked_versions["kombu"]
    assert patched.factors["oslo"] == f"17.3.0@{library.label}"
    assert patched.released == cell
    assert patched.with_version("oslo", "14.3.0").patched == ()


def test_its_service_has_a_name_that_compose_takes(checkout: Path) -> None:
    (checkout / "new.py").write_text("")
    (library,) = bring.brought([checkout])
    (cell,) = select(["prefork"]).cells
    (subject,) = subjects([cell.with_patched([library])])
    assert subject.cell.name.endswith("+dirty")
    assert set("@+").isdisjoint(subject.name)
