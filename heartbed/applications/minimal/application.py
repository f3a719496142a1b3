"""Heartbed's own nova-api-like application: what it does to RabbitMQ, and nothing besides."""

from __future__ import annotations

from heartbed.applications.application import Application
from heartbed.applications.requests import MINIMAL
from heartbed.places import ROOT

APPLICATION = Application(
    tokens={"minimal": "Heartbed's own application, which does to RabbitMQ what nova-api does"},
    requests=MINIMAL,
    script=ROOT / "wsgi_app" / "wsgi.py",
)
