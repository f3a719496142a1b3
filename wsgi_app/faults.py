"""Errors of the API, answered as JSON in nova's form: ``{"badRequest": {"code": 400, "message": "..."}}``."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import webob
import webob.dec

from wsgi_app import errors

LOG = logging.getLogger("nova.api")

NAMES = {
    400: "badRequest",
    404: "itemNotFound",
    405: "badMethod",
    413: "overLimit",
    415: "badMediaType",
    503: "serviceUnavailable",
}
"""nova's name for each status; every other error is a ``computeFault``."""


class FaultError(Exception):
    """An error with an HTTP status and a message for the client."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}

    def response(self) -> webob.Response:
        """The answer."""
        name = NAMES.get(self.status, "computeFault")
        answer = webob.Response(json_body={name: {"code": self.status, "message": self.message}})
        answer.status_int = self.status
        answer.content_type = "application/json"
        for header, value in self.headers.items():
            answer.headers[header] = value
        return answer


def not_found(path: str) -> FaultError:
    """Nothing is at this path."""
    return FaultError(404, f"There is nothing at {path}.")


def method_not_allowed(method: str, allowed: str) -> FaultError:
    """The path is right and the method is not."""
    return FaultError(405, f"Method {method} is not allowed here; allowed: {allowed}.", {"Allow": allowed})


class Faults:
    """The filter that answers errors."""

    def __init__(self, app: Any) -> None:
        self.app = app

    @webob.dec.wsgify
    def __call__(self, request: webob.Request) -> webob.Response:
        """Pass the request on, and answer what goes wrong."""
        try:
            return request.get_response(self.app)
        except FaultError as fault:
            return fault.response()
        except errors.CallTimeoutError as error:
            LOG.error("%s", error)  # noqa: TRY400  where it was raised says nothing
            return FaultError(HTTPStatus.GATEWAY_TIMEOUT, f"The call timed out: {error}.").response()
        except errors.BrokerUnreachableError as error:
            LOG.error("%s", error)  # noqa: TRY400  oslo.messaging has logged why
            return FaultError(HTTPStatus.SERVICE_UNAVAILABLE, f"Try again later: {error}.").response()
        except Exception as error:
            LOG.exception("Unexpected error")
            message = f"Unexpected API error, see the log: {type(error).__name__}"
            return FaultError(HTTPStatus.INTERNAL_SERVER_ERROR, message).response()


def filter_factory(global_conf: dict[str, str], **local_conf: str) -> Any:
    """For paste.deploy."""
    return Faults
