"""What is known to be lost, and why. The suite is green when reality is as written here, and red when it is not."""

from __future__ import annotations

from heartbed.cells import Cell

GREEN = (
    "eventlet's hub runs only while its OS thread is in Python: an idle httpd or mod_wsgi thread is not, "
    "so the green heartbeat thread stands still and RabbitMQ closes the connection"
)


def loss(cell: Cell) -> str | None:
    """Why this cell loses its connections when idle; None for one that must keep them."""
    if cell.model == "eventlet" and cell.thread == "green":
        return GREEN
    return None
