"""The reference of the site is what the program says of itself."""

from __future__ import annotations

from heartbed import probes
from heartbed.cli import cli
from heartbed.cli.document import PAGES
from heartbed.verdict.cause import Cause


def test_every_command_probe_and_cause_has_its_place_with_its_own_words() -> None:
    commands = PAGES["commands"]()
    for name in cli.commands:
        assert f"### heartbed {name}\n" in commands
        assert f"Usage: heartbed {name}" in commands
    told = PAGES["probes"]()
    assert all(f"## {name}\n" in told for name in probes.every())
    assert all(f"| `{cause.value}` |" in PAGES["causes"]() for cause in Cause)
    assert "oslo.messaging" in PAGES["cells"]()


def test_no_block_of_text_is_left_open() -> None:
    for write in PAGES.values():
        assert write().count("```") % 2 == 0
