"""``/v2.1/servers``: actions, which end in an RPC cast, and diagnostics, which end in an RPC call."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import webob
import webob.dec
from oslo_config import cfg
from oslo_utils import uuidutils

from wsgi_app.faults import FaultError, method_not_allowed, not_found
from wsgi_app.rpc import ComputeClient

BODY_LIMIT_OCTETS = 114_688
"""oslo.middleware's ``max_request_body_size``."""

ACTIONS = {
    "reboot": "reboot_instance",
    "os-start": "start_instance",
    "os-stop": "stop_instance",
    "pause": "pause_instance",
    "unpause": "unpause_instance",
    "suspend": "suspend_instance",
    "resume": "resume_instance",
}
"""The API's actions and what nova-compute calls them."""

REBOOT_TYPES = ("SOFT", "HARD")


class Compute(Protocol):
    """What is asked of nova-compute; see ``wsgi_app.rpc.ComputeClient``."""

    def cast(self, context: dict[str, Any], method: str, **arguments: Any) -> None:
        """Send without waiting."""

    def call(self, context: dict[str, Any], method: str, **arguments: Any) -> Any:
        """Send and wait for the answer."""


@dataclass(frozen=True)
class Action:
    """One action, taken from a request's body."""

    method: str
    arguments: dict[str, str]


class Servers:
    """The part of nova's compute API that reaches nova-compute."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._routes: list[tuple[re.Pattern[str], str, Callable[[webob.Request, str], webob.Response]]] = [
            (re.compile(r"/servers/([^/]+)/action"), "POST", self._act),
            (re.compile(r"/servers/([^/]+)/diagnostics"), "GET", self._diagnose),
        ]

    @webob.dec.wsgify
    def __call__(self, request: webob.Request) -> webob.Response:
        """Find the route, check the method, then the id."""
        for pattern, method, handle in self._routes:
            found = pattern.fullmatch(request.path_info)
            if not found:
                continue
            if request.method != method:
                raise method_not_allowed(request.method, method)
            return handle(request, _server_id(found[1]))
        raise not_found(request.path)

    def _act(self, request: webob.Request, server_id: str) -> webob.Response:
        action = parse_action(_body(request))
        self._compute.cast(_context(request), action.method, server_id=server_id, **action.arguments)
        return webob.Response(status=202, content_type="application/json")

    def _diagnose(self, request: webob.Request, server_id: str) -> webob.Response:
        diagnostics = self._compute.call(_context(request), "get_diagnostics", server_id=server_id)
        return webob.Response(json_body=diagnostics, content_type="application/json")


def parse_action(text: bytes) -> Action:
    """The action that a body asks for, as in ``{"reboot": {"type": "SOFT"}}``. Raises ``FaultError`` with 400."""
    try:
        body = json.loads(text)
    except ValueError as error:
        raise FaultError(400, f"The body is not JSON: {error}.") from None
    if not isinstance(body, dict) or len(body) != 1:
        raise FaultError(400, 'The body must be an object with one key, the action, as in {"os-start": null}.')
    name, value = next(iter(body.items()))
    if name not in ACTIONS:
        raise FaultError(400, f"There is no such action: {name}. Actions: {', '.join(ACTIONS)}.")
    if name != "reboot":
        return Action(ACTIONS[name], {})
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind.upper() not in REBOOT_TYPES:
        raise FaultError(400, f"Argument 'type' for reboot must be one of {', '.join(REBOOT_TYPES)}.")
    return Action(ACTIONS[name], {"reboot_type": kind.upper()})


def _server_id(text: str) -> str:
    if not uuidutils.is_uuid_like(text):
        raise FaultError(400, f"The server id {text!r} is not a UUID.")
    return str(text)


def _body(request: webob.Request) -> bytes:
    if request.content_type not in ("application/json", ""):
        raise FaultError(415, f"Unsupported Content-Type {request.content_type}: send application/json.")
    if (request.content_length or 0) > BODY_LIMIT_OCTETS:
        raise FaultError(413, f"The body is larger than {BODY_LIMIT_OCTETS} octets.")
    return bytes(request.body)


def _context(request: webob.Request) -> dict[str, Any]:
    """What travels with the message: nova-compute tells for which request of which cell it has come."""
    return {"request_id": request.environ.get("openstack.request_id"), "cell": os.environ.get("HEARTBED_SUBJECT")}


def app_factory(global_conf: dict[str, str], **local_conf: str) -> Any:
    """For paste.deploy."""
    return Servers(ComputeClient(cfg.CONF))
