"""The set-up scripts, run as they are: on sample apt sources, and on machines that lack something."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from heartbed.places import ROOT

SCRIPTS = ROOT / "scripts"
NOT_READY = 4
PUBLIC = ["main http://deb.debian.org/debian", "security http://deb.debian.org/debian-security"]


def mirrors(*files: Path) -> list[str]:
    done = subprocess.run([SCRIPTS / "apt-mirrors", *files], capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.splitlines()


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_one_line_sources_name_main_and_security_mirror(tmp_path: Path) -> None:
    sources = write(
        tmp_path / "sources.list",
        "# deb http://commented.example/debian bookworm main\n"
        "deb-src http://source.example/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/k.gpg] https://mirror.example/debian/ bookworm main contrib\n"
        "deb https://mirror.example/debian-security bookworm-security main\n",
    )
    assert mirrors(sources) == [
        "main https://mirror.example/debian",
        "security https://mirror.example/debian-security",
    ]


def test_deb822_stanzas_are_read_with_continuation_lines(tmp_path: Path) -> None:
    sources = write(
        tmp_path / "debian.sources",
        "Types: deb deb-src\nURIs:\n http://mirror.example/debian\n# a comment\nSuites: trixie trixie-updates\n"
        "Components: main\n\n"
        "Enabled: no\nTypes: deb\nURIs: http://off.example/debian-security\nSuites: trixie-security\n"
        "Components: main\n",
    )
    assert mirrors(sources) == ["main http://mirror.example/debian"]


def test_cloud_image_mirror_list_is_followed(tmp_path: Path) -> None:
    lists = write(tmp_path / "mirrors.list", "# ours\nhttps://cdn.example/debian\nhttps://second.example/debian\n")
    sources = write(
        tmp_path / "debian.sources",
        f"Types: deb\nURIs: mirror+file://{lists}\nSuites: bookworm bookworm-updates\nComponents: main\n",
    )
    assert mirrors(sources) == ["main https://cdn.example/debian"]


@pytest.mark.parametrize(
    "line",
    [
        "deb https://packages.example/node bookworm main",
        "deb https://download.docker.com/linux/debian bookworm stable",
        "deb http://archive.ubuntu.com/ubuntu noble main",
    ],
)
def test_without_debian_sources_the_public_mirrors_are_used(tmp_path: Path, line: str) -> None:
    assert mirrors(write(tmp_path / "other.list", line + "\n")) == PUBLIC


def ensure_docker(
    tmp_path: Path, distribution: str, docker: str | None, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Runs ensure-docker where ``docker`` is this shell script, or is not there."""
    commands = tmp_path / "bin"
    commands.mkdir()
    for name in ("sh", "dirname", "id", "uname", "cat", "grep", "date", "tail"):
        real = next(path for path in (Path("/bin") / name, Path("/usr/bin") / name) if path.exists())
        (commands / name).symlink_to(real)
    if docker is not None:
        write(commands / "docker", f"#!/bin/sh\n{docker}\n").chmod(0o755)
    release = write(tmp_path / "os-release", f"ID={distribution}\n")
    return subprocess.run(
        [SCRIPTS / "ensure-docker"],
        env={"PATH": str(commands), "HEARTBED_NO_INSTALL": "1", "HEARTBED_OS_RELEASE": str(release), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )


@pytest.mark.parametrize(
    ("distribution", "command"),
    [("debian", "scripts/ensure-docker"), ("fedora", "dnf install"), ("plan9", "https://docs.docker.com")],
)
def test_without_docker_three_lines_say_what_to_do(tmp_path: Path, distribution: str, command: str) -> None:
    done = ensure_docker(tmp_path, distribution, None)
    assert done.returncode == NOT_READY
    what, how, then = done.stderr.splitlines()
    assert "no Docker" in what
    assert command in how
    assert "run the same command again" in then


def test_compose_v1_alone_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    write(tmp_path / "v1" / "docker-compose", "#!/bin/sh\necho 1.29.2\n").chmod(0o755)
    path = f"{tmp_path / 'bin'}:{tmp_path / 'v1'}"
    done = ensure_docker(tmp_path, "debian", "exit 1", PATH=path)
    assert done.returncode == NOT_READY
    assert "only Compose v1 is here" in done.stderr
    assert len(done.stderr.splitlines()) == 3


PLUGINS_BUT_NO_ENGINE = 'case "$*" in "compose version --short") echo 2.26.1 ;; "buildx version") ;; *) {} ;; esac'


def test_engine_that_does_not_answer_is_named(tmp_path: Path) -> None:
    done = ensure_docker(tmp_path, "fedora", PLUGINS_BUT_NO_ENGINE.format("exit 1"))
    assert done.returncode == NOT_READY
    assert done.stderr.startswith("heartbed: no Docker engine answers.")


def test_engine_that_denies_permission_names_the_group(tmp_path: Path) -> None:
    denied = PLUGINS_BUT_NO_ENGINE.format("echo permission denied >&2; exit 1")
    done = ensure_docker(tmp_path, "fedora", denied)
    assert done.returncode == NOT_READY
    assert "usermod -aG docker" in done.stderr


def test_podman_is_named_before_anything_is_made_for_it(tmp_path: Path) -> None:
    podman = 'case "$*" in "version --format"*) echo "Podman Engine;Conmon;Engine;" ;; esac'
    done = ensure_docker(tmp_path, "debian", PLUGINS_BUT_NO_ENGINE.format(podman))
    assert done.returncode == NOT_READY
    assert done.stderr.startswith("heartbed: the engine is Podman, which has no BuildKit")
    assert len(done.stderr.splitlines()) == 3


def test_nothing_is_said_when_all_is_there(tmp_path: Path) -> None:
    done = ensure_docker(tmp_path, "debian", PLUGINS_BUT_NO_ENGINE.format("exit 0"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("code", "words"), [(1, "did not keep"), (2, "input is wrong"), (4, "testbed")])
def test_exit_code_is_told_and_kept(code: int, words: str) -> None:
    done = subprocess.run([SCRIPTS / "say-exit-code", str(code)], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert words in done.stderr


def test_make_help_lists_every_target_with_a_line() -> None:
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", "-C", ROOT, "help"], capture_output=True, text=True, check=True, timeout=10, env=environ
    )
    assert "make compare " in done.stdout
    assert "make test-prefork " in done.stdout


@pytest.mark.parametrize(("distribution", "words"), [("debian", "apt-get install chromium"), ("ubuntu", "no Chromium")])
def test_without_a_browser_it_is_said_and_nothing_fails(tmp_path: Path, distribution: str, words: str) -> None:
    for name in ("sh", "dirname", "id"):
        (tmp_path / name).symlink_to(
            next(path for path in (Path("/bin") / name, Path("/usr/bin") / name) if path.exists())
        )
    release = write(tmp_path / "os-release", f"ID={distribution}\n")
    environ = {"PATH": str(tmp_path), "HEARTBED_NO_INSTALL": "1", "HEARTBED_OS_RELEASE": str(release)}
    done = subprocess.run(
        [SCRIPTS / "ensure-browser"], env=environ, capture_output=True, text=True, check=False, timeout=10
    )
    assert done.returncode == 0
    assert words in done.stderr
    assert "are skipped" in done.stderr
