"""The RPC server: takes whatever is sent, and tells of it."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from wsgi_app.compute import ComputeManager, Dispatcher


def incoming(method: str, *, reply_q: str | None = None, context: dict[str, Any] | None = None, **more: Any) -> Any:
    return SimpleNamespace(message={"method": method, **more}, ctxt=context, reply_q=reply_q, msg_id="0")


@pytest.fixture
def dispatcher() -> Dispatcher:
    return Dispatcher(ComputeManager())


def told(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    (record,) = caplog.records
    return dict(json.loads(record.getMessage()))


def test_a_call_of_heartbeds_own_application_is_answered_and_told_with_its_request(
    dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    asked = incoming(
        "get_diagnostics", reply_q="reply_1", context={"request_id": "req-1", "cell": "event"}, args={"server_id": "x"}
    )
    assert dispatcher.dispatch(asked)["server_id"] == "x"
    assert told(caplog) == {
        "what": "call",
        "method": "get_diagnostics",
        "namespace": None,
        "version": None,
        "request_id": "req-1",
        "cell": "event",
    }


@pytest.mark.parametrize("version", ["1.0", "6.3", None])
def test_any_method_in_any_version_and_namespace_is_taken(
    dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture, version: str | None
) -> None:
    caplog.set_level(logging.INFO)
    assert dispatcher.dispatch(incoming("cache_images", version=version, namespace="compute", context={})) is None
    found = told(caplog)
    assert (found["what"], found["namespace"], found["version"]) == ("cast", "compute", version)
    assert "request_id" not in found


def test_the_real_nova_is_answered_and_its_cell_is_the_user_of_its_requests(
    dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    context = {"request_id": "req-1", "user_id": "prefork-daemon-native-nova", "project_id": "heartbed"}
    asked = incoming("host_power_action", reply_q="reply_1", context=context, args={"action": "reboot"}, version="6.3")
    assert dispatcher.dispatch(asked) == "reboot"
    assert told(caplog)["cell"] == "prefork-daemon-native-nova"


def test_the_real_cinder_is_answered_with_the_names_of_pools(
    dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    context = {"request_id": "req-1", "user_id": "prefork-daemon-native-cinder", "project_id": "heartbed"}
    asked = incoming("get_pools", reply_q="reply_1", context=context, args={"filters": {}}, version="3.0")
    (pool,) = dispatcher.dispatch(asked)
    assert pool["name"]
    assert (told(caplog)["what"], told(caplog)["cell"]) == ("call", "prefork-daemon-native-cinder")


def test_a_user_of_somebody_elses_project_is_no_cell(dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    dispatcher.dispatch(incoming("reboot", context={"user_id": "me", "project_id": "mine"}))
    assert "cell" not in told(caplog)
