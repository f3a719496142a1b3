"""The application outside every web server: Python's own ``wsgiref``, one process, an OS thread a request.

``python3 -m wsgi_app.standalone``. What httpd, uWSGI or gunicorn do to a process is not done to this one: what it
suffers under a fault, no server is to blame for.
"""

from __future__ import annotations

import platform
import signal
import sys
from socketserver import ThreadingMixIn
from typing import IO, cast
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer

from wsgi_app.wsgi import application

PORT = 8080
BACKLOG = 128
NAME = "wsgiref"


class Server(ThreadingMixIn, WSGIServer):
    """A thread a request, none of which is waited for at the end."""

    daemon_threads = True
    request_queue_size = BACKLOG


class Handler(ServerHandler):
    """Says of itself what it is, and of the requests that there may be several at a time."""

    server_software = f"{NAME}/{platform.python_version()}"
    wsgi_multithread = True
    wsgi_multiprocess = False


class Request(WSGIRequestHandler):
    """One request, of which nothing is logged: the application logs what matters."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class calls it so
        """Say nothing."""

    def handle(self) -> None:
        """Answer it, as the base class does, by a handler of our own."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            return
        handler = Handler(
            self.rfile, cast("IO[bytes]", self.wfile), self.get_stderr(), self.get_environ(), multithread=True
        )
        handler.request_handler = self  # type: ignore[attr-defined]  # as wsgiref itself does
        handler.run(application)


def main() -> None:
    """Serve until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Server(("", PORT), Request) as server:
        server.set_app(application)
        server.serve_forever()


if __name__ == "__main__":
    main()
