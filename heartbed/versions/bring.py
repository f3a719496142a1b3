"""Makes a library of the user's own ready to be built into images: what it is, its commit, and a copy of its source.

The copy is what the image is built from, with the Dockerfile of ``images/with/``, and is kept between runs. A commit
has one, whatever becomes of the checkout meanwhile.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

from heartbed.errors import InputError
from heartbed.places import ROOT, STATE
from heartbed.versions import git, projects
from heartbed.versions.git import SHORT, Repository
from heartbed.versions.patched import Patched
from heartbed.versions.releases import RELEASES

FOLDER = STATE / "with"
RECIPE = ROOT / "images" / "with"
WORKS = next(ROOT.glob("images/*/works.py"))
NOT_SOURCE = (".git", ".venv", ".tox", "__pycache__", "node_modules", "build", "dist")
"""What is not copied of a tree that is no git checkout."""

DIRTY = "+dirty"

LAYOUT = b"1"
"""Another one where copies are laid out otherwise: those of before are then of no use."""


def libraries(others: Collection[str] = ()) -> list[str]:
    """The packages that may be brought: those of which OpenStack releases are sets, and ``others``."""
    return sorted({package for release in RELEASES.values() for package in release.own} | {*others})


def brought(paths: Sequence[Path], others: Collection[str] = ()) -> tuple[Patched, ...]:
    """What the user names, ready to be built. Raises ``InputError``."""
    found = [_one(path, others) for path in paths]
    for each in found:
        same = [other.shown for other in found if other.package == each.package]
        if len(same) > 1:
            raise InputError(f"--with: {' and '.join(same)} are both {each.package}", hint="name one")
    return tuple(found)


def package_of(path: Path, others: Collection[str] = ()) -> projects.Project:
    """The project at a path, by the name that it has here. Raises ``InputError`` for any that no cell has."""
    project = projects.of(path)
    known = {projects.normal(each): each for each in libraries(others)}
    package = known.get(projects.normal(project.name))
    if package is None:
        raise InputError(
            f"--with {path}: it is {project.name}, which is not among what can be brought",
            hint=f"libraries: {', '.join(known.values())}",
        )
    return projects.Project(package, project.version)


def at_commit(path: Path, repository: Repository, commit: str, package: str) -> Patched:
    """A library as one commit has it."""
    version = repository.version(commit)
    folder = _folder(package, commit)
    if not (folder / "Dockerfile").is_file():
        with tempfile.TemporaryDirectory(dir=_made(FOLDER)) as part:
            tree = _made(Path(part) / "source" / package)
            repository.export(commit, tree)
            _listed(tree, package, version)
            _finished(Path(part), folder)
    return Patched(package, version, commit[:SHORT], folder, f"{path} at {commit[:SHORT]}")


def _one(path: Path, others: Collection[str]) -> Patched:
    project = package_of(path, others)
    if not path.is_dir():
        return _copied(path, project, {path.name: path}, "", project.version)
    repository = git.repository(path)
    if repository is None:
        files = {str(each.relative_to(path)): each for each in sorted(path.rglob("*")) if _is_source(each, path)}
        return _copied(path, project, files, "", "0.0.0")
    commit = repository.commit("HEAD")
    if not repository.is_dirty():
        return at_commit(path, repository, commit, project.name)
    files = {name: path / name for name in repository.files()}
    return _copied(path, project, files, f"{commit[:SHORT]}{DIRTY}", repository.version(commit))


def _is_source(file: Path, root: Path) -> bool:
    return file.is_file() and not any(part in NOT_SOURCE for part in file.relative_to(root).parts)


def _copied(path: Path, project: projects.Project, files: dict[str, Path], label: str, version: str) -> Patched:
    """A library as its files are at this moment: those of a tree, or one archive."""
    digest = hashlib.sha256()
    for name, file in sorted(files.items()):
        digest.update(f"{name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    content = digest.hexdigest()
    folder = _folder(project.name, content)
    if not (folder / "Dockerfile").is_file():
        with tempfile.TemporaryDirectory(dir=_made(FOLDER)) as part:
            top = Path(part) / "source" / (project.name if path.is_dir() else "")
            for name, file in files.items():
                _made((top / name).parent)
                shutil.copy2(file, top / name)
            if path.is_dir():
                _listed(top, project.name, version)
            _finished(Path(part), folder)
    return Patched(project.name, version or "0.0.0", label or content[:SHORT], folder, str(path))


def _folder(package: str, source: str) -> Path:
    """Where a copy of this source is kept, with what else the image is built from as that is now."""
    digest = hashlib.sha256(LAYOUT)
    for file in (*sorted(RECIPE.iterdir()), WORKS):
        digest.update(file.read_bytes())
    return FOLDER / f"{package}-{source[:12]}-{digest.hexdigest()[:8]}"


def _listed(tree: Path, package: str, version: str) -> None:
    """Leave the list of its files in a tree that pbr builds: without git, pbr packs the modules of no list at all."""
    told = "".join(
        (tree / name).read_text(errors="replace") for name in projects.BUILD_FILES if (tree / name).is_file()
    )
    if "pbr" not in told:
        return
    names = "".join(f"{file.relative_to(tree)}\n" for file in sorted(tree.rglob("*")) if file.is_file())
    for name in {package, package.replace(".", "_")}:  # as setuptools calls it before and since its release 69
        info = _made(tree / f"{name}.egg-info")
        (info / "SOURCES.txt").write_text(names)
        (info / "PKG-INFO").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")


def _finished(part: Path, folder: Path) -> None:
    """Put what else the image is built from beside the source, and everything in its place."""
    for file in (*sorted(RECIPE.iterdir()), WORKS):
        shutil.copy2(file, part / file.name)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.move(str(part), folder)
    _made(part)  # what made it removes it


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
