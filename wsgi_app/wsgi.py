"""The script that httpd runs (``WSGIScriptAlias``). The order of its lines is the experiment."""

import os

from wsgi_app import natives, patching  # noqa: F401  natives before patching: it keeps the real functions

patching.apply(os.environ)

from wsgi_app import handler, service  # noqa: E402  after patching, as nova does it

application = handler.told_its_path(handler.told_its_mount(service.load(os.environ)))
handle_request = handler.as_handler(application)
