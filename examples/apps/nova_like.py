"""As nova does it: eventlet unless told otherwise, then oslo.messaging, casts and calls to `compute`."""

import os

if os.environ.get("OS_NOVA_DISABLE_EVENTLET_PATCHING", "").lower() not in ("1", "true", "yes"):
    import eventlet

    eventlet.monkey_patch()

import oslo_messaging
from oslo_config import cfg

cfg.CONF([], project="nova", default_config_files=[])
TARGET = oslo_messaging.Target(topic="compute", server="compute", version="6.0")
CLIENT = oslo_messaging.get_rpc_client(oslo_messaging.get_rpc_transport(cfg.CONF), TARGET)


def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        CLIENT.cast({}, "start_instance", instance="one")
    elif environ["PATH_INFO"] == "/diagnostics":
        CLIENT.call({}, "get_diagnostics", instance="one")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done\n"]
