"""Tries whether the application works with the libraries of this image: ``works.py MODEL PAGE``, eventlet or native.

Loads it as a server would, without any broker, and asks it for a page that reads its database. Ends with a traceback
where something does not work.
"""

from __future__ import annotations

import os
import sys
import traceback


def main(model: str, page: str) -> None:
    """Load it under one execution model, and ask."""
    del sys.argv[1:]  # the application would take them for its own
    os.environ |= {
        "OS_NOVA_DISABLE_EVENTLET_PATCHING": "true" if model == "native" else "false",
        "HEARTBED_MODEL": model,
    }
    import io

    from wsgi_app.wsgi import application

    told: list[str] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": page,
        "SCRIPT_NAME": "",
        "SERVER_NAME": "heartbed",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }

    def start(status: str, *_: object) -> None:
        told.append(status)

    body = b"".join(application(environ, start))
    if told != ["200 OK"]:
        raise RuntimeError(f"GET {page} was answered with {told}: {body[:300]!r}")
    # Threads that libraries have started end with the process, and not before.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BaseException:  # noqa: BLE001  printed here, because oslo.log takes what Python would print into its log
        print(traceback.format_exc(), file=sys.__stderr__, flush=True)
        os._exit(1)
