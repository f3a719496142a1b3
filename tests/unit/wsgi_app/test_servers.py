"""The API of the WSGI application: routes, statuses, and errors in nova's form. The RPC client is a stub."""

from __future__ import annotations

import json
from typing import Any

import pytest
import webob

from wsgi_app.errors import BrokerUnreachableError, CallTimeoutError
from wsgi_app.faults import Faults
from wsgi_app.servers import BODY_LIMIT_OCTETS, Servers
from wsgi_app.versions import Versions

SERVER = "5a0f3c1e-8f3b-4a57-9d2b-6c8f0e1d2a3b"


class Compute:
    """Takes everything down and answers calls."""

    def __init__(self, error: Exception | None = None) -> None:
        self.sent: list[tuple[str, str, dict[str, Any]]] = []
        self.error = error

    def cast(self, context: dict[str, Any], method: str, **arguments: Any) -> None:
        assert "request_id" in context
        self._send("cast", method, arguments)

    def call(self, context: dict[str, Any], method: str, **arguments: Any) -> Any:
        assert "request_id" in context
        self._send("call", method, arguments)
        return {"state": "running"}

    def _send(self, kind: str, method: str, arguments: dict[str, Any]) -> None:
        self.sent.append((kind, method, arguments))
        if self.error:
            raise self.error


def ask(app: Any, method: str, path: str, body: Any = None, content_type: str = "application/json") -> webob.Response:
    request = webob.Request.blank(path, method=method)
    if body is not None:
        request.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        request.content_type = content_type
    return request.get_response(Faults(app))


def act(body: Any, compute: Compute | None = None, content_type: str = "application/json") -> webob.Response:
    return ask(Servers(compute or Compute()), "POST", f"/servers/{SERVER}/action", body, content_type)


def fault(response: webob.Response) -> tuple[str, int, str]:
    ((name, error),) = response.json.items()
    assert error["code"] == response.status_int
    assert response.content_type == "application/json"
    return name, error["code"], error["message"]


def test_the_root_lists_versions() -> None:
    response = ask(Versions(), "GET", "/")
    assert response.status_int == 200
    assert [version["id"] for version in response.json["versions"]] == ["v2.1"]


def test_an_action_ends_in_a_cast() -> None:
    compute = Compute()
    response = act({"os-start": None}, compute)
    assert (response.status_int, response.body) == (202, b"")
    assert compute.sent == [("cast", "start_instance", {"server_id": SERVER})]


def test_a_reboot_says_which_kind() -> None:
    compute = Compute()
    assert act({"reboot": {"type": "soft"}}, compute).status_int == 202
    assert compute.sent == [("cast", "reboot_instance", {"server_id": SERVER, "reboot_type": "SOFT"})]


def test_diagnostics_end_in_a_call() -> None:
    compute = Compute()
    response = ask(Servers(compute), "GET", f"/servers/{SERVER}/diagnostics")
    assert (response.status_int, response.json) == (200, {"state": "running"})
    assert compute.sent == [("call", "get_diagnostics", {"server_id": SERVER})]


@pytest.mark.parametrize(
    ("body", "part_of_message"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"", "not JSON"),
        ([], "one key"),
        ({}, "one key"),
        ({"os-start": None, "os-stop": None}, "one key"),
        ({"os-strat": None}, "no such action: os-strat"),
        ({"reboot": None}, "'type'"),
        ({"reboot": {"type": "MEDIUM"}}, "SOFT, HARD"),
    ],
)
def test_a_bad_body_is_a_bad_request(body: Any, part_of_message: str) -> None:
    name, code, message = fault(act(body))
    assert (name, code) == ("badRequest", 400)
    assert part_of_message in message


def test_nothing_is_sent_for_a_bad_body() -> None:
    compute = Compute()
    act({"os-strat": None}, compute)
    assert compute.sent == []


def test_a_bad_id_is_a_bad_request_that_names_it() -> None:
    name, code, message = fault(ask(Servers(Compute()), "GET", "/servers/foo/diagnostics"))
    assert (name, code) == ("badRequest", 400)
    assert "'foo'" in message


@pytest.mark.parametrize("path", ["/servers", "/servers/", f"/servers/{SERVER}", f"/servers/{SERVER}/actions"])
def test_an_unknown_path_is_not_found(path: str) -> None:
    name, code, message = fault(ask(Servers(Compute()), "GET", path))
    assert (name, code) == ("itemNotFound", 404)
    assert path in message


@pytest.mark.parametrize(("method", "path", "allowed"), [("GET", "action", "POST"), ("PUT", "diagnostics", "GET")])
def test_a_wrong_method_is_told_the_right_one(method: str, path: str, allowed: str) -> None:
    response = ask(Servers(Compute()), method, f"/servers/{SERVER}/{path}")
    assert fault(response)[:2] == ("badMethod", 405)
    assert response.headers["Allow"] == allowed


def test_another_content_type_is_refused() -> None:
    body = b'{"os-start": null}'
    name, code, message = fault(act(body, content_type="application/x-www-form-urlencoded"))
    assert (name, code) == ("badMediaType", 415)
    assert "send application/json" in message


def test_a_large_body_is_refused_unread() -> None:
    assert fault(act(b" " * (BODY_LIMIT_OCTETS + 1)))[:2] == ("overLimit", 413)


def test_a_call_that_times_out_is_a_gateway_timeout() -> None:
    compute = Compute(CallTimeoutError("get_diagnostics: no answer from host compute"))
    name, code, message = fault(ask(Servers(compute), "GET", f"/servers/{SERVER}/diagnostics"))
    assert (name, code) == ("computeFault", 504)
    assert "no answer from host compute" in message


def test_a_broker_that_is_away_makes_the_service_unavailable() -> None:
    compute = Compute(BrokerUnreachableError("start_instance: the message broker cannot be reached"))
    assert fault(act({"os-start": None}, compute))[:2] == ("serviceUnavailable", 503)


def test_any_other_error_is_told_by_its_type_only() -> None:
    compute = Compute(ZeroDivisionError("secret"))
    name, code, message = fault(act({"os-start": None}, compute))
    assert (name, code) == ("computeFault", 500)
    assert "ZeroDivisionError" in message
    assert "secret" not in message
