"""``GET /``: the API versions that there are."""

from __future__ import annotations

from typing import Any

import webob
import webob.dec

from wsgi_app.faults import method_not_allowed, not_found


class Versions:
    """The list of versions, as at the root of nova-api."""

    @webob.dec.wsgify
    def __call__(self, request: webob.Request) -> webob.Response:
        """Answer at the root, and nowhere else."""
        if request.path_info not in ("", "/"):
            raise not_found(request.path)
        if request.method not in ("GET", "HEAD"):
            raise method_not_allowed(request.method, "GET, HEAD")
        version = {
            "id": "v2.1",
            "status": "CURRENT",
            "version": "2.1",
            "min_version": "2.1",
            "updated": "2013-07-23T11:33:21Z",
            "links": [{"rel": "self", "href": f"{request.application_url}/v2.1/"}],
        }
        return webob.Response(json_body={"versions": [version]}, content_type="application/json")


def app_factory(global_conf: dict[str, str], **local_conf: str) -> Any:
    """For paste.deploy."""
    return Versions()
