"""What the application's environment says, whatever the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heartbed.cells import Cell
    from heartbed.plan import Plan


def environment(plan: Plan, cell: Cell) -> dict[str, str]:
    """Variables that oslo.config and the application read, as nova's do."""
    values = {
        "HEARTBED_CELL": cell.name,
        "OS_DEFAULT__TRANSPORT_URL": f"rabbit:{plan.broker_url}",
        "OS_DEFAULT__RPC_RESPONSE_TIMEOUT": str(plan.settings.rpc_timeout_s),
        "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_TIMEOUT_THRESHOLD": str(plan.settings.timeout_of(cell)),
    }
    if cell.model == "native":
        values["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "true"
    else:
        values["OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD"] = str(cell.thread == "pthread").lower()
    return values
