"""The real heat-api: what its own WSGI entry makes of itself. It asks the testbed's RPC server for heat-engine."""

from heat.rpc import api

api.ENGINE_TOPIC = "compute"

from heat.wsgi.api import application  # noqa: F401
