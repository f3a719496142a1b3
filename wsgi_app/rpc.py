"""The RPC client: what nova-api sends to nova-compute, by oslo.messaging.

The transport is made when the application is loaded and connects when it is
first used: the first cast opens a SEND connection, the first call a LISTEN
connection for replies beside it.
"""

from __future__ import annotations

from typing import Any

import oslo_messaging
from kombu.exceptions import OperationalError
from oslo_config import cfg
from oslo_messaging.exceptions import MessageDeliveryFailure, MessagingTimeout

from wsgi_app.config import GROUP
from wsgi_app.errors import BrokerUnreachableError, CallTimeoutError

TOPIC = "compute"
VERSION = "5.0"


def transport(conf: cfg.ConfigOpts) -> Any:
    """A transport for RPC, not yet connected."""
    oslo_messaging.set_transport_defaults(control_exchange="nova")
    return oslo_messaging.get_rpc_transport(conf)


class ComputeClient:
    """What the API asks of nova-compute."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        # get_rpc_client came with oslo.messaging 14.1 and is the only way since 16; RPCClient is the way before.
        make = getattr(oslo_messaging, "get_rpc_client", None) or oslo_messaging.RPCClient
        options = conf[GROUP]
        target = oslo_messaging.Target(topic=TOPIC, version=VERSION, server=options.host)
        self._client = make(transport(conf), target, retry=options.rpc_retry)

    def cast(self, context: dict[str, Any], method: str, **arguments: Any) -> None:
        """Send a request that nobody answers. Raises ``BrokerUnreachableError``."""
        self._send(self._client.cast, context, method, arguments)

    def call(self, context: dict[str, Any], method: str, **arguments: Any) -> Any:
        """Send a request and wait for its answer. Raises ``BrokerUnreachableError``, ``CallTimeoutError``."""
        return self._send(self._client.call, context, method, arguments)

    def _send(self, send: Any, context: dict[str, Any], method: str, arguments: dict[str, Any]) -> Any:
        try:
            return send(context, method, **arguments)
        except MessagingTimeout as error:
            raise CallTimeoutError(f"{method}: no answer from host {self._client.target.server}") from error
        except (MessageDeliveryFailure, OperationalError, OSError) as error:
            raise BrokerUnreachableError(f"{method}: the message broker cannot be reached") from error
