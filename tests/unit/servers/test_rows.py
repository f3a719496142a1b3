"""A new axis and a new family of servers: a row, a folder, and nothing else knows them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest

from heartbed import servers
from heartbed.cells import axes
from heartbed.cells.axis import Axis
from heartbed.cells.expressions import select, usage
from heartbed.cells.rows import Limit, Server
from heartbed.cells.settings import Settings
from heartbed.cells.subject import subjects
from heartbed.cells.table import Table
from heartbed.cli import completion
from heartbed.report.facts import facts
from heartbed.report.matrix import matrix
from heartbed.run.compose import render
from heartbed.run.images import specs
from heartbed.servers.kinds import kinds
from heartbed.studies import matrix as reference
from heartbed.studies import mend, results
from heartbed.testbed.labels import Labels
from heartbed.testbed.plan import Plan
from heartbed.verdict.answer import answer
from heartbed.verdict.values import CellVerdict, Outcome
from tests.unit.histories import History

NEW_SERVER = Server("waiter", "a server of a new family", family="newcomer", threads={"": 3}, native=("libwaiter*",))
ALLOCATOR = Axis(
    "allocator",
    "the allocator of memory",
    {"libc": "the C library's malloc", "jemalloc": "jemalloc, preloaded"},
    installs=True,
    application=True,
)
WEATHER = Axis("weather", "the weather", {"dry": "no rain", "wet": "rain"}, servers=("waiter",))
FAMILY = """
from heartbed.candidates.prepared import Kind
from heartbed.servers.family import Family


class NewKind(Kind):
    server = "waiter"
    about_paths = ""
    keys = ("more-cloth",)

    def recognises(self, lines):
        return lines[0] == "waiter"


NewKind.__abstractmethods__ = frozenset()

FAMILY = Family("Waiter", image="waiter", conf="waiter_conf", hostings=("", "wet"), kind=NewKind())
"""


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Table]:
    """The table with a server and two axes more, and a folder for the server's family."""
    old = axes.TABLE
    rows = (*old.servers, NEW_SERVER)
    new = replace(
        old,
        servers=rows,
        axes=(axes.server_axis(rows), *old.axes[1:], ALLOCATOR, WEATHER),
        limits=(*old.limits, Limit(("waiter", "wet"), "processes", 2, "wet waiters come in pairs")),
    )
    (tmp_path / "newcomer").mkdir()
    (tmp_path / "newcomer" / "__init__.py").touch()
    (tmp_path / "newcomer" / "family.py").write_text(FAMILY)
    monkeypatch.setattr(axes, "TABLE", new)
    monkeypatch.setattr(servers, "__path__", [*servers.__path__, str(tmp_path)])
    servers.families.cache_clear()
    yield new
    servers.families.cache_clear()
    for name in [name for name in sys.modules if name.startswith("heartbed.servers.newcomer")]:
        del sys.modules[name]
        monkeypatch.delattr(servers, "newcomer", raising=False)


def verdicts(*expressions: str, kept: str) -> list[CellVerdict]:
    """Verdicts on the cells: kept where ``kept`` is in the name, lost elsewhere."""
    return [verdict(cell.name, is_kept=kept in cell.name) for cell in select(expressions).cells]


def verdict(name: str, *, is_kept: bool, **options: str) -> CellVerdict:
    history = History.of(name)
    if options:
        history.facts(options=options)
    history.pair(beating=is_kept)
    return history.cell_verdict


def test_they_are_parts_of_names_where_they_are_not_the_default() -> None:
    (cell,) = select(["jemalloc-waiter-wet-native-eventlet0.40.0"]).cells
    assert cell.name == "waiter-native-jemalloc-wet-eventlet0.40.0"
    assert select([cell.name]).cells == (cell,)
    assert (cell.factors["allocator"], cell.factors["weather"]) == ("jemalloc", "wet")
    (usual,) = select(["waiter-libc-dry"]).cells
    assert (usual.name, usual.factors["allocator"], usual.thread_count) == ("waiter-eventlet", "libc", 3)
    assert "allocator: libc jemalloc" in usage()


def test_combinations_that_make_no_sense_are_left_out() -> None:
    found = select(["waiter-wet-processes{2,3}", "prefork-wet", "waiter-embedded", "prefork"])
    assert [cell.name for cell in found.cells] == ["waiter-eventlet-wet-processes2", "prefork-daemon-eventlet"]
    assert [reason for _, reason in found.left_out] == [
        "wet waiters come in pairs",
        "wet (weather) is for waiter; prefork has no such choice",
        "embedded (mode) is for prefork, event, worker; waiter has no such choice",
    ]


def test_what_changes_what_is_installed_has_an_image_of_its_own() -> None:
    cells = select(["{prefork,waiter}-{libc,jemalloc}", "waiter-wet"]).cells
    made = {each.name: each for each in specs(cells, environ={})}
    assert {"apache-oslo17.3.2", "apache-oslo17.3.2-jemalloc"} < {*made}
    assert [servers.image(cell) for cell in cells] == [
        "apache-oslo17.3.2",
        "apache-oslo17.3.2-jemalloc",
        "waiter-oslo17.3.2",
        "waiter-oslo17.3.2-jemalloc",
        "waiter-oslo17.3.2",
    ]
    image = made["waiter-oslo17.3.2-jemalloc"]
    assert (image.tag, image.on) == ("heartbed-waiter:oslo17.3.2-jemalloc", "heartbed-apache:oslo17.3.2-jemalloc")
    assert made["apache-oslo17.3.2-jemalloc"].build_args["ALLOCATOR"] == image.build_args["ALLOCATOR"] == "jemalloc"
    assert "ALLOCATOR" not in made["apache-oslo17.3.2"].build_args


def test_the_service_is_told_the_factors_and_is_the_familys() -> None:
    cells = select(["waiter-wet-jemalloc"]).cells
    plan = Plan("test", subjects(cells), Settings(), Labels(run="test"))
    service = servers.service(plan, cells[0])
    told = service["environment"]
    assert (told["HEARTBED_WEATHER"], told["HEARTBED_ALLOCATOR"]) == ("wet", "jemalloc")
    assert service["image"] == "heartbed-waiter:oslo17.3.2-jemalloc"
    assert service["volumes"][0]["target"] == "/opt/heartbed/waiter_conf"
    assert cells[0].name in render(plan)


def test_the_reference_matrix_plays_the_hostings_of_the_family_and_names_its_columns() -> None:
    assert {cell.name.partition("-oslo")[0] for cell in reference.selection(("waiter",)).cells} == {
        *("waiter-eventlet", "waiter-eventlet-pthread", "waiter-native"),
        *("waiter-eventlet-wet", "waiter-eventlet-pthread-wet", "waiter-native-wet"),
    }
    factors = select(["waiter-wet-native-jemalloc"]).cells[0].factors
    result = results.Result("", factors, "kept", {}, "", "")
    assert (result.column, result.row) == ("waiter wet", "native-jemalloc")


def test_the_answer_names_a_new_axis_that_decides_and_one_that_does_not() -> None:
    assert answer(verdicts("{prefork,event}-{libc,jemalloc}", kept="jemalloc")) == (
        "It is the allocator of memory that decides: jemalloc kept every connection, libc did not; "
        "the MPM made no difference."
    )
    assert answer(verdicts("waiter-{dry,wet}-{eventlet,native}", kept="native")).endswith(
        "the weather made no difference."
    )


def test_the_answer_names_the_server_among_families() -> None:
    found = answer(verdicts("{uwsgi,waiter}-{eventlet,native}", kept="waiter"))
    assert found.startswith("It is the server that decides: waiter kept every connection, uwsgi did not")


def test_the_answer_does_not_pass_over_an_axis_that_is_not_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    found = verdicts("{prefork,event}-{libc,jemalloc}", kept="jemalloc")
    monkeypatch.setattr(axes, "TABLE", replace(axes.TABLE, axes=axes.TABLE.axes[:-2]))
    assert answer(found).startswith("It is the allocator that decides: jemalloc kept every connection, libc did not")


def test_a_cell_that_shows_another_factor_disagrees() -> None:
    found = verdict("waiter-eventlet-wet", is_kept=True, weather="dry")
    assert [(d.what, d.asked, d.observed) for d in found.disagreements] == [("weather", "wet", "dry")]
    assert found.outcome is Outcome.INCONCLUSIVE
    assert verdict("waiter-eventlet-wet", is_kept=True, weather="wet").disagreements == []


def test_the_report_has_asked_and_observed_in_one_row_and_a_column_for_the_server() -> None:
    found = verdict("waiter-eventlet-wet", is_kept=True, weather="wet")
    row = next(fact for fact in facts(found) if fact.what == "weather")
    assert (row.asked, row.observed) == ("wet", "wet")
    shown = matrix(verdicts("{waiter,prefork-daemon}-{eventlet,native}", kept="native"))
    assert shown is None  # their rows have nothing in common
    shown = matrix(verdicts("{waiter,uwsgi}-{eventlet,native}", kept="native"))
    assert shown is not None
    assert shown.columns == ("uwsgi", "waiter")


def test_the_shell_completes_them() -> None:
    context = click.Context(click.Command("run"))
    assert completion.expressions(context, click.Argument(["x"]), "prefork-jem") == ["prefork-jemalloc"]
    assert "waiter" in completion.expressions(context, click.Argument(["x"]), "w")


def test_the_familys_files_are_recognised_before_those_that_nobody_knows() -> None:
    kind = next(kind for kind in kinds() if kind.recognises(["waiter"]))
    assert kind.server == "waiter"
    mend.check_keys(["more-cloth"])
