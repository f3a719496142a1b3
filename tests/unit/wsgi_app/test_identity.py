"""Who asks: an administrator, whose name is the cell's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from wsgi_app.identity import Admin


def test_each_request_is_an_administrators_of_the_cells_name(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        del start_response
        asked.append(environ)
        return [b"done"]

    monkeypatch.setenv("HEARTBED_SUBJECT", "prefork-daemon-native-cinder")
    assert list(Admin(application)({"PATH_INFO": "/", "HTTP_X_ROLES": "nobody"}, None)) == [b"done"]
    (environ,) = asked
    assert environ == {
        "PATH_INFO": "/",
        "HTTP_X_USER_ID": "prefork-daemon-native-cinder",
        "HTTP_X_PROJECT_ID": "heartbed",
        "HTTP_X_ROLES": "admin",
    }
