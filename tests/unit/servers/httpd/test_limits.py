"""Files of any shape are read, or refused, in time that grows with their length and no faster."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from heartbed.errors import InputError
from heartbed.servers.httpd.source import DEEPEST_SECTIONS, MOST_DIRECTIVES, read


def conf(folder: Path, text: str) -> Path:
    path = folder / "site.conf"
    path.write_text(text)
    return path


def test_sections_within_one_another_have_an_end(tmp_path: Path) -> None:
    read(conf(tmp_path, "<Location />\n" * DEEPEST_SECTIONS))
    with pytest.raises(InputError, match=rf"site.conf:{DEEPEST_SECTIONS + 1}: more than .* within one another"):
        read(conf(tmp_path, "<Location />\n" * 20_000))
    with pytest.raises(InputError, match="within one another"):
        read(conf(tmp_path, "</Location>\n" * 50 + "<Location />\n" * 20_000))


def test_directives_have_an_end_also_with_those_of_files_that_are_included(tmp_path: Path) -> None:
    half = "Listen 80\n" * (MOST_DIRECTIVES // 2)
    (tmp_path / "more.conf").write_text(half)
    with pytest.raises(InputError, match="comes to more than 20,000 directives with what it includes"):
        read(conf(tmp_path, half + "Include more.conf\n"))


@pytest.mark.parametrize(
    "text",
    [
        "<Macro M $a>\n</Macro>\n" * 9_000,
        "Define A ${A}${A}\n" * 9_000,
        "Define A xx\n" + "Define A ${A}${A}\n" * 60,
        "{" * 5_000 + "\n" + "Listen {" * 5_000 + "\n",
        "<Location />\n</Location>\n" * 9_000,
    ],
    ids=["macros", "undefined", "doubling", "braces", "sections"],
)
def test_no_file_takes_long(tmp_path: Path, text: str) -> None:
    began = time.process_time()
    try:
        read(conf(tmp_path, text))
    except InputError as error:
        assert len(error.message) < 500  # noqa: PT017  # either is an answer
    assert time.process_time() - began < 5


def test_the_line_whose_value_grows_too_long_is_named(tmp_path: Path) -> None:
    path = tmp_path / "site.conf"
    path.write_text("Define A xx\n" + "Define A ${A}${A}\n" * 60)
    with pytest.raises(InputError, match=r"site\.conf:\d+: '\$\{A\}\$\{A\}' has more than 65,536 characters"):
        read(path)
