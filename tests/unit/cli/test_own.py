"""What the command line says of a user's own application."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from heartbed.applications.requests import READY, HttpRequest
from heartbed.candidates.own import OPENING, OwnApplication
from heartbed.cli.own import ASKED, own_of
from heartbed.errors import InputError

NOTHING: dict[str, Any] = {
    **{f"{what}_request": None for what in ASKED},
    **{f"{what}_header": () for what in ASKED},
    **{f"{what}_body": None for what in ASKED},
    "app": None,
    "requirements": None,
    "env": (),
    "config_dir": None,
    "prepare": None,
    "header": (),
}


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "own.wsgi"
    path.touch()
    return path


def told(script: Path | None, **given: Any) -> OwnApplication | None:
    return own_of({**NOTHING, "app": script, **given})


def application(script: Path, **given: Any) -> OwnApplication:
    found = told(script, **given)
    assert found is not None
    return found


def test_without_an_application_there_is_none() -> None:
    assert told(None) is None


@pytest.mark.parametrize(
    ("name", "option"),
    [("open_request", "--open"), ("call_header", "--call-header"), ("config_dir", "--config-dir"), ("env", "--env")],
)
def test_an_option_without_an_application_is_refused(name: str, option: str) -> None:
    with pytest.raises(InputError, match=f"{option} is about an application of your own"):
        told(None, **{name: ("x",)})


def test_a_request_that_is_not_named_has_its_default(script: Path) -> None:
    asked = application(script).requests
    assert (asked.cast, asked.call) == (OPENING, OPENING)
    assert asked.ready.path == asked.page.path == READY


def test_opening_and_calling_have_each_their_own_method_path_headers_and_body(script: Path, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_bytes(b'{"x": 1}')
    own = application(
        script,
        header=("X-Roles: admin",),
        open_request="put /v2.1/os-aggregates/1",
        open_header=("Content-Type: application/json",),
        open_body=f"@{body}",
        call_request="GET /hosts?all=1",
        call_header=("X-Roles: reader",),
        page_request="GET /health",
    )
    roles = ("X-Roles", "admin")
    assert own.requests.cast == HttpRequest(
        "PUT", "/v2.1/os-aggregates/1", (roles, ("Content-Type", "application/json")), b'{"x": 1}'
    )
    assert own.requests.call == HttpRequest("GET", "/hosts?all=1", (("X-Roles", "reader"),))
    assert own.requests.page == HttpRequest("GET", "/health", (roles,))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"open_request": "GET"}, "--open 'GET' is not a request"),
        ({"call_request": "GET health"}, "is not a request"),
        ({"call_body": "x"}, "belong to --call"),
        ({"header": ("nonsense",)}, "is not a header"),
        ({"header": ("X: a\r\nY: b",)}, "is not a header"),
        ({"open_body": "@/nowhere/at/all"}, "is not a file"),
        ({"env": ("1X=2",)}, "is not NAME=VALUE"),
        ({"env": ("HEARTBED_APP=/x",)}, "the testbed itself sets this"),
        ({"env": ("OS_DEFAULT__TRANSPORT_URL=rabbit://",)}, "the testbed itself sets this"),
        ({"env": ("OS_NOVA_DISABLE_EVENTLET_PATCHING=1",)}, "--model native says that"),
        ({"config_dir": Path("/nowhere")}, "is not a folder"),
        ({"prepare": Path("/nowhere.py")}, "is not a file"),
    ],
)
def test_what_is_wrong_is_named(script: Path, given: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        told(script, **given)


def test_a_value_may_be_anything(script: Path) -> None:
    assert application(script, env=("A=b=c $d", "E=")).environment == (("A", "b=c $d"), ("E", ""))
