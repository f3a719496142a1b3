"""``heartbed check --app``: applications of a user's own, as a user brings them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from heartbed.places import ROOT

pytestmark = pytest.mark.docker

APPS = Path(__file__).parent / "apps"
DOCUMENTED = ROOT / "examples" / "apps"
HEARTBED = Path(sys.executable).with_name("heartbed")
INI = """
[uwsgi]
http-socket = :8774
master = true
lazy-apps = {lazy}
enable-threads = true
processes = 2
wsgi-file = /srv/api.py
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


def check(tmp_path: Path, runs: Path, app: str, *options: str, packages: str = "", lazy: bool = True) -> dict[str, Any]:
    """What is told of an application under uWSGI, as JSON, with its exit code."""
    conf = tmp_path / "api.ini"
    conf.write_text(INI.format(lazy=str(lazy).lower()))
    if packages:
        (tmp_path / "needs.txt").write_text(packages)
        options = (*options, "--requirements", str(tmp_path / "needs.txt"))
    command = [
        str(HEARTBED),
        "check",
        str(conf),
        "--app",
        str((APPS if (APPS / app).exists() else DOCUMENTED) / app),
        *options,
        "--probe",
        "idle",
        "--format",
        "json",
    ]
    environ = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    done = subprocess.run(
        [*command, "--quiet", "--runs", str(runs)],
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
        env=environ,
    )
    assert done.stdout, done.stderr
    return {**json.loads(done.stdout), "code": done.returncode}


def test_an_application_finds_its_variables_configuration_preparation_and_requests(tmp_path: Path, runs: Path) -> None:
    folder, body = tmp_path / "config", tmp_path / "body"
    folder.mkdir()
    (folder / "secret").write_text("open sesame")
    body.write_text("open sesame")
    told = check(
        tmp_path,
        runs,
        "strict.py",
        *("--env", "STRICT_CONFIG={config_dir}", "--env", "STRICT_DATA={data_dir}", "--config-dir", str(folder)),
        *("--prepare", str(APPS / "prepare.py"), "--header", "X-Roles: admin"),
        *("--open", "PUT /things/1", "--body", f"@{body}", "--call", "GET /things", "--no-mend"),
    )
    assert (told["code"], told["verdict"]["outcome"]) == (0, "kept")
    assert {each["purpose"] for each in told["verdict"]["connections"]} == {"SEND", "LISTEN"}
    assert "oslo_messaging" in told["verdict"]["observed"]["modules"]


@pytest.mark.slow
def test_a_library_that_does_not_beat_by_itself_is_the_cause_and_no_other_library_is_offered(
    tmp_path: Path, runs: Path
) -> None:
    told = check(tmp_path, runs, "silent.py", "--env", "AMQP={broker_url}", "--open", "GET /send", packages="pika")
    assert (told["code"], told["verdict"]["cause"]) == (1, "library_beats_not")
    assert not [key for each in told["changes"] for key in each["keys"] if key.startswith(("oslo", "pthread"))]


@pytest.mark.slow
def test_connections_that_forked_processes_share_are_named(tmp_path: Path, runs: Path) -> None:
    options = ("--env", "AMQP={broker_url}", "--no-mend")
    told = check(tmp_path, runs, "eager.py", *options, packages="pika", lazy=False)
    assert told["code"] == 1
    assert [note for note in told["verdict"]["notes"] if "share the connection" in note]
    apart = check(tmp_path, runs, "eager.py", *options, packages="pika")
    assert not [note for note in apart["verdict"]["notes"] if "share the connection" in note]


@pytest.mark.slow
def test_messages_that_are_never_sent_are_the_finding(tmp_path: Path, runs: Path) -> None:
    verdict = check(tmp_path, runs, "later.py", "--no-mend")["verdict"]
    # A later request may have run the hub for long enough that some were sent: their connection is lost too, and first.
    assert (verdict["outcome"], verdict["cause"]) in {("failed", "cast_lost"), ("lost", "hub_not_run")}
    assert re.search(r"use RabbitMQ got 202, and \d+ messages? had left it", verdict["why"]), verdict["why"]


@pytest.mark.slow
def test_a_green_thread_of_gevents_that_holds_the_connection_stands_still(tmp_path: Path, runs: Path) -> None:
    options = ("--env", "AMQP={broker_url}", "--open", "GET /send", "--no-mend")
    told = check(tmp_path, runs, "beating.py", *options, packages="gevent\nkombu==5.5.*\n")
    assert (told["code"], told["verdict"]["cause"]) == (1, "holder_stands_still")
    assert "nothing runs the gevent hub" in told["verdict"]["why"]
    assert told["verdict"]["observed"]["model"] == "gevent"


@pytest.mark.slow
def test_flask_with_kombu_and_a_thread_that_beats_keeps_its_connection(tmp_path: Path, runs: Path) -> None:
    told = check(tmp_path, runs, "flask_kombu.py", "--open", "POST /orders", "--no-mend", packages="flask\n")
    assert (told["code"], told["verdict"]["outcome"]) == (0, "kept")
    assert {each["timeout_s"] for each in told["verdict"]["connections"]} == {2.0}
    assert told["verdict"]["observed"]["model"] == "native"


@pytest.mark.slow
def test_pika_has_its_timeout_from_the_url_and_does_not_beat(tmp_path: Path, runs: Path) -> None:
    told = check(tmp_path, runs, "pika_orders.py", "--open", "POST /orders", packages="pika")
    assert (told["code"], told["verdict"]["cause"]) == (1, "library_beats_not")
    assert {each["timeout_s"] for each in told["verdict"]["connections"]} == {2.0}
    keys = {key for each in (*told["changes"], *told["pairs"]) for key in each["keys"]}
    assert not {"native", "pthread", "heartbeat"} & keys


@pytest.mark.slow
def test_a_timeout_that_is_not_the_testbeds_is_told_with_where_it_is_set(tmp_path: Path, runs: Path) -> None:
    options = ("--env", "AMQP_URL={broker_url}%2F?heartbeat=60", "--open", "POST /orders", "--no-mend")
    told = check(tmp_path, runs, "pika_orders.py", *options, packages="pika")
    assert (told["code"], told["verdict"]["cause"]) == (3, "short_observation")
    (note,) = (each for each in told["verdict"]["notes"] if "heartbeat timeout" in each)
    assert "60 s, where the testbed's is 2 s; pika takes heartbeat=N in the URL" in note


@pytest.mark.slow
def test_what_the_broker_refuses_is_told_in_its_words(tmp_path: Path, runs: Path) -> None:
    options = ("--env", "AMQP_URL=amqp://guest:guest@rabbitmq:5672/", "--open", "POST /orders", "--no-mend")
    told = check(tmp_path, runs, "pika_orders.py", *options, packages="pika")
    assert told["code"] == 3
    assert any("PLAIN login refused: user 'guest'" in note for note in told["verdict"]["notes"])


@pytest.mark.slow
def test_one_like_nova_loses_its_connections_and_the_switch_mends_it(tmp_path: Path, runs: Path) -> None:
    told = check(tmp_path, runs, "nova_like.py", "--open", "POST /servers", "--call", "GET /diagnostics")
    assert (told["code"], told["verdict"]["cause"]) == (1, "hub_not_run")
    assert told["verdict"]["observed"]["model"] == "eventlet"
    (native,) = (each for each in told["changes"] if each["keys"] == ["native"])
    assert (native["acted"], native["outcome"]) == (True, "kept")
