"""The script that a server runs: the real nova-api, started as its own scripts start it, behind the testbed's front.

The order of its lines is the experiment: nothing may be loaded before nova, which patches first, or decides not to.
Which way it is started is written into the image, because to try one would load modules.
"""

import os

from wsgi_app import natives  # noqa: F401  before nova patches: it keeps the real functions

if os.environ["HEARTBED_NOVA_ENTRY"] == "module":
    from nova.wsgi.osapi_compute import application as nova
else:
    import threading

    from nova.api.openstack.compute.wsgi import init_application

    lock = threading.Lock()  # as in nova-api-wsgi, which pbr makes
    with lock:
        nova = init_application()

from collections.abc import Callable, Iterable
from typing import Any

from wsgi_app import front, handler

SUBJECT = os.environ.get("HEARTBED_SUBJECT", "heartbed")


class Admin:
    """What keystone's ``authtoken`` would say of each request: that an administrator sends it.

    The user is the cell, so that whoever gets a message knows where it comes from.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Pass the request on with its identity."""
        environ |= {"HTTP_X_USER_ID": SUBJECT, "HTTP_X_PROJECT_ID": "heartbed", "HTTP_X_ROLES": "admin"}
        return self._app(environ, start_response)


application = handler.told_its_path(front.stand_before(Admin(nova), "nova", ("nova",)))
handle_request = handler.as_handler(application)
