"""What is run, with what, on what: the first event of every record."""

from __future__ import annotations

import platform
import sys

from heartbed import __version__
from heartbed.cells.expressions import Selection
from heartbed.cells.settings import Settings
from heartbed.record.kinds import AskedCell, RunStart
from heartbed.testbed.images.spec import ImageRef
from heartbed.testbed.testbed import Machine


def provenance(
    name: str, selection: Selection, settings: Settings, machine: Machine, images: dict[str, ImageRef]
) -> RunStart:
    """The first event: what is run, with what, on what."""
    return RunStart(
        run=name,
        heartbed=__version__,
        probe=settings.probe,
        heartbeat_s=settings.heartbeat_s,
        margin_s=settings.margin_s,
        rpc_timeout_s=settings.rpc_timeout_s,
        cells=[
            AskedCell(
                name=cell.name,
                factors=cell.factors,
                versions=cell.packages,
                stands_in=cell.stands_in,
                left_to_library=list(cell.left_to_library),
                heartbeat_s=settings.timeout_of(cell),
                processes=cell.process_count,
                threads=cell.thread_count,
                purposes=list(cell.purposes),
            )
            for cell in selection.cells
        ],
        left_out=[{"name": left, "reason": reason} for left, reason in selection.left_out],
        notes=list(selection.notes),
        host={
            "hostname": platform.node(),
            "cores": settings.cores,
            "python": platform.python_version(),
            **machine.host,
        },
        docker=dict(machine.docker),
        images={name: {"tag": image.tag, "id": image.id} for name, image in images.items()},
        argv=sys.argv[1:],
    )
