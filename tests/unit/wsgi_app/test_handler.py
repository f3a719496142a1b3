"""The application as a WSGIHandlerScript calls it."""

from __future__ import annotations

from typing import Any

import pytest

from wsgi_app.handler import as_handler, told_its_mount, told_its_path


@pytest.mark.parametrize(
    ("uri", "mount", "told"),
    [
        ("/heartbed/facts", "", ("", "/heartbed/facts")),
        ("/api/v2.1/servers?limit=1", "/api", ("/api", "/v2.1/servers")),
        ("/a%20b", "", ("", "/a b")),
    ],
)
def test_it_is_told_the_path_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, uri: str, mount: str, told: tuple[str, str]
) -> None:
    monkeypatch.setenv("HEARTBED_MOUNT", mount)
    seen: list[dict[str, Any]] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append(environ)
        return [start_response]

    environ = {"REQUEST_URI": uri, "SCRIPT_NAME": "/var/www", "PATH_INFO": "/html/x"}
    assert as_handler(application)(environ, b"ok") == [b"ok"]
    assert (seen[0]["SCRIPT_NAME"], seen[0]["PATH_INFO"]) == told


def test_an_application_behind_an_alias_is_left_alone_unless_it_is_told_whole_urls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        del start_response
        return [environ["PATH_INFO"].encode()]

    monkeypatch.delenv("HEARTBED_MOUNT", raising=False)
    assert told_its_path(application) is application
    monkeypatch.setenv("HEARTBED_MOUNT", "")
    asked = {"REQUEST_URI": "/v2.1/servers", "SCRIPT_NAME": "/v2.1/servers", "PATH_INFO": ""}
    assert told_its_path(application)(asked, None) == [b"/v2.1/servers"]


def test_an_empty_mount_that_a_server_leaves_out_is_there_for_the_application() -> None:
    application = told_its_mount(lambda environ, _: [repr(environ["SCRIPT_NAME"]).encode()])
    assert application({}, None) == [b"''"]
    assert application({"SCRIPT_NAME": "/a"}, None) == [b"'/a'"]
