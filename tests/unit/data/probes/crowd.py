"""A toy that adds requests: in the window every cell is asked for some calls at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from heartbed.stage.probe import Parameter, Probe
from heartbed.stage.stage import Stage


class Crowd(Probe):
    """Many at the counter."""

    name = "crowd"
    meaning = "some calls at a time"
    meanwhile = "each is asked for {calls:g} calls at a time"
    documentation = "A toy of the tests."
    parameters = (Parameter("calls", "how many calls at a time", 3, 1, 50),)

    def play(self, stage: Stage) -> None:
        """All of them at once."""
        with ThreadPoolExecutor(max_workers=50) as pool:
            for opened in stage.opened:
                for _ in range(int(stage.parameters["calls"])):
                    pool.submit(opened.client.call, "during")


PROBE = Crowd()
