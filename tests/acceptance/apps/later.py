"""An application with eventlet that answers first, and leaves what it has to send to a thread of its own."""

import eventlet

eventlet.monkey_patch()

import threading

import oslo_messaging
from oslo_config import cfg

cfg.CONF([], project="later", default_config_files=[])
TRANSPORT = oslo_messaging.get_rpc_transport(cfg.CONF)
CLIENT = oslo_messaging.get_rpc_client(TRANSPORT, oslo_messaging.Target(topic="compute", version="9.9"))


def application(environ, start_response):
    threading.Thread(target=CLIENT.cast, args=({}, "anything_at_all"), kwargs={"number": 1}, daemon=True).start()
    start_response("202 Accepted", [("Content-Type", "text/plain")])
    return [b"later\n"]
