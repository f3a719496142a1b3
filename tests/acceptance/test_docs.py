"""The documents cannot rot: each command in them works, each output in them is what a real run prints."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from click.core import Context

from heartbed import report
from heartbed.cells import expressions as cells
from heartbed.cli import cli
from heartbed.cli.document import PAGES
from heartbed.places import ROOT
from heartbed.record import folder as runfolder
from heartbed.report import RunData
from heartbed.verdict.answer import answer
from heartbed.verdict.cause import Cause
from heartbed.verdict.values import CellVerdict
from tests.acceptance import documents
from tests.acceptance.documents import DOCUMENTS, HEARTBED
from tests.probes.conftest import PLAYED
from tests.probes.known import race
from tests.unit.data.report import samples

EVERY = [(document, command) for document in DOCUMENTS for command in documents.commands(document)]
SHOWN = [shown for document in DOCUMENTS for shown in documents.outputs(document)]
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)")

READERS = (
    "cells",
    "diff",
    "man",
    "explain",
    "presets",
    "probes",
    "report",
    "runs",
    "verdict",
    "schema",
    "completion",
    "--help",
)
"""Commands of ``heartbed`` that take no time: they are run. Of all others only the arguments are tried."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with one of the comparison in it, for the commands that read runs."""
    folder = tmp_path_factory.mktemp("runs")
    run = samples.comparison()
    samples.write(run, folder / run.verdict.run)
    (folder / runfolder.LATEST).symlink_to(run.verdict.run)
    return folder


def is_run(arguments: list[str], runs: Path) -> None:
    """The command does what it is for."""
    environ = {**os.environ, "HEARTBED_RUNS": str(runs), "COLUMNS": "80"}
    done = subprocess.run(
        [HEARTBED, *arguments], cwd=ROOT, env=environ, check=False, capture_output=True, text=True, timeout=30
    )
    # 1 is the answer that some cell is not kept.
    assert done.returncode == 0 or (done.returncode == 1 and not done.stderr), done
    assert done.stdout


def is_understood(arguments: list[str], runs: Path) -> None:
    """The command and its options exist, and its cells do."""
    del runs
    name, command, rest = cli.resolve_command(Context(cli), arguments)
    assert command is not None
    context = command.make_context(name, rest)
    if expressions := context.params.get("expressions"):
        assert cells.select(expressions).cells


def heartbed(arguments: list[str], runs: Path) -> None:
    """Runs what is quick, tries the arguments of all else; ``test_commands.py`` and the probes do the rest."""
    (is_run if arguments[0] in READERS else is_understood)(arguments, runs)


def make(arguments: list[str], runs: Path) -> None:
    """The target exists, and make would know what to do."""
    del runs
    done = subprocess.run(
        ["make", "--dry-run", *arguments], cwd=ROOT, check=False, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr


def curl(arguments: list[str], runs: Path) -> None:
    """The port is one that ``compose.yaml`` opens, and the path one that the application serves."""
    del runs
    (url,) = (each for each in arguments if each.startswith("http://"))
    match = re.fullmatch(r"http://127\.0\.0\.1:(\d+)(/[a-z.0-9]+)\S*", url)
    assert match is not None
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert any(f":-{match[1]}}}" in str(service.get("ports")) for service in services.values())
    assert f"{match[2]}" in (ROOT / "wsgi_app" / "api-paste.ini").read_text()


def uv(arguments: list[str], runs: Path) -> None:
    """The lock file is what it makes; running it would ask the index."""
    del runs
    assert arguments[0] == "lock"
    assert (ROOT / "uv.lock").is_file()


def without_installing(arguments: list[str], runs: Path) -> None:
    """As ``uvx`` and ``pipx run`` have it: ``test_wheel.py`` has a real one."""
    assert arguments[0] == "heartbed"
    is_understood(arguments[1:], runs)


def pipx(arguments: list[str], runs: Path) -> None:
    """Likewise."""
    assert arguments[0] == "run"
    without_installing(arguments[1:], runs)


def service(arguments: list[str], runs: Path) -> None:
    """There is a service of that name, and its options are those of a check; ``test_services.py`` plays some."""
    name, *options = arguments
    folder = ROOT / "examples" / "services"
    assert (folder / name.partition("-")[0] / f"{name}.txt").is_file()
    is_understood(["check", str(folder / "site.conf"), *options], runs)


def nothing(arguments: list[str], runs: Path) -> None:
    """A picture, not a command."""
    del arguments, runs


def sudo(arguments: list[str], runs: Path) -> None:
    """What follows is tried as it is."""
    first, *rest = arguments
    HOW[first](rest, runs)


HOW: dict[str, Callable[[list[str], Path], None]] = {
    "heartbed": heartbed,
    HEARTBED: heartbed,
    "make": make,
    "sudo": sudo,
    "curl": curl,
    "uv": uv,
    "uvx": without_installing,
    "pipx": pipx,
    "cells": nothing,
    "examples/services/try": service,
}
"""The first word of a line -> how that line is tried. A line that begins otherwise fails."""


@pytest.mark.parametrize(("document", "command"), EVERY, ids=[command for _, command in EVERY])
def test_every_command_works(document: Path, command: str, runs: Path) -> None:
    bash = ["source", "<(heartbed"]
    first, *rest = shlex.split(command)
    if [first, rest[0] if rest else ""] == bash:
        first, *rest = shlex.split(command.partition("<(")[2].rstrip(")"))
    assert first in HOW, f"{document.name} has a line that no test knows how to try: {command}"
    HOW[first](rest, runs)


@pytest.mark.docker
@pytest.mark.parametrize("shown", SHOWN, ids=[shown.command for shown in SHOWN])
def test_every_output_is_what_the_command_prints(shown: documents.Shown, request: pytest.FixtureRequest) -> None:
    data = request.config.stash.get(PLAYED, None)
    if shown.command != documents.COMPARISON:
        assert shown.text.strip() == documents.really(shown.command, ROOT, documents.execute).strip()
        return
    idle = [cell for cell in data.verdict.cells if cell.probe == "idle"] if data else []
    if data is None or {cell.cell for cell in idle} != names(cells.COMPARISON):
        pytest.skip("this session has no run of the whole comparison; `make test` has")
    if data.verdict.missing or any(race(each) and not kept for each, kept in fates(idle)):
        pytest.skip("this run met what it need not meet: a race that is known, or a machine that hides something")
    assert documents.EMPTY not in shown.text, "scripts/fill-readme fills it"
    order = [cell.name for cell in cells.select(cells.COMPARISON).cells]
    ordered = sorted(idle, key=lambda each: order.index(each.cell))  # the probes name them otherwise
    controls = [control for control in data.verdict.controls if not control.name.startswith("native")]  # of the bursts
    verdict = data.verdict.model_copy(update={"cells": ordered, "controls": controls, "answer": answer(ordered)})
    printed = report.render("text", RunData(verdict, data.events, data.folder))
    assert documents.normal(shown.text) == documents.normal(str(printed))


def names(expressions: tuple[str, ...]) -> set[str]:
    return {cell.name for cell in cells.select(expressions).cells}


def fates(verdicts: list[CellVerdict]) -> Iterator[tuple[cells.Cell, bool]]:
    by_name = {cell.name: cell for cell in cells.select(cells.COMPARISON).cells}
    return ((by_name[verdict.cell], verdict.outcome == "kept") for verdict in verdicts)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    generated = {f"reference/{name}.md" for name in PAGES}
    for target in LINK.findall(document.read_text("utf-8")):
        assert (document.parent / target).exists() or target in generated, target


def test_the_site_is_built_with_every_link_and_asks_nothing_of_other_hosts(tmp_path: Path) -> None:
    mkdocs = [str(Path(sys.executable).parent / "mkdocs"), "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(mkdocs, cwd=ROOT, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    pages = [page.read_text("utf-8") for page in tmp_path.rglob("*.html")]
    assert len(pages) > 15
    for page in pages:
        assert not re.findall(r'<(?:script|img|link rel="stylesheet")[^>]+(?:src|href)="https?:[^"]+', page)
    answer_first = (tmp_path / "index.html").read_text("utf-8")
    assert "The MPM does not matter" in answer_first.partition("<h2")[0]
    assert "heartbed bisect" in (tmp_path / "reference" / "commands.html").read_text("utf-8")
    assert not [*tmp_path.rglob("*.py*")]


def test_each_page_stands_once_in_the_contents_of_the_site() -> None:
    listed = re.findall(r"^ +- [^:]+: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    assert len(listed) == len({*listed}) > 10


def test_every_place_that_the_readme_names_is_there() -> None:
    table = (ROOT / "README.md").read_text("utf-8").partition("## Where things are")[2]
    cells = re.findall(r"^\| (`[^|]+`) \|", table, re.MULTILINE)
    places = [place for cell in cells for place in re.findall(r"`([^`]+)`", cell)]
    assert len(places) > 5
    for place in places:
        assert (ROOT / place).exists() or place == "runs/", place


def test_every_cause_is_documented_and_has_words() -> None:
    text = (ROOT / "docs" / "verdicts.md").read_text("utf-8")
    table = text.partition("## The causes")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    documented = {cause for row in rows for cause in re.findall(r"`(\w+)`", row)}
    assert documented == {cause.value for cause in Cause}


def test_an_output_differs_in_words_and_not_in_times() -> None:
    one = "x lost after 4.9 s\n  1536 ms (509 ms)\nnote: a call got\n  no reply\nlost: y\nreport  r/20260101-000000/a\n"
    other = (
        one.replace("4.9", "5.12").replace("1536 ms (509 ms)", "5075 ms, HTTP 504 (9.1 ms)").replace("20260", "20261")
    )
    assert documents.normal(one) == documents.normal(other)
    assert documents.normal(one) == "x lost after lost: y report RUN/a"
    assert documents.normal(one) != documents.normal(one.replace("lost: y", "hung: y"))


def test_a_document_is_filled_with_what_is_printed() -> None:
    text = "a\n<!-- output: heartbed compare -->\n\n    (to be filled in)\n\n<!-- end -->\nb\n"
    once = documents.filled(text, lambda command: f"\n{command}\n\n  kept  \n")
    assert once == "a\n<!-- output: heartbed compare -->\n\n    heartbed compare\n\n      kept\n\n<!-- end -->\nb\n"
    assert documents.filled(once, lambda command: f"\n{command}\n\n  kept  \n") == once


def test_the_applications_that_are_shown_are_those_that_are_run() -> None:
    shown = [match["code"] for match in documents.FENCE.finditer((ROOT / "docs" / "own-application.md").read_text())]
    assert shown == [
        (ROOT / "examples" / "apps" / f"{name}.py").read_text() for name in ("flask_kombu", "pika_orders", "nova_like")
    ]
