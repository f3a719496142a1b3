"""The axis of the applications: its factors are those of the folders in ``heartbed.applications``."""

from __future__ import annotations

from heartbed import applications
from heartbed.cells.axis import Axis
from heartbed.cells.observed import Observed

APP = Axis(
    "app",
    "the application",
    applications.tokens(),
    label="application",
    installs=True,
    application=True,
    environment={token: {} for token in applications.tokens()},
    observed=Observed("the application", ("application",), says=applications.shows()),
    senseless=lambda chosen: applications.refuses(chosen["app"], chosen.get("release", "")),
    lacks=applications.lacks,
)
