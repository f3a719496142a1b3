"""A toy that lets cells and, if asked to, the broker stand still; it is played live, too."""

from __future__ import annotations

from contextlib import ExitStack

from heartbed.stage.probe import Disturbs, Parameter, Probe
from heartbed.stage.stage import Stage


class Freeze(Probe):
    """All stand still, in the middle of the window."""

    name = "freeze"
    meaning = "cells and broker stand still"
    meanwhile = "all stand still for {for:g} s"
    documentation = "A toy of the tests."
    disturbs = Disturbs.BROKER
    parameters = (
        Parameter("for", "how long", 0.05, 0.01, 60, "s"),
        Parameter("broker", "whether the broker does, too: 1 or 0", 0, 0, 1),
    )

    def play(self, stage: Stage) -> None:
        """The broker last, and first again."""
        services = [opened.name for opened in stage.opened] + ["rabbitmq"] * int(stage.parameters["broker"])
        with ExitStack() as stack:
            for service in services:
                stack.enter_context(stage.hand.paused(service))
            stage.wait(stage.parameters["for"])


PROBE = Freeze()
