"""The script that httpd runs (``WSGIScriptAlias``). The order of its lines is the experiment."""

import os

from wsgi_app import natives  # noqa: F401  before patching: it keeps the real functions
from wsgi_app import patching

patching.apply(os.environ)

from wsgi_app import service  # noqa: E402  after patching, as nova does it

application = service.load(os.environ)
