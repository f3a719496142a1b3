"""``heartbed check`` on what is no httpd file and no ini file, and with what is left to the library."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.docker

HEARTBED = Path(sys.executable).with_name("heartbed")
YAML = "uwsgi:\n  socket: 127.0.0.1:10080\n  master: 1\n  workers: 2\n  module: hello:app\n  env:\n    - LANG=C\n"
INI = "[uwsgi]\nmaster = true\nlazy-apps = true\nn = 1\nprocesses = %(n)\nhttp-socket = :8774\nmodule = hello:app\n"


def checked(path: Path, text: str, *options: str) -> tuple[int, dict[str, Any]]:
    path.write_text(text)
    runs = path.parent / "runs"
    command = [
        str(HEARTBED),
        "check",
        str(path),
        *options,
        "--no-mend",
        "--probe",
        "idle",
        "--format",
        "json",
        "--quiet",
    ]
    done = subprocess.run(
        [*command, "--runs", str(runs)], capture_output=True, text=True, check=False, timeout=300, env=os.environ
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.slow
def test_a_configuration_of_gunicorn_is_checked(tmp_path: Path) -> None:
    code, told = checked(tmp_path / "gunicorn.conf.py", "bind = '127.0.0.1:8001'\nworkers = 3\n")
    assert (code, told["verdict"]["outcome"]) == (0, "kept")
    assert told["is"]["worker_class"] == "sync"
    assert "+workers = 2" in told["replaced"]


@pytest.mark.slow
def test_yaml_is_checked_as_uwsgi_reads_it(tmp_path: Path) -> None:
    code, told = checked(tmp_path / "uwsgi.yaml", YAML)
    assert (code, told["verdict"]["outcome"]) == (1, "lost")
    assert (told["is"]["processes"], told["is"]["front"]) == (2, "proxied")
    assert any("is YAML, as uWSGI itself reads it" in text for text in told["assumed"])


@pytest.mark.slow
def test_what_is_left_to_the_library_is_the_default_of_its_version(tmp_path: Path) -> None:
    code, told = checked(tmp_path / "uwsgi.ini", INI, "--release", "xena")
    fates = {each["purpose"]: each["outcome"] for each in told["verdict"]["connections"]}
    assert (code, fates) == (1, {"SEND": "kept", "LISTEN": "lost"})
    assert told["is"]["processes"] == 1
    assert any("heartbeat_in_pthread = true, the default of oslo.messaging" in text for text in told["assumed"])


def test_levels_of_the_log_are_those_of_nova_conf(tmp_path: Path) -> None:
    nova = tmp_path / "nova.conf"
    nova.write_text("[DEFAULT]\ndebug = true\ndefault_log_levels = amqp=DEBUG,oslo.messaging=DEBUG\nmy_ip = 10.0.0.1\n")
    options = ("--oslo-config", str(nova), "--model", "native")
    _, told = checked(tmp_path / "uwsgi.ini", INI, *options)
    record = next((tmp_path / "runs").glob("*/record.jsonl")).read_text(encoding="utf-8")
    assert '"level":"debug"' in record.replace(" ", "")
    assert any("not read: 1 option of [DEFAULT]" in text for text in told["assumed"])
