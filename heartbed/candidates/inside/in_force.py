"""The WSGI script that stands in for every other while httpd is asked what is in force for it.

It says what mod_wsgi made of the request, and imports nothing but the standard
library: it runs in any process and any interpreter.
"""

import json

NAME = "heartbed"


def application(environ, start_response):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, D103
    import mod_wsgi  # noqa: PLC0415  only httpd has it

    told = {
        "told_by": NAME,
        "mount": environ.get("SCRIPT_NAME", ""),
        "path": environ.get("PATH_INFO", ""),
        "whole": environ.get("REQUEST_URI", ""),
        "handler": environ.get("mod_wsgi.handler_script", ""),
        "script": environ.get("SCRIPT_FILENAME", ""),
        "process_group": environ["mod_wsgi.process_group"],
        # The module may be another interpreter's of the process, that of the one that was made last.
        "application_group": environ["mod_wsgi.application_group"],
        "processes": mod_wsgi.maximum_processes,
        "threads": mod_wsgi.threads_per_process,
    }
    body = json.dumps(told).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


handle_request = application
"""What a WSGIHandlerScript calls."""
