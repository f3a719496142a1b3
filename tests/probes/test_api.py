"""The stack of compose.yaml, by hand as it were: what the API answers, and that services are what they say.

In daemon mode with one thread, where calls work also under eventlet: in embedded mode under event, a call that is
served by another thread than the first one times out.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from pytest_docker.plugin import DockerComposeExecutor, Services

from heartbed.run.images import images_for

pytestmark = pytest.mark.docker

SERVER = "5a0f3c1e-8f3b-4a57-9d2b-6c8f0e1d2a3b"
ACTION = f"/v2.1/servers/{SERVER}/action"
DIAGNOSTICS = f"/v2.1/servers/{SERVER}/diagnostics"
RPC_TIMEOUT_S = 2
UP_DEADLINE_S = 90
ANSWER_DEADLINE_S = 20

SETTINGS = {
    "HEARTBED_MODE": "daemon",
    "HEARTBED_MODEL": "eventlet",
    "HEARTBED_PTHREAD": "true",
    "HEARTBED_HEARTBEAT": "3",
    "HEARTBED_RPC_TIMEOUT": str(RPC_TIMEOUT_S),
    # 0: any free port, so that the stack of `make up` may run beside this one.
    "HEARTBED_PREFORK_PORT": "0",
    "HEARTBED_EVENT_PORT": "0",
    "HEARTBED_MANAGEMENT_PORT": "0",
    "HEARTBED_AMQP_PORT": "0",
}


@pytest.fixture(scope="module")
def docker_compose_file(pytestconfig: pytest.Config) -> str:
    return str(pytestconfig.rootpath / "compose.yaml")


@pytest.fixture(scope="module")
def docker_compose_project_name() -> str:
    return f"heartbed-api-{secrets.token_hex(4)}"


@pytest.fixture(scope="module")
def docker_setup() -> list[str]:
    """Nothing: pytest-docker would set up outside its ``try``, and leave behind what it had made when that fails."""
    return []


@pytest.fixture(scope="module")
def docker_cleanup() -> list[str]:
    return ["down --volumes --timeout 1"]


@pytest.fixture(scope="module")
def compose(
    docker_compose_command: str, docker_compose_file: str, docker_compose_project_name: str
) -> Iterator[DockerComposeExecutor]:
    """``docker compose`` on this stack, with its settings in the environment."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in SETTINGS.items():
            environment.setenv(name, value)
        environment.setenv("HEARTBED_PASSWORD", secrets.token_urlsafe(18))
        yield DockerComposeExecutor(docker_compose_command, docker_compose_file, docker_compose_project_name)


@pytest.fixture(scope="module")
def stack(compose: DockerComposeExecutor, docker_services: Services) -> Services:
    images_for([], quiet=True)
    compose.execute(f"up --detach --no-build --pull never --wait --wait-timeout {UP_DEADLINE_S}")
    return docker_services


class Api:
    """One of the two services."""

    def __init__(self, server: str, url: str) -> None:
        self.server = server
        self._url = url

    def ask(self, method: str, path: str, **arguments: Any) -> requests.Response:
        return requests.request(method, self._url + path, timeout=ANSWER_DEADLINE_S, **arguments)


def service(server: str, stack: Services) -> Api:
    return Api(server, f"http://127.0.0.1:{stack.port_for(server, 8080)}")


@pytest.fixture(scope="module", params=["prefork", "event"])
def api(request: pytest.FixtureRequest, stack: Services) -> Api:
    return service(request.param, stack)


def fault(response: requests.Response) -> tuple[str, int]:
    ((name, error),) = response.json().items()
    assert error["code"] == response.status_code
    assert error["message"]
    return name, error["code"]


def test_the_root_lists_versions(api: Api) -> None:
    response = api.ask("GET", "/")
    assert response.status_code == 200
    assert [version["id"] for version in response.json()["versions"]] == ["v2.1"]


def test_the_healthcheck_of_oslo_middleware_is_in_the_pipeline(api: Api) -> None:
    response = api.ask("GET", "/healthcheck")
    assert (response.status_code, response.text) == (200, "OK")


def test_every_answer_has_a_request_id_of_its_own_and_tells_its_process_and_thread(api: Api) -> None:
    answers = [api.ask("GET", path) for path in ("/", "/healthcheck", "/nothing", "/heartbed/facts")]
    ids = [answer.headers["x-openstack-request-id"] for answer in answers]
    assert len(set(ids)) == len(ids)
    assert all(each.startswith("req-") for each in ids)
    (pid,) = {int(answer.headers["X-Heartbed-Pid"]) for answer in answers}
    (thread,) = {int(answer.headers["X-Heartbed-Thread"]) for answer in answers}
    assert thread > pid  # daemon mode serves requests in a thread that is not the process's first


def test_the_service_is_what_it_was_asked_to_be(api: Api) -> None:
    facts = api.ask("GET", "/heartbed/facts").json()
    assert (facts["cell"], facts["mpm"], facts["mpms_mapped"]) == (api.server, api.server, [api.server])
    assert (facts["mode"], facts["process_group"], facts["application_group"]) == ("daemon", "nova-api", "")
    assert (facts["processes"], facts["threads"]) == (1, 1)
    # mod_wsgi says multiprocess as soon as WSGIDaemonProcess has processes=, be it processes=1.
    assert (facts["multithread"], facts["multiprocess"]) == (False, True)
    assert facts["model"] == "eventlet"
    assert {name for name, patched in facts["patched"].items() if patched} >= {"socket", "thread", "time", "select"}
    assert (facts["heartbeat_timeout_threshold"], facts["rpc_response_timeout"]) == (3, RPC_TIMEOUT_S)
    assert (facts["heartbeat_in_pthread_exists"], facts["heartbeat_in_pthread"]) == (True, True)
    assert facts["versions"]["oslo.messaging"] == "17.3.2"
    assert set(facts["versions"]) >= {"python", "httpd", "mod_wsgi", "eventlet", "greenlet", "kombu", "amqp"}


@pytest.mark.parametrize("body", [{"os-start": None}, {"os-stop": None}, {"reboot": {"type": "HARD"}}])
def test_an_action_is_accepted(api: Api, body: dict[str, Any]) -> None:
    response = api.ask("POST", ACTION, json=body)
    assert (response.status_code, response.content) == (202, b"")


def test_diagnostics_are_answered_by_compute(api: Api) -> None:
    response = api.ask("GET", DIAGNOSTICS)
    assert response.status_code == 200
    assert (response.json()["state"], response.json()["server_id"]) == ("running", SERVER)


def test_compute_has_taken_the_request(api: Api, compose: DockerComposeExecutor) -> None:
    request_id = api.ask("GET", DIAGNOSTICS).headers["x-openstack-request-id"]
    log = compose.execute("logs compute").decode()
    (told,) = [line for line in log.splitlines() if f'"request_id": "{request_id}"' in line]
    assert '"what": "call", "method": "get_diagnostics"' in told


@pytest.mark.parametrize(
    ("method", "path", "arguments", "expected"),
    [
        ("GET", "/v2.1/servers/foo/diagnostics", {}, ("badRequest", 400)),
        ("POST", ACTION, {"json": {"os-strat": None}}, ("badRequest", 400)),
        ("POST", ACTION, {"data": "{", "headers": {"Content-Type": "application/json"}}, ("badRequest", 400)),
        ("GET", "/v2.1/servers", {}, ("itemNotFound", 404)),
        ("GET", ACTION, {}, ("badMethod", 405)),
        ("POST", ACTION, {"json": "x" * 120_000}, ("overLimit", 413)),
        ("POST", ACTION, {"data": {"os-start": ""}}, ("badMediaType", 415)),
    ],
)
def test_a_wrong_request_is_refused(
    api: Api, method: str, path: str, arguments: dict[str, Any], expected: tuple[str, int]
) -> None:
    assert fault(api.ask(method, path, **arguments)) == expected


def test_the_log_holds_neither_the_password_nor_debugging(api: Api, compose: DockerComposeExecutor) -> None:
    log = compose.execute(f"logs {api.server}").decode()
    assert "Application loaded" in log
    assert " DEBUG " not in log
    assert "rabbit://" not in log


def test_the_files_that_are_mounted_are_those_of_the_checkout(
    api: Api, compose: DockerComposeExecutor, pytestconfig: pytest.Config
) -> None:
    """An edit in apache_conf/ needs a restart and no new image."""
    folder: Path = pytestconfig.rootpath / "apache_conf"
    text = compose.execute(f"exec -T {api.server} cat /opt/heartbed/apache_conf/{api.server}.conf").decode()
    assert text == (folder / f"{api.server}.conf").read_text()


def test_without_compute_a_call_times_out_and_a_cast_is_accepted(
    stack: Services, compose: DockerComposeExecutor
) -> None:
    """Takes compute away, so it is the last one: it has no parameter, and pytest leaves it at the end."""
    compose.execute("kill compute")
    api = service("event", stack)
    response = api.ask("GET", DIAGNOSTICS)
    assert fault(response) == ("computeFault", 504)
    assert response.elapsed.total_seconds() >= RPC_TIMEOUT_S
    assert api.ask("POST", ACTION, json={"os-start": None}).status_code == 202
