"""Expressions, and what is said about wrong ones."""

from __future__ import annotations

import pytest

from heartbed.cells.axes import DEFAULT_OSLO
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import COMPARISON, select
from heartbed.errors import InputError


def names(*expressions: str) -> list[str]:
    return [cell.name for cell in select(expressions).cells]


def test_axes_that_are_not_named_take_their_defaults() -> None:
    (cell,) = select(["event"]).cells
    assert cell == Cell("event", "daemon", "eventlet", "green", DEFAULT_OSLO)
    assert cell.name == "event-daemon-eventlet"


def test_order_of_factors_does_not_matter() -> None:
    assert names("native-embedded-event") == names("event-embedded-native") == ["event-embedded-native"]


def test_braces_multiply() -> None:
    assert names("{prefork,event}-{embedded,daemon}-{eventlet,native}") == [
        f"{server}-{mode}-{model}"
        for server in ("prefork", "event")
        for mode in ("embedded", "daemon")
        for model in ("eventlet", "native")
    ]


def test_the_comparison_has_twelve_cells() -> None:
    assert len(select(COMPARISON).cells) == 12


def test_a_cell_named_twice_is_run_once() -> None:
    assert names("prefork", "prefork-daemon", "prefork-daemon-eventlet-green") == ["prefork-daemon-eventlet"]


def test_parameters_and_versions_are_part_of_the_name() -> None:
    assert names("prefork-processes3-threads2-heartbeat6-oslo18.3.1") == [
        "prefork-daemon-eventlet-oslo18.3.1-processes3-threads2-heartbeat6"
    ]


def test_the_name_of_a_cell_names_that_cell() -> None:
    for cell in select(
        ["{prefork,event,worker}-{embedded,daemon}-{eventlet,eventlet-pthread,native}-processes2"]
    ).cells:
        assert select([cell.name]).cells == (cell,)


def test_servers_that_are_not_httpd_have_no_mode() -> None:
    assert names("{uwsgi,gunicorn}-{eventlet,native}") == [
        "uwsgi-eventlet",
        "uwsgi-native",
        "gunicorn-eventlet",
        "gunicorn-native",
    ]
    assert "mode" not in select(["uwsgi"]).cells[0].factors


def test_options_of_a_server_are_named_where_they_are_not_the_default() -> None:
    assert names("uwsgi-lazy", "gunicorn-gthread-preload") == [
        "uwsgi-eventlet",
        "gunicorn-eventlet-preload-gthread",
    ]
    assert select(["uwsgi-preload"]).cells[0].factors["loading"] == "preload"


def test_versions_of_libraries_are_factors() -> None:
    (cell,) = select(["prefork-kombu5.3.0-eventlet0.40.0-eventlet-amqp5.4.2"]).cells
    assert cell.name == "prefork-daemon-eventlet-eventlet0.40.0-kombu5.3.0"
    assert (cell.factors["eventlet"], "amqp" in cell.factors) == ("0.40.0", False)
    assert cell.build == "oslo17.3.2-eventlet0.40.0-kombu5.3.0"


def test_release_stands_for_versions_and_a_named_version_prevails() -> None:
    wallaby, changed, same = select(["prefork-{wallaby,wallaby-oslo14.3.0,wallaby-oslo17.3.2}"]).cells
    assert (wallaby.name, wallaby.oslo) == ("prefork-daemon-eventlet-wallaby", "12.7.3")
    assert (changed.name, changed.oslo) == ("prefork-daemon-eventlet-wallaby-oslo14.3.0", "14.3.0")
    for cell in (wallaby, changed, same):
        assert select([cell.name]).cells == (cell,)


def test_what_a_server_has_not_is_left_out_with_a_reason() -> None:
    selection = select(
        ["{prefork,uwsgi}-embedded", "gunicorn-mod_wsgi6.1.1", "event-preload", "gunicorn-sync-threads4"]
    )
    assert [cell.name for cell in selection.cells] == ["prefork-embedded-eventlet"]
    assert [reason for _, reason in selection.left_out] == [
        "embedded (mode) is for prefork, event, worker; uwsgi has no such choice",
        "gunicorn does without mod_wsgi",
        "preload (loading) is for uwsgi, gunicorn; event has no such choice",
        "gunicorn's sync workers have one thread",
    ]


def test_thread_defaults_follow_the_server() -> None:
    assert [cell.thread_count for cell in select(["{prefork,event}-{embedded,daemon}"]).cells] == [
        1,
        1,
        25,
        1,
    ]


def test_native_with_a_heartbeat_thread_is_left_out_with_a_reason() -> None:
    selection = select(["prefork-{eventlet,native}-{green,pthread}"])
    assert [cell.name for cell in selection.cells] == [
        "prefork-daemon-eventlet",
        "prefork-daemon-eventlet-pthread",
    ]
    assert [name for name, _ in selection.left_out] == ["prefork-native-green", "prefork-native-pthread"]
    assert "OS threads only" in selection.left_out[0][1]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", ["empty cell expression"]),
        ("  ", ["empty cell expression"]),
        ("prefork--native", ["empty factor", "'prefork--native'"]),
        ("{prefork,}", ["empty factor"]),
        (
            "preforc-daemon",
            ["'preforc'", "'preforc-daemon'", "did you mean 'prefork'?", "server: prefork, event"],
        ),
        ("prefork-deamon", ["'deamon'", "did you mean 'daemon'?", "mode: daemon, embedded"]),
        ("prefork-event", ["two factors of the axis 'server'", "'prefork' and 'event'"]),
        ("prefork-daemon-daemon", ["two factors of the axis 'mode'"]),
        ("threads0", ["'threads0'", "from 1 to 256"]),
        ("processes1000000", ["'processes1000000'", "from 1 to 32"]),
        ("threads=4", ["'threads=4'", "did you mean 'threads' with its number, as in 'threads4'"]),
        ("oslo", ["did you mean 'oslo' with its number"]),
        ("oslo17", ["'oslo17'"]),
        ("prefork-trian", ["did you mean 'train'?", "release: stein, train"]),
        ("native-pthread", ["no cell is left", "OS threads only"]),
        ("prefork-embedded-threads4", ["a prefork child has one thread"]),
        ("threads{1..2000}", ["more than 1000 cells"]),
        ("{a" * 5000 + "}" * 5000, ["more than 50 braces within one another"]),
        ("}" * 100 + "{a" * 5000, ["a brace is not closed"]),
        ("{prefork,event", ["a brace is not closed in '{prefork,event'", "{a,b}"]),
        ("prefork,event}-native", ["a brace was never opened"]),
        ("foo", ["unknown factor 'foo' in 'foo'", "valid factors"]),
        ("zzz", ["unknown factor 'zzz'"]),
    ],
)
def test_a_wrong_expression_is_an_input_error_that_names_what_is_wrong(expression: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        select([expression])
    text = f"{caught.value.message} {caught.value.hint}"
    for word in words:
        assert word in text
    assert caught.value.exit_code == 2


def test_no_expression_at_all_is_an_input_error() -> None:
    with pytest.raises(InputError, match="no cell was named"):
        select([])


def test_cells_of_the_same_make_differ_only_in_how_many_processes_and_threads_there_are() -> None:
    cells = select(["prefork-daemon-eventlet-{green,pthread}-threads{1,2}-heartbeat6"]).cells
    assert [cell.make for cell in cells] == ["prefork-daemon-eventlet"] * 2 + ["prefork-daemon-eventlet-pthread"] * 2
