"""Makes cinder's database, once, while the image is built: the schema, and a cinder-scheduler.

It is what `cinder-manage db sync` and a first cinder-scheduler would leave behind.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cinder import context, objects, version
from cinder.common import config  # noqa: F401  registers all options
from cinder.db import migration
from cinder.scheduler.rpcapi import SchedulerAPI
from oslo_config import cfg

FOLDER = Path("/opt/heartbed/cinder")
HOST = "compute"
"""The host whose cinder-scheduler the testbed's RPC server is."""


def main() -> None:
    """Make them. Raises whatever cinder raises."""
    cfg.CONF([], project="cinder", version=version.version_string())
    objects.register_all()
    migration.db_sync()
    service = objects.Service(context.get_admin_context())
    service.host, service.binary, service.topic = HOST, SchedulerAPI.BINARY, SchedulerAPI.TOPIC
    service.report_count, service.availability_zone = 1, "nova"
    service.rpc_current_version = SchedulerAPI.RPC_API_VERSION
    service.object_current_version = objects.base.OBJ_VERSIONS.get_current()
    service.create()
    print(f"cinder's database is in {FOLDER / 'state'}", file=sys.stderr)


if __name__ == "__main__":
    main()
