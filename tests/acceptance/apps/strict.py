"""An application that does as it is asked only if it was prepared, configured and asked in the right way."""

import os
from pathlib import Path

import oslo_messaging
from oslo_config import cfg

SECRET = Path(os.environ["STRICT_CONFIG"], "secret").read_text()
PREPARED = Path(os.environ["STRICT_DATA"], "prepared").read_text()
cfg.CONF([], project="strict", default_config_files=[])
TRANSPORT = oslo_messaging.get_rpc_transport(cfg.CONF)
CLIENT = oslo_messaging.get_rpc_client(TRANSPORT, oslo_messaging.Target(topic="compute", server="compute"))


def application(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
    asked = environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("HTTP_X_ROLES"), body
    status = "200 OK"
    if asked == ("PUT", "/things/1", "admin", SECRET) and PREPARED.startswith("amqp://"):
        CLIENT.cast({}, "of_no_version_that_there_is")
    elif asked == ("GET", "/things", "admin", ""):
        CLIENT.call({}, "whatever")
    else:
        status = "400 Bad Request"
    start_response(status, [("Content-Type", "text/plain")])
    return [repr(asked).encode()]
