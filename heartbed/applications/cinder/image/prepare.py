"""Makes cinder's pipeline and its database, once, while the image is built: the schema, and a cinder-scheduler.

The pipeline is cinder's own without keystone: without ``authtoken``, and who asks is left to the headers that it would
set. The database is what `cinder-manage db sync` and a first cinder-scheduler would leave behind.
"""

from __future__ import annotations

import re
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
    own = FOLDER / "packages/etc/cinder/api-paste.ini"
    pipeline = re.sub(r"(?m)^(keystone *=.*) authtoken ", r"\1 ", own.read_text(encoding="utf-8"))
    (FOLDER / "conf" / own.name).write_text(pipeline, encoding="utf-8")
    (FOLDER / "state").mkdir(parents=True, exist_ok=True)
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
