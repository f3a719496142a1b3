"""nova-compute's part: the RPC server.

``python3 -m wsgi_app.compute``. Runs on native threads, unpatched, in a process of its own. It answers calls,
takes casts and logs each. When its queues are declared it says so on stdout and
makes the file that a health check can look for.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
import warnings
from pathlib import Path
from typing import Any

from wsgi_app import patching

LOG = logging.getLogger("nova.compute")
READY = Path(os.environ.get("HEARTBED_READY_FILE", "/run/heartbed/ready"))


class ComputeManager:
    """What nova-compute does when asked, as far as it matters here: it says that it was asked."""

    def __init__(self, target: Any) -> None:
        self.target = target
        """oslo.messaging reads from it which version of the interface this is."""

    def get_diagnostics(self, context: dict[str, Any], server_id: str) -> dict[str, Any]:
        """Answer a call, in the form of nova's diagnostics."""
        self._log("call", "get_diagnostics", context, server_id)
        return {
            "state": "running",
            "driver": "fake",
            "hypervisor": "heartbed",
            "uptime": int(time.monotonic()),
            "num_cpus": 1,
            "cpu_details": [],
            "server_id": server_id,
        }

    def reboot_instance(self, context: dict[str, Any], server_id: str, reboot_type: str) -> None:
        """Take a cast."""
        self._log("cast", f"reboot_instance ({reboot_type})", context, server_id)

    def start_instance(self, context: dict[str, Any], server_id: str) -> None:
        """Take a cast."""
        self._log("cast", "start_instance", context, server_id)

    def stop_instance(self, context: dict[str, Any], server_id: str) -> None:
        """Take a cast."""
        self._log("cast", "stop_instance", context, server_id)

    def pause_instance(self, context: dict[str, Any], server_id: str) -> None:
        """Take a cast."""
        self._log("cast", "pause_instance", context, server_id)

    def unpause_instance(self, context: dict[str, Any], server_id: str) -> None:
        """Take a cast."""
        self._log("cast", "unpause_instance", context, server_id)

    def suspend_instance(self, context: dict[str, Any], server_id: str) -> None:
        """Take a cast."""
        self._log("cast", "suspend_instance", context, server_id)

    def resume_instance(self, context: dict[str, Any], server_id: str) -> None:
        """Take a cast."""
        self._log("cast", "resume_instance", context, server_id)

    def _log(self, kind: str, method: str, context: dict[str, Any], server_id: str) -> None:
        LOG.info("%s %s server %s [%s]", kind, method, server_id, context.get("request_id"))


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    os.environ[patching.SWITCH] = "true"
    patching.apply(os.environ)
    import oslo_messaging

    from wsgi_app import config, rpc

    conf = config.load(os.environ, program="nova-compute")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    target = oslo_messaging.Target(topic=rpc.TOPIC, server=conf[config.GROUP].host)
    manager = ComputeManager(oslo_messaging.Target(version=rpc.VERSION))
    # Newer releases know no other executor and warn that it is named; in older ones the default is another.
    warnings.filterwarnings("ignore", message="Using the 'executor' argument", category=DeprecationWarning)
    server = oslo_messaging.get_rpc_server(rpc.transport(conf), target, [manager], executor="threading")
    server.start()
    READY.touch()
    print(f"nova-compute on host {target.server} is ready", flush=True)
    stop.wait()
    READY.unlink(missing_ok=True)
    server.stop()
    server.wait()


if __name__ == "__main__":
    main()
