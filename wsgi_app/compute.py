"""nova-compute's part, and cinder-scheduler's: the RPC server.

``python3 -m wsgi_app.compute``. Runs on native threads, unpatched, in a process of its own. It answers calls and takes
casts of any method, in any version and namespace, since a user's own application asks for what it asks for. Of each
message it logs one JSON object, which is kind ``rpc.arrived`` in docs/record.md. When its queues are declared it says
so on stdout and makes the file that a health check can look for.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
import time
import warnings
from pathlib import Path
from typing import Any

from wsgi_app import patching
from wsgi_app.gate import Gate

LOG = logging.getLogger("heartbed.rpc")
READY = Path(os.environ.get("HEARTBED_READY_FILE", "/run/heartbed/ready"))
SERVED = (("nova", "compute"), ("nova", "scheduler"), ("openstack", "compute"), ("openstack", "cinder-scheduler"))
"""Exchange and topic of what is consumed: those that nova-api speaks to in nova's control exchange; and in the exchange
that oslo.messaging has where an application sets none, as cinder does, nova's topic and the one that cinder-api speaks
to."""

CONTEXT = ("request_id", "cell")
"""What is told of a message's context: Heartbed's own application says there which request of which cell it is for."""

PROJECT = "heartbed"
"""An application whose context has no room for a cell has the cell for its user, in this project."""


class ComputeManager:
    """What nova-compute does when asked, as far as it matters here: it says that it was asked."""

    def get_diagnostics(self, server_id: str = "") -> dict[str, Any]:
        """The answer to the one call of Heartbed's own application, in the form of nova's diagnostics."""
        return {
            "state": "running",
            "driver": "fake",
            "hypervisor": "heartbed",
            "uptime": int(time.monotonic()),
            "num_cpus": 1,
            "cpu_details": [],
            "server_id": server_id,
        }

    def host_power_action(self, action: str = "") -> str:
        """The answer to the one call of the real nova-api: that the host does it."""
        return action

    def get_pools(self) -> list[dict[str, Any]]:
        """The answer to the one call of the real cinder-api: the pools of storage that there are."""
        return [{"name": "heartbed@heartbed#heartbed", "capabilities": {}}]


class Dispatcher:
    """Takes every message, as oslo.messaging's RPC server hands it over, and tells of it.

    A method that ``manager`` does not have is answered with nothing.
    """

    def __init__(self, manager: ComputeManager) -> None:
        self._manager = manager

    def dispatch(self, incoming: Any) -> Any:
        """Tell of the message and do what it asks for; what it asks with is nobody's business here."""
        message, context = dict(incoming.message), dict(incoming.ctxt or {})
        method = str(message.get("method", ""))
        told = {
            "what": "call" if getattr(incoming, "reply_q", None) else "cast",
            "method": method,
            "namespace": message.get("namespace"),
            "version": message.get("version"),
            **{name: str(context[name]) for name in CONTEXT if context.get(name) is not None},
            **({"cell": str(context["user_id"])} if context.get("project_id") == PROJECT else {}),
        }
        LOG.info("%s", json.dumps(told))
        arguments = message.get("args", {})
        if method == "host_power_action":
            return self._manager.host_power_action(str(arguments.get("action", "")))
        if method == "get_pools":
            return self._manager.get_pools()
        if method != "get_diagnostics":
            return None
        return self._manager.get_diagnostics(str(arguments.get("server_id", "")))


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    gate = Gate(os.environ)
    os.environ[patching.SWITCH] = "true"
    patching.apply(os.environ)
    import oslo_messaging

    from wsgi_app import config, rpc

    conf = config.load(os.environ, program="nova-compute")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # Newer releases know no other executor and warn that it is named; in older ones the default is another.
    warnings.filterwarnings("ignore", message="Using the 'executor' argument", category=DeprecationWarning)
    transport, dispatcher = rpc.transport(conf), Dispatcher(ComputeManager())
    host = conf[config.GROUP].host
    servers = [
        oslo_messaging.rpc.server.RPCServer(
            transport, oslo_messaging.Target(exchange=exchange, topic=topic, server=host), dispatcher, "threading"
        )
        for exchange, topic in SERVED
    ]
    gate.wait(stop.is_set)
    for server in servers:
        server.start()
    READY.touch()
    print(f"nova-compute on host {host} is ready", flush=True)
    stop.wait()
    READY.unlink(missing_ok=True)
    for server in servers:
        server.stop()
        server.wait()


if __name__ == "__main__":
    main()
