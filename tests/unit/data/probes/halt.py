"""A toy that stops a service: the broker, for a while. It has a rule of its own: of the controls only the machine."""

from __future__ import annotations

from heartbed.cells.cell import Cell
from heartbed.record.history import RunHistory
from heartbed.stage.probe import Disturbs, Parameter, Probe
from heartbed.stage.stage import Stage
from heartbed.verdict import controls
from heartbed.verdict.rules import Rule
from heartbed.verdict.values import ControlVerdict, Lag


def _machine_only(run: RunHistory, lag: Lag) -> list[ControlVerdict]:
    return [control for control in controls.judge(run, lag) if control.name == "machine"]


class Halt(Probe):
    """There is no broker."""

    name = "halt"
    meaning = "the broker is stopped"
    meanwhile = "the broker is stopped for {for:g} s"
    documentation = "A toy of the tests."
    disturbs = Disturbs.BROKER
    parameters = (Parameter("for", "how long", 0.05, 0.01, 60, "s"),)
    rule = Rule(controls=_machine_only)

    def refuses(self, cell: Cell) -> str:
        """As if it could not be played on some cells."""
        return "it has two processes" if cell.process_count == 2 else ""

    def play(self, stage: Stage) -> None:
        """Once."""
        with stage.hand.stopped("rabbitmq"):
            stage.wait(stage.parameters["for"])


PROBE = Halt()
