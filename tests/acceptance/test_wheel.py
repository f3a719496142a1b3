"""The wheel by itself: installed into an empty environment, it runs in an empty folder as a clone does."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from heartbed import __version__
from heartbed.candidates import presets
from heartbed.cells.expressions import default_cell
from heartbed.places import ROOT
from heartbed.record import folder as runfolder
from heartbed.run.images import specs
from heartbed.testbed.images.spec import content_hash

UV = shutil.which("uv") or str(ROOT / ".heartbed" / "uv" / "bin" / "uv")
SHELL = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
CONF = """\
Listen 8774
<VirtualHost *:8774>
  WSGIDaemonProcess nova-api processes=2 threads=1
  WSGIProcessGroup nova-api
  WSGIApplicationGroup %{GLOBAL}
  WSGIScriptAlias / /usr/bin/nova-api-wsgi
</VirtualHost>
"""


def built(folder: Path) -> Path:
    """The wheel, built in a folder by way of the source archive, as a release is."""
    subprocess.run([UV, "build", "--quiet", "--out-dir", folder, ROOT], check=True, timeout=180)
    (found,) = folder.glob("*.whl")
    return found


def install(wheel: Path, place: Path) -> Path:
    """The program of an environment, made at a place, that has the wheel, and what it needs, and nothing else."""
    subprocess.run([UV, "venv", "--quiet", place], check=True, timeout=60)
    python = place / "bin" / "python"
    subprocess.run([UV, "pip", "install", "--quiet", "--python", python, wheel], check=True, timeout=300)
    return place / "bin" / "heartbed"


def first_verdict(program: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Check a file in a folder where nothing else is."""
    (folder / "site.conf").write_text(CONF)
    return heartbed(program, folder, "check", "site.conf", "--no-mend", "--probe", "idle", deadline_s=300)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(wheel, tmp_path_factory.mktemp("environment") / "venv")


def heartbed(
    program: Path, folder: Path, *arguments: str, deadline_s: float = 60, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run it in a folder, whose sub-folder ``cache`` is the user's cache folder."""
    environment = {**SHELL, "XDG_CACHE_HOME": str(folder / "cache"), **environ}
    environment.pop("HEARTBED_RUNS", None)
    return subprocess.run(
        [program, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=deadline_s,
    )


def test_the_wheel_has_all_that_images_are_made_of(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
        for each in archive.infolist():
            (tmp_path / each.filename).chmod(each.external_attr >> 16)
    parts = tmp_path / "heartbed" / "parts"
    wanted = specs([default_cell()], environ={})
    there = specs([default_cell()], environ={}, root=parts)
    assert {each.name: content_hash(each) for each in there} == {each.name: content_hash(each) for each in wanted}


def test_it_knows_its_version_its_presets_and_its_cells(installed: Path, tmp_path: Path) -> None:
    assert heartbed(installed, tmp_path, "--version").stdout.split()[-1] == __version__
    told = heartbed(installed, tmp_path, "presets")
    assert [line.split()[0] for line in told.stdout.splitlines()] == presets.names()
    cells = heartbed(installed, tmp_path, "cells", "{prefork,event}-native")
    assert cells.stdout.split() == ["prefork-daemon-native", "event-daemon-native"]
    assert list(tmp_path.iterdir()) == []


def test_where_there_is_no_docker_it_says_what_to_do_without_a_clone(installed: Path, tmp_path: Path) -> None:
    done = heartbed(installed, tmp_path, "compare", DOCKER_HOST=f"unix://{tmp_path}/docker.sock")
    assert done.returncode == 4
    assert "no Docker engine answers at DOCKER_HOST" in done.stderr
    assert "`heartbed doctor`" in done.stderr
    assert "make " not in done.stderr
    doctor = heartbed(installed, tmp_path, "doctor", DOCKER_HOST=f"unix://{tmp_path}/docker.sock")
    assert doctor.returncode == 4
    assert "make " not in doctor.stdout


@pytest.mark.docker
def test_a_folder_that_cannot_be_written_to_is_named_with_the_way_out(installed: Path) -> None:
    done = heartbed(installed, Path("/proc/self"), "compare", XDG_CACHE_HOME="/tmp")  # noqa: S108  nothing is put there
    assert done.returncode == 4
    assert "cannot write to the folder of runs" in done.stderr
    assert "--runs DIR or HEARTBED_RUNS" in done.stderr


@pytest.mark.slow
@pytest.mark.docker
def test_its_first_verdict_is_of_the_file_in_the_folder(installed: Path, tmp_path: Path) -> None:
    done = first_verdict(installed, tmp_path)
    assert done.returncode == 1, done.stderr
    assert "nothing runs the eventlet hub" in done.stdout
    (run,) = runfolder.every(tmp_path / "heartbed-runs")
    assert (run / "check.md").is_file()


@pytest.mark.slow
@pytest.mark.docker
def test_it_compares_and_tells_of_its_runs_in_the_folder_where_the_user_stands(installed: Path, tmp_path: Path) -> None:
    done = heartbed(installed, tmp_path, "compare", "prefork-daemon-{eventlet,native}", deadline_s=300)
    assert done.returncode == 1, done.stderr
    assert "heartbed-runs/" in done.stdout
    assert "prefork-daemon-eventlet" in heartbed(installed, tmp_path, "explain", "prefork-daemon-eventlet").stdout
    assert len(heartbed(installed, tmp_path, "runs").stdout.splitlines()) >= 2


SUITE = """
def test_mine(heartbed):
    assert heartbed.check("site.conf", probe="idle").kept

def test_native(heartbed):
    (fate,) = heartbed.run("prefork-daemon-native").values()
    assert fate.kept
"""


@pytest.mark.slow
@pytest.mark.docker
def test_anybodys_suite_can_ask_it(installed: Path, tmp_path: Path) -> None:
    python = installed.with_name("python")
    subprocess.run([UV, "pip", "install", "--quiet", "--python", python, "pytest"], check=True, timeout=120)
    (tmp_path / "site.conf").write_text(CONF)
    (tmp_path / "test_mine.py").write_text(SUITE)
    done = heartbed(installed.with_name("pytest"), tmp_path, "-q", deadline_s=300)
    assert "1 failed, 1 passed" in done.stdout, done
    assert "site.conf: lost after" in done.stdout
    assert "heartbed-runs" in done.stdout
