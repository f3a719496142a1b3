"""Where things are: the checkout that images and configurations are taken from, and the ports inside a run."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: images/, apache_conf/ and wsgi_app/ are taken from here."""

AMQP_PORT = 5672
"""Where the broker listens, within the network of a run."""

HTTP_PORT = 8080
"""Where every cell answers, within the network of a run."""

APP_DIRECTORY = "/opt/heartbed"
"""Where Heartbed's own files are in every image that hosts the application."""
