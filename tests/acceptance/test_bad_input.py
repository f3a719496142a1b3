"""What is wrong is said clearly, with the exit code that is promised, and nothing is left running."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from filelock import FileLock

from heartbed.cells.expressions import select
from heartbed.cells.settings import Settings
from heartbed.errors import TestbedError
from heartbed.places import ROOT
from heartbed.record.kinds import RunEnd
from heartbed.run.execute import execute
from heartbed.run.images import BASE_IMAGE, images_for
from heartbed.testbed import by_hand as stack
from heartbed.testbed import cleanup, labels
from heartbed.testbed.engine import connect
from tests.acceptance.program import Program

CELL = "prefork-daemon-native"


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """The program; it must leave nothing running."""
    program = Program(tmp_path / "runs")
    yield program
    if not program.environ:  # else Docker was hidden from it
        assert program.left() == []


def apache_conf(tmp_path: Path) -> Path:
    """A copy of apache_conf/ to break."""
    folder = tmp_path / "apache_conf"
    shutil.copytree(ROOT / "apache_conf", folder)
    for each in (tmp_path, folder):
        each.chmod(0o755)  # httpd is not the user who runs the tests
    return folder


def failure(program: Program, conf: Path, *cells: str) -> TestbedError:
    """How a run on this configuration fails."""
    settings = Settings(runs=program.runs, root=conf.parent)
    with pytest.raises(TestbedError) as caught:
        execute(select(cells or [CELL]), settings, lambda wanted: images_for(wanted, quiet=True))
    assert caught.value.exit_code == 4
    last = program.events()[-1]
    assert last.data == RunEnd(status="failed", reason=caught.value.message)
    return caught.value


@pytest.mark.docker
def test_a_syntax_error_is_shown_in_httpds_own_words(program: Program, tmp_path: Path) -> None:
    conf = apache_conf(tmp_path)
    lines = (conf / "prefork.conf").read_text() + "StartServerz 3\n"
    (conf / "prefork.conf").write_text(lines)
    error = failure(program, conf)
    assert error.message == f"{CELL} did not start: its server has ended"
    log = "\n".join(error.log)
    assert f"Syntax error on line {lines.count(chr(10))} of /opt/heartbed/apache_conf/prefork.conf" in log
    assert "Invalid command 'StartServerz'" in log


@pytest.mark.docker
def test_the_traceback_of_an_application_that_fails_to_import_is_shown(program: Program, tmp_path: Path) -> None:
    conf = apache_conf(tmp_path)
    (conf / "broken.wsgi").write_text("import no_such_module\n")
    httpd = (conf / "httpd.conf").read_text()
    httpd = httpd.replace("/opt/heartbed/wsgi_app/wsgi.py", "/opt/heartbed/apache_conf/broken.wsgi")
    (conf / "httpd.conf").write_text(httpd.replace('/opt/heartbed/wsgi_app"', '/opt/heartbed/apache_conf"'))
    error = failure(program, conf)
    assert error.message == f"{CELL} did not start: the application answers 500"
    log = "\n".join(error.log)
    assert "Traceback (most recent call last)" in log
    assert "ModuleNotFoundError: No module named 'no_such_module'" in log


@pytest.fixture(scope="session")
def broken_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image in the place of RabbitMQ's that ends with an error."""
    folder = tmp_path_factory.mktemp("broken")
    say = "echo 'no such file: enabled_plugins' >&2; exit 3"
    (folder / "Dockerfile").write_text(f'FROM {BASE_IMAGE}\nCMD ["sh", "-c", "{say}"]\n')
    tag = f"heartbed-test-broken-broker:{os.getpid()}"
    with contextlib.closing(connect()) as client:
        client.images.build(path=str(folder), tag=tag, rm=True, forcerm=True)
        yield tag
        client.images.remove(tag)


@pytest.mark.docker
def test_the_log_of_a_broker_that_does_not_come_up_is_shown(tmp_path: Path, broken_broker: str) -> None:
    program = Program(tmp_path / "runs", {"RABBITMQ_IMAGE": broken_broker})
    done = program("run", CELL)
    assert done.code == 4, done
    assert "| no such file: enabled_plugins" in done.err
    assert "error: RabbitMQ has ended" in done.err
    assert f"RABBITMQ_IMAGE={broken_broker}" in done.err
    assert program.left() == []


@pytest.mark.docker
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_on_a_full_disk_what_was_written_stays_and_the_run_says_so(program: Program) -> None:
    program.runs.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "heartbed-test", program.runs], check=True)
    try:
        done = program("run", CELL, "--heartbeat", "1")
        assert done.code == 4, done
        assert "record.jsonl: No space left on device" in done.err
        assert "free some disk space" in done.err
        events = program.events()  # raises if a line is damaged
        assert len(events) > 10
        assert program.left() == []
        judged = program("verdict")
        assert judged.code == 4
        assert "verdicts.json: No space left on device" in judged.err
        assert "inconclusive" in judged.out
        assert not (program.newest / "verdicts.json").exists()
    finally:
        subprocess.run(["umount", program.runs], check=True)


@pytest.mark.parametrize("arguments", [("run", CELL), ("up",), ("down",), ("logs",), ("clean",)])
def test_without_docker_every_command_says_what_to_do(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = Program(tmp_path / "runs", {"DOCKER_HOST": f"unix://{tmp_path}/docker.sock"})(*arguments)
    assert done.code == 4, done
    assert f"error: no Docker engine answers at DOCKER_HOST=unix://{tmp_path}/docker.sock" in done.err
    assert "heartbed doctor" in done.err


def test_a_docker_that_is_given_up_on_leaves_no_folder(tmp_path: Path) -> None:
    program = Program(tmp_path / "runs", {"DOCKER_HOST": "tcp://127.0.0.1:1"})
    assert program("run", CELL).code == 4
    assert list(program.runs.iterdir()) == []


@pytest.mark.parametrize("text", ["0", "-1", "abc", "1e9", "2.5", ""])
def test_a_heartbeat_that_is_none_is_wrong_input(program: Program, text: str) -> None:
    done = program("run", CELL, "--heartbeat", text)
    assert done.code == 2, done
    assert f"error: heartbeat {text!r} is not a heartbeat timeout" in done.err
    assert "whole seconds from 1 to 60" in done.err


def test_make_takes_no_such_heartbeat_either() -> None:
    done = subprocess.run(
        ["make", "-C", ROOT, "compare", "HEARTBEAT=abc"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert "heartbeat 'abc' is not a heartbeat timeout" in done.stderr
    assert "exit code 2: the input is wrong" in done.stderr


@pytest.mark.parametrize(("place", "why"), [("/proc/runs", "No such file"), ("/proc/version/runs", "Not a directory")])
def test_a_folder_of_runs_that_cannot_be_written_is_told_before_anything_is_started(place: str, why: str) -> None:
    done = Program(Path(place))("run", CELL)
    assert done.code == 4, done
    assert f"cannot write to the folder of runs {place}: {why}" in done.err
    assert "--runs" in done.err


def test_a_file_in_place_of_the_folder_of_runs_is_wrong_input(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    done = Program(tmp_path / "runs")("run", CELL)
    assert done.code == 2, done
    assert "is a file" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run",), "no cell was named"),
        (("run", "preforc-daemon"), "did you mean 'prefork'?"),
        (("run", "prefork-embeded"), "did you mean 'embedded'?"),
        (("run", "prefork-native-pthread"), "no cell is left"),
        (("run", "prefork-threads0"), "threads (worker threads in each of them) goes from 1 to 256"),
        (("report", "--format", "pdf"), "there is none in"),
        (("diff",), "Missing argument 'BEFORE'"),
        (("frobnicate",), "No such command 'frobnicate'"),
    ],
)
def test_wrong_input_is_named(program: Program, arguments: tuple[str, ...], words: str) -> None:
    program.runs.mkdir()
    done = program(*arguments)
    assert done.code == 2, done
    assert words in done.err
    assert "Traceback" not in done.err


@pytest.fixture
def by_hand(tmp_path: Path) -> Program:
    """The stack by hand with a name and ports of its own."""
    with contextlib.ExitStack() as held:
        sockets = {name: held.enter_context(socket.create_server(("127.0.0.1", 0))) for name in stack.PORTS}
        ports = {name: str(each.getsockname()[1]) for name, each in sockets.items()}
    return Program(tmp_path / "runs", {"COMPOSE_PROJECT_NAME": f"heartbed-test-{os.getpid()}", **ports})


@pytest.mark.docker
def test_a_port_that_is_taken_is_named_and_how_to_move_it(by_hand: Program) -> None:
    port = by_hand.environ["HEARTBED_EVENT_PORT"]
    with socket.create_server(("127.0.0.1", int(port))):
        done = by_hand("up")
    assert done.code == 2, done
    assert f"port {port} on 127.0.0.1 is taken (HEARTBED_EVENT_PORT)" in done.err
    assert "HEARTBED_EVENT_PORT=" in done.err.partition("hint:")[2]
    assert services(by_hand) == []


@pytest.mark.docker
@pytest.mark.parametrize("port", ["x", "80", "70000"])
def test_a_port_that_is_none_is_wrong_input(by_hand: Program, port: str) -> None:
    by_hand.environ = {**by_hand.environ, "HEARTBED_AMQP_PORT": port}
    done = by_hand("up")
    assert done.code == 2, done
    assert f"HEARTBED_AMQP_PORT={port!r} is not a port" in done.err


@pytest.mark.docker
def test_a_broker_that_does_not_come_up_by_hand_is_the_one_that_is_named(by_hand: Program, broken_broker: str) -> None:
    by_hand.environ = {**by_hand.environ, "RABBITMQ_IMAGE": broken_broker}
    done = by_hand("up")
    assert done.code == 4, done
    assert "| no such file: enabled_plugins" in done.err
    assert "error: rabbitmq did not come up: exited with code 3" in done.err
    assert services(by_hand) == []


def services(program: Program) -> list[str]:
    """What there is in Docker of the stack by hand."""
    project = f"com.docker.compose.project={program.environ['COMPOSE_PROJECT_NAME']}"
    with contextlib.closing(docker.from_env()) as client:
        containers = client.api.containers(all=True, filters={"label": project})
        networks = client.api.networks(filters={"label": project})
    return [each["Names"][0] for each in containers] + [each["Name"] for each in networks]


def curl(port: str, path: str, *options: str) -> str:
    command = ["curl", "--silent", "--include", "--max-time", "20", *options]
    url = f"http://127.0.0.1:{port}{path}"
    return subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout


LOGS_DEADLINE_S = 60.0
SERVER = "/v2.1/servers/5a0f3c1e-8f3b-4a57-9d2b-6c8f0e1d2a3b"


@pytest.mark.docker
@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_the_stack_by_hand_works_as_compose_yaml_says(by_hand: Program) -> None:
    prefork, event = (by_hand.environ[f"HEARTBED_{server}_PORT"] for server in ("PREFORK", "EVENT"))
    try:
        up = by_hand("up")
        assert up.code == 0, up
        assert f"http://127.0.0.1:{prefork}/heartbed/facts" in up.out
        assert '"mpm":"prefork"' in curl(prefork, "/heartbed/facts")
        json_type = ("-H", "Content-Type: application/json")
        cast = curl(prefork, f"{SERVER}/action", "-X", "POST", *json_type, "-d", '{"os-start": null}')
        assert cast.startswith("HTTP/1.1 202")
        assert curl(event, f"{SERVER}/diagnostics").startswith("HTTP/1.1 200")
        assert by_hand("up").code == 0  # what is up may be asked for again
        assert logs_until(by_hand, "missed heartbeats from client")
    finally:
        down = by_hand("down")
    assert down.code == 0, down
    assert services(by_hand) == []
    assert by_hand("logs").code == 2


def logs_until(program: Program, words: str) -> bool:
    """Follow the logs until the words come, or until the deadline, at which the follower is ended."""
    following = program.start("logs")
    deadline = threading.Timer(LOGS_DEADLINE_S, following.process.terminate)
    deadline.start()
    try:
        return any(words in line for line in following.process.stdout or ())
    finally:
        deadline.cancel()
        following.process.terminate()
        following.end()


@pytest.mark.docker
def test_clean_removes_what_carries_the_label_save_a_live_runs(tmp_path: Path) -> None:
    """Restricted to labels of this test: other runs may go on beside it."""
    mark = f"heartbed.test={os.getpid()}"
    free = tmp_path / "free.lock"
    free.touch()
    with contextlib.closing(connect()) as client:

        def network(name: str, **labels: str) -> None:
            key, _, value = mark.partition("=")
            client.networks.create(f"heartbed-test-{name}-{os.getpid()}", labels={key: value, **labels})

        def names() -> set[str]:
            return {each["Name"].split("-")[2] for each in client.api.networks(filters={"label": mark})}

        held = FileLock(tmp_path / "held.lock")
        try:
            held.acquire()
            label, lock, host = labels.LABEL, labels.LOCK_LABEL, labels.HOST_LABEL
            network("foreign")
            network("byhand", **{label: "1"})
            network("killed", **{label: "1", lock: str(free)})
            network("forgotten", **{label: "1", lock: str(tmp_path / "gone")})
            network("live", **{label: "1", lock: held.lock_file})
            network("elsewhere", **{label: "1", lock: str(free), host: "another-host"})
            cleanup.sweep(client, mark)
            assert names() == {"foreign", "byhand", "live", "elsewhere"}
            stack.clean(client, mark)
            assert names() == {"foreign", "live"}  # what no run here holds goes when the user says so
        finally:
            held.release()
            cleanup.remove(client, mark)
        assert names() == set()
