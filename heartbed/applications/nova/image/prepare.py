"""Makes nova's databases, while the image is built: the schemas, two cells, a host, an aggregate.

They are what `nova-manage db sync`, `api_db sync`, `cell_v2 simple_cell_setup` and a first nova-compute would leave
behind.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

os.environ["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "true"

import nova.db.api  # noqa: F401  before 24 it is this that knows the group [database]
from nova import config, context, objects
from nova.db import migration

FOLDER = Path("/opt/heartbed/nova")
STATE = FOLDER / "state"
CONF = FOLDER / "conf"
HOST = "compute"
"""The host whose nova-compute the testbed's RPC server is."""

CELL0 = "00000000-0000-0000-0000-000000000000"
CELL1 = "6f70656e-7374-4163-8b00-6365c6c00001"
BROKER = "{scheme}://{username}:{password}@{hostname}:{port}/{path}"
"""nova fills this in from its own ``transport_url``, which each run has another of."""


def main() -> None:
    """Make them. Raises whatever nova raises."""
    config.parse_args(["heartbed-prepare"], default_config_files=[str(CONF / "nova.conf")])
    migration.db_sync(database="api")
    migration.db_sync(database="main")
    shutil.copy(STATE / "cell1.sqlite", STATE / "cell0.sqlite")
    objects.register_all()
    admin = context.get_admin_context()
    database = f"sqlite:///{STATE}"
    objects.CellMapping(
        admin, uuid=CELL0, name="cell0", transport_url="none:///", database_connection=f"{database}/cell0.sqlite"
    ).create()
    cell = objects.CellMapping(
        admin, uuid=CELL1, name="cell1", transport_url=BROKER, database_connection=f"{database}/cell1.sqlite"
    )
    cell.create()
    objects.HostMapping(admin, host=HOST, cell_mapping=cell).create()
    objects.Aggregate(admin, name="heartbed").create()
    with context.target_cell(admin, cell) as targeted:
        service = objects.Service(targeted)
        service.host, service.binary, service.topic, service.report_count = HOST, "nova-compute", "compute", 0
        service.create()
    print(f"nova's databases are in {STATE}", file=sys.stderr)


if __name__ == "__main__":
    main()
