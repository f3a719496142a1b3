"""``heartbed probes NAME``: all about one probe."""

from __future__ import annotations

import inspect

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from heartbed.cells.subject import OF
from heartbed.stage.probe import Disturbs, Probe


def about(probe: Probe) -> RenderableType:
    """What a probe does, what it is for, its parameters, what it needs and disturbs; to be printed by ``rich``."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for parameter in probe.parameters:
        meaning = f"{parameter.meaning}; {parameter.bounds}, without it {parameter.default:g}"
        grid.add_row(f"{probe.name}:{parameter.name}=", Text(meaning))
    if probe.repeats is not None:
        meaning = f"the probe that is repeated, with its parameters; without it {probe.repeats.name}"
        grid.add_row(f"{probe.name}:{OF}=", Text(meaning))
    grid.add_row("disturbs", Text(probe.disturbs))
    grid.add_row("needs", Text(_needs(probe)))
    paragraph = " ".join(inspect.cleandoc(probe.documentation).split())
    head = Text.assemble((probe.name, "bold"), f": {probe.meaning}")
    return Group(head, Text(), Padding(Text(paragraph), (0, 0, 0, 2)), Text(), grid)


def _needs(probe: Probe) -> str:
    capabilities = [f"CAP_{name} in a container" for name in probe.needs.capabilities]
    commands = [f"`{' '.join(command)}` there" for command in probe.needs.commands]
    stillness = ["an engine that can pause containers"] if probe.needs.stillness else []
    return ", ".join([*capabilities, *commands, *stillness, *_window(probe)]) or "nothing"


def _window(probe: Probe) -> list[str]:
    """That other probes are not played meanwhile, where that is so."""
    return ["a window of its own"] if probe.lasting or probe.disturbs is Disturbs.BROKER else []


def wants_of(probe: Probe) -> str:
    """What a probe needs that not every one does, in a few words; empty for one that needs nothing."""
    capabilities = [f"CAP_{name}" for name in probe.needs.capabilities]
    wanted = [*capabilities, *_window(probe)]
    needs = [f"needs {' and '.join(wanted)}"] if wanted else []
    return "; ".join([*needs, *(["not among `all`"] if probe.lasting else [])])
