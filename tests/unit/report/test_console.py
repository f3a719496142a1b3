"""Text is shown as it is: as many columns as make sense, no pictures, nothing that a terminal would act on."""

from __future__ import annotations

import io

import pytest
from rich.table import Table
from rich.text import Text

from heartbed.report.console import FILE_COLUMNS, PlainConsole, console


@pytest.mark.parametrize(
    ("columns", "width"),
    [("0", FILE_COLUMNS), ("-3", FILE_COLUMNS), ("x", FILE_COLUMNS), ("", FILE_COLUMNS), ("1", 20), ("80", 80),
     ("9" * 30, FILE_COLUMNS), ("99999999", 1000)],
)  # fmt: skip
def test_columns_that_make_no_sense_are_not_followed(columns: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert console().width == width


def shown(renderable: object) -> str:
    file = io.StringIO()
    PlainConsole(file=file, width=60, force_terminal=True, color_system="truecolor", _environ={}).print(renderable)
    return file.getvalue()


def table(text: str) -> Table:
    made = Table("head")
    made.add_row(text)
    return made


@pytest.mark.parametrize("wrap", [str, Text, table], ids=["str", "Text", "Table"])
def test_no_word_becomes_a_picture(wrap: type) -> None:
    assert ":smile:" in shown(wrap(":smile:"))


@pytest.mark.parametrize("wrap", [str, Text, table], ids=["str", "Text", "Table"])
@pytest.mark.parametrize("control", ["\x1b[2J", "\x07", "\x9b31m", "\u202e", "\x7f", "\x1b]0;title\x07"])
def test_no_control_character_reaches_the_terminal(control: str, wrap: type) -> None:
    told = shown(wrap(f"a{control}b"))
    assert control not in told
    assert "a" in told
    assert "b" in told


def test_what_rich_itself_says_to_the_terminal_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    del capsys
    assert "\x1b[31m" in shown(Text("red", style="red"))
