"""gunicorn's configurations: what is recognised, replaced and tried of a user's file of Python."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from heartbed.candidates.container import Ran
from heartbed.candidates.wishes import Wishes
from heartbed.candidates.workbench import Workbench
from heartbed.errors import InputError
from heartbed.servers.gunicorn import settings
from heartbed.servers.gunicorn.conf import is_gunicorns, line_of, parse, patches, place
from heartbed.servers.gunicorn.draft import GunicornPrepared
from heartbed.servers.gunicorn.settings import Settings
from heartbed.servers.gunicorn.shape import Shape, shape
from heartbed.servers.kinds import draft
from heartbed.studies import mend

DEFAULTS: Mapping[str, Any] = {
    "bind": ["127.0.0.1:8000"],
    "workers": 1,
    "worker_class": "sync",
    "threads": 1,
    "preload_app": False,
    "raw_env": [],
    "user": 10001,
    "certfile": None,
    "accesslog": None,
    "worker_tmp_dir": None,
    "wsgi_app": None,
}
FILE = """\
import multiprocessing

bind = "127.0.0.1:8001"
workers = 5
threads = 3
raw_env = [
    "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD=true",
    "SPAM=eggs",
]
wokers = 2
"""
RAW_ENV = ["OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD=true", "SPAM=eggs"]


def said(absent: Mapping[str, str] | None = None, **values: object) -> Ran:
    """What gunicorn says where these settings are not the default, and those of ``absent`` hang on something."""
    found = {name: [value, False, (absent or {}).get(name, "")] for name, value in DEFAULTS.items()}
    found |= {name: [value, True, ""] for name, value in values.items()}
    return Ran(0, f"words of the file's own\n{json.dumps(found)}\n", "")


class Speaking:
    """Stands in for the container: says one thing after the other."""

    def __init__(self, *said_: Ran) -> None:
        self.said = list(said_)
        self.environments: list[Mapping[str, str]] = []

    def run(
        self, commands: Mapping[str, Sequence[str]], environment: Mapping[str, str] | None = None
    ) -> dict[str, Ran]:
        self.environments.append(environment or {})
        if "not here" in commands:
            missing = [name for name in commands["not here"] if name in ("acme", "beacon", "environ")]
            return {"not here": Ran(0, json.dumps(missing), "")}
        assert commands["read"][-1].endswith("/gunicorn.conf.py")
        return {"read": self.said.pop(0)}


def prepared(folder: Path, text: str, *said_: Ran, **wishes: object) -> GunicornPrepared:
    path = folder / "gunicorn.conf.py"
    path.write_text(text)
    found = draft(path, replace(Wishes(), **wishes))  # type: ignore[arg-type]
    made = found.kind.prepare(found, Workbench(folder / "bench"), Speaking(*said_))  # type: ignore[arg-type]
    assert isinstance(made, GunicornPrepared)
    return made


@pytest.fixture
def own(tmp_path: Path) -> GunicornPrepared:
    first = said(bind=["127.0.0.1:8001"], workers=5, threads=3, worker_class="gthread", raw_env=RAW_ENV)
    second = said(workers=2, threads=3, worker_class="gthread")
    return prepared(tmp_path, FILE, first, second, model="eventlet")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("bind = ':1'", True),
        ("import os\nif os.name:\n    workers = 3", True),
        ("def post_fork(server, worker):\n    pass", True),
        ("workers: int = 3", True),
        ("x = 1", False),
        ("[uwsgi]\nthreads = 4", False),
        ("Listen 80", False),
        ("bind = ", False),
        ("", False),
    ],
)
def test_python_that_sets_something_of_gunicorns_is_recognised(text: str, is_one: bool) -> None:
    assert is_gunicorns(text.split("\n")) is is_one


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a = 1\nthreads = 2", (2, 2)),
        ("threads = [\n 1,\n]", (1, 3)),
        ("threads = 2\nworkers = threads", None),
        ("threads = 2\nif workers:\n    threads = 3", None),
        ("a = threads = 2", None),
        ("a = 1; threads = 2", None),
        ("if a:\n    threads = 2", None),
        ("threads += 2", None),
        ("from app import threads", None),
        ("a = 1", None),
    ],
)
def test_a_setting_is_put_otherwise_in_its_place_only_where_nothing_else_hangs_on_it(
    text: str, lines: tuple[int, int] | None
) -> None:
    tree = parse(text.split("\n"))
    assert tree is not None
    found = place(tree, "threads")
    assert (found and (found.first, found.last)) == lines


def test_what_the_file_prints_is_not_taken_for_settings() -> None:
    assert settings.parse("hello\n") is None
    assert settings.parse("") is None
    found = settings.parse(said(threads=4).output)
    assert found is not None
    assert (found.number("threads"), sorted(found.other)) == (4, ["threads"])


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("sync", "sync"),
        ("gthread", "gthread"),
        ("gunicorn.workers.gthread.ThreadWorker", "gthread"),
        ("gunicorn.workers.ggevent.GeventWorker", "gevent"),
        ("eventlet", "eventlet"),
        ("uvicorn.workers.UvicornWorker", "uvicorn.workers.UvicornWorker"),
    ],
)
def test_classes_of_workers_have_two_names(name: str, runs: str) -> None:
    assert shape(Settings({**DEFAULTS, "worker_class": name}, frozenset())) == Shape(1, 1, runs, preload=False)


def test_the_candidate_is_what_gunicorn_says(own: GunicornPrepared) -> None:
    candidate = own.candidate
    assert (candidate.process_count, candidate.thread_count) == (2, 3)
    assert (candidate.factors["worker_class"], candidate.factors["loading"]) == ("gthread", "lazy")
    assert own.settings["workers"] == "5"
    assert own.rows["gunicorn"] == "2 processes, 3 threads each, gthread workers, loaded by each worker"


def test_what_is_replaced_stands_where_it_stood(own: GunicornPrepared) -> None:
    adapted = own.draft.adapted
    lines = adapted.text(adapted.source.main)
    assert lines[2:4] == ["bind = '0.0.0.0:8080'", "workers = 2"]
    assert lines[5] == "raw_env = ['SPAM=eggs']"
    assert any(each.reason.startswith("5 here") for each in adapted.replacements)


def test_what_has_no_place_of_its_own_is_put_at_the_end(tmp_path: Path) -> None:
    text = "if True:\n    workers = 9\n    certfile = '/a'\nloglevel = 'info'\n"
    made = prepared(tmp_path, text, said(workers=9, certfile="/a"), said(workers=2))
    adapted = made.draft.adapted
    assert adapted.text(adapted.source.main)[4:] == [
        "",
        "bind = '0.0.0.0:8080'",
        "certfile = None",
        "workers = 2",
    ]


def test_variables_of_the_testbed_are_taken_and_not_left_in_the_file(own: GunicornPrepared) -> None:
    assert own.draft.wishes.pthread_said is True
    assert own.candidate.thread == "pthread"


def test_a_name_that_is_nearly_a_setting_is_told(own: GunicornPrepared) -> None:
    assert own.oddities == ("wokers is no setting of gunicorn's, which ignores it (is workers meant?)",)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("preload = True", ["preload is no setting of gunicorn's, which ignores it (is preload_app meant?)"]),
        ("THREADS = 3\nthreads = THREADS", []),
        ("wokers = '2'\nworkers = int(wokers)", []),
    ],
)
def test_a_name_that_the_file_itself_makes_use_of_is_no_misspelling(tmp_path: Path, text: str, told: list[str]) -> None:
    made = prepared(tmp_path, f"bind = ':1'\n{text}\n", said(), said())
    assert [each for each in made.oddities if "no setting" in each] == told


def test_an_application_under_gthread_workers_is_taken_for_a_native_one(tmp_path: Path) -> None:
    pooled = said(threads=3, worker_class="gthread")
    made = prepared(tmp_path, "threads = 3\n", pooled, pooled)
    assert made.candidate.model == "native"
    assert any("native threads under gthread workers" in text for text in made.draft.assumptions)
    assert not any("execution model eventlet" in text for text in made.draft.assumptions)


def test_what_the_container_decides_is_told_with_its_line(tmp_path: Path) -> None:
    text = "import os\nworkers = int(os.environ.get('A', os.cpu_count()))\nbind = os.getenv('B')\n"
    assert [each.partition(".py:")[2] for each in prepared(tmp_path, text, said(), said()).oddities] == [
        "2: variables of the environment are the container's, not yours (--define NAME=VALUE)",
        "2: the number of processor cores is this machine's",
    ]


@pytest.mark.parametrize("cores", ["cpu_count()", "process_cpu_count()", "len(os.sched_getaffinity(0))"])
def test_cores_are_named_as_this_machines_however_they_are_counted(tmp_path: Path, cores: str) -> None:
    made = prepared(tmp_path, f"import os\nfrom os import *\nworkers = {cores}\n", said(), said())
    assert any("gunicorn.conf.py:3: the number of processor cores" in each for each in made.oddities)


def test_a_class_of_workers_that_is_not_covered_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gunicorn\.conf\.py:2: worker_class tornado is not covered") as caught:
        prepared(tmp_path, "workers = 2\nworker_class = 'tornado'\n", said(worker_class="tornado"))
    assert "worker_class = 'sync'" not in caught.value.hint
    with pytest.raises(InputError, match=r"gunicorn\.conf\.py:2: worker_class gevent comes from elsewhere"):
        prepared(tmp_path, "import acme\nworker_class = acme.workers\n", said(worker_class="gevent"))
    websocket = "geventwebsocket.gunicorn.workers.GeventWebSocketWorker"
    with pytest.raises(InputError, match="is not covered") as caught:
        prepared(tmp_path, f"worker_class = '{websocket}'\n", said(worker_class=websocket))
    assert "worker_class = 'gevent' in a copy" in caught.value.hint
    asgi = "uvicorn.workers.UvicornWorker"
    with pytest.raises(InputError, match="is not covered") as caught:
        prepared(tmp_path, f"workers = 2\nworker_class = '{asgi}'\n", said(worker_class=asgi))
    assert "ASGI" in caught.value.hint


@pytest.mark.parametrize(
    ("library", "factor", "change"),
    [
        ("gevent", "ggevent", "sync workers and native threads instead of gevent"),
        ("eventlet", "geventlet", "sync workers and native threads instead of eventlet"),
    ],
)
def test_green_workers_patch_the_application(tmp_path: Path, library: str, factor: str, change: str) -> None:
    text = f"import os\nthreads = 4\nworker_class = os.getenv('CLASS', '{library}')\n"
    green = said(threads=4, worker_class=library)
    made = prepared(tmp_path, text, green, green)
    own = made.candidate
    assert (own.model, own.factors["worker_class"], own.thread_count) == (library, factor, 1)
    assert ("gunicorn" in own.beside, "gevent" in own.brought) == (library == "eventlet", library == "gevent")
    assert own.build == made.draft.cell.build
    assert any("workers patch the process with it" in each for each in made.draft.assumptions)
    found = {each.what: each.candidate for each in mend.mends(made, Workbench(tmp_path / "bench"))}
    assert (found[change].model, found[change].factors["worker_class"]) == ("native", "sync")
    assert "native threads instead of eventlet" not in found
    with pytest.raises(InputError, match="the application cannot be native in them"):
        prepared(tmp_path, text, green, green, model="native")


def test_threads_that_green_workers_leave_idle_are_set_to_one_with_sync_workers(tmp_path: Path) -> None:
    green = said(threads=16, worker_class="gevent")
    made = prepared(tmp_path, "threads = 16\nworker_class = 'gevent'\n", green, green)
    workbench = Workbench(tmp_path / "bench")
    found = {each.changes[0].key: each for each in mend.mends(made, workbench)}
    assert "+threads = 1\n+worker_class = 'sync'" in found["sync"].lines
    copy = (workbench.folder / "gunicorn.conf.py-sync" / "gunicorn.conf.py").read_text().splitlines()
    assert copy[:2] == ["threads = 1", "worker_class = 'sync'"]
    assert "+threads" not in found["preload"].lines


EVENTLET = "import eventlet\neventlet.monkey_patch()\nthreads = 3\n"
GEVENT = "threads = 3\ntry:\n    from gevent import monkey; monkey.patch_all()\nfinally:\n    pass\n"


@pytest.mark.parametrize(("library", "text", "line"), [("eventlet", EVENTLET, 2), ("gevent", GEVENT, 3)])
def test_a_file_that_patches_the_process_says_the_model(tmp_path: Path, library: str, text: str, line: int) -> None:
    pooled = said(threads=3, worker_class="gthread")
    made = prepared(tmp_path, text, pooled, pooled)
    assert (made.candidate.model, made.candidate.factors["worker_class"]) == (library, "gthread")
    assert made.candidate.build == made.draft.cell.build
    words = f"gunicorn.conf.py:{line} patches the process with {library}"
    assert any(words in each for each in made.draft.assumptions)
    assert not any("native threads under gthread" in each for each in made.draft.assumptions)
    with pytest.raises(InputError, match=f"{words}: the model is not native"):
        prepared(tmp_path, text, pooled, pooled, model="native")


def test_a_file_that_patches_with_another_library_than_its_workers_is_refused(tmp_path: Path) -> None:
    text = EVENTLET + "worker_class = 'gevent'\n"
    with pytest.raises(InputError, match="and so do gevent workers with gevent"):
        prepared(tmp_path, text, *[said(worker_class="gevent")] * 2)
    with pytest.raises(InputError, match="and another line with gevent"):
        prepared(tmp_path, EVENTLET + GEVENT, said(), said())


def test_a_native_application_takes_a_file_that_does_not_patch(tmp_path: Path) -> None:
    made = prepared(tmp_path, EVENTLET, *[said(threads=3, worker_class="gthread")] * 2)
    workbench = Workbench(tmp_path / "bench")
    found = {each.changes[0].key: each for each in mend.mends(made, workbench)}
    assert "-eventlet.monkey_patch()\n+# eventlet.monkey_patch()" in found["native"].lines
    for key, line in (("native", "# eventlet.monkey_patch()"), ("preload", "eventlet.monkey_patch()")):
        copy = (workbench.folder / f"gunicorn.conf.py-{key}" / "gunicorn.conf.py").read_text().splitlines()
        assert copy[1] == line


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import eventlet; eventlet.monkey_patch(); a = 1", [("eventlet", "import eventlet; pass; a = 1")]),
        ("from gevent.monkey import patch_all\npatch_all()", [("gevent", "# patch_all()")]),
        ("from gevent.monkey import patch_all\npatch_all(\n  ssl=False)  # x", [("gevent", "pass  # x")]),
        ("import gevent.monkey\ngevent.monkey.patch_all(thread=False)", []),
        ("import eventlet\neventlet.monkey_patch(socket=True)", []),
        ("import eventlet\neventlet.monkey_patch(os=False)", [("eventlet", "# eventlet.monkey_patch(os=False)")]),
        ("import eventlet\nif a:\n    eventlet.monkey_patch()", []),
        ("import eventlet\ndef post_fork(a, b):\n    eventlet.monkey_patch()", []),
        ("import acme\nacme.monkey_patch()", []),
    ],
)
def test_what_patches_the_process_is_seen_where_it_always_does(text: str, found: list[tuple[str, str]]) -> None:
    lines = text.split("\n")
    tree = parse(lines)
    assert tree is not None
    assert [(each.library, each.without) for each in patches(tree, lines)] == found


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        ("ModuleNotFoundError: No module named 'prometheus_client'", "imports prometheus_client"),
        ("KeyError: 'PORT'", "reads PORT, which is not in the container"),
        (
            "Invalid value for threads: <beacon.number is not in the testbed>\n\nTypeError: no 'Absent'",
            "threads is what beacon.number says, which is not in the testbed: this form is not covered",
        ),
        (
            "Invalid value for raw_env: beacon.where\n\nError: beacon.where is not in the testbed",
            "raw_env is what beacon.where says, which is not in the testbed",
        ),
        ("Invalid value for config: <beacon.config is not in the testbed>", r"py:0: config is the name of a setting"),
        ("Invalid value for threads: None\n\nTypeError: NoneType", "threads is None here"),
        ("Invalid value for threads: <the variable N is not in the testbed>", "reads N, which is not in the container"),
        ("wsgi_app.absent.NotHereError: beacon.debug is not in the testbed", "something hangs on beacon.debug"),
        ("Error: Invalid value for threads", "gunicorn does not start on it"),
    ],
)
def test_what_gunicorn_refuses_is_told_with_its_reason(tmp_path: Path, errors: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        prepared(tmp_path, "threads = 2\n", Ran(1, "", errors))


IMPORTING = """\
import os
import beacon.metrics as metrics
from acme.hooks import (
    post_fork,
    number,
)
try:
    import acme
except ImportError:
    acme = None

workers = int(os.environ["WORKERS"])

def child_exit(server, worker):
    from beacon import counts
    counts.forget(worker.pid)
"""


def test_what_a_file_imports_and_the_testbed_lacks_does_nothing_in_the_copy(tmp_path: Path) -> None:
    found = prepared(tmp_path, IMPORTING, said(workers=2), said(workers=2), defines={"WORKERS": "2"})
    copy = (tmp_path / "bench/gunicorn.conf.py/gunicorn.conf.py").read_text()
    assert parse(copy.splitlines())
    assert "\nfrom wsgi_app.absent import Absent; metrics = Absent('beacon.metrics')\n" in copy
    assert "\nfrom wsgi_app.absent import Absent; number = Absent('acme.hooks.number')\n#\n#\n#\ntry:\n" in copy
    assert "\n    import acme\n" in copy
    assert "\nfrom wsgi_app.absent import pass_over; pass_over(globals(), 'child_exit')\n" in copy
    assert any("child_exit: where it fails here" in each for each in found.oddities)
    assert "\n    from wsgi_app.absent import Absent; counts = Absent('beacon.counts')\n" in copy
    assert found.draft.adapted.reasons()["not in the testbed"] == "beacon, acme"
    said_ = [each for each in found.oddities if "not in the testbed" in each]
    assert [each.partition(": ")[0].rpartition(":")[2] for each in said_] == ["2", "3"]


def test_what_reads_the_environment_reads_the_containers(tmp_path: Path) -> None:
    text = "import environ\nenv = environ.Env()\nbind = env('BIND')\nworkers = env.int('N')\ntimeout = env('T')\n"
    first = said({"bind": "the variable BIND", "workers": "the variable N", "worker_tmp_dir": "the variable T"})
    found = prepared(tmp_path, text, first, said(workers=2))
    copy = found.draft.adapted.text(found.draft.source.main)
    assert copy[0] == (
        "from wsgi_app.absent import Absent; from wsgi_app.readers import Reader; environ = Reader('environ')"
    )
    assert (copy[2], copy[3], copy[-1]) == ("bind = '0.0.0.0:8080'", "workers = 2", "worker_tmp_dir = None")
    assert "+workers = 2" in found.draft.adapted.diff()
    assert any("variables that it reads are the container's" in each for each in found.oddities)
    assert any("not known here" in each for each in found.draft.adapted.reasons())


def test_a_variable_that_is_given_is_in_the_environment_of_gunicorn_and_of_the_cell(tmp_path: Path) -> None:
    path = tmp_path / "gunicorn.conf.py"
    path.write_text("import os\nworkers = int(os.environ['WORKERS'])\n")
    given = {"WORKERS": "2", "HEARTBED_PROBE": "x", "OS_NOVA_DISABLE_EVENTLET_PATCHING": "1"}
    found = draft(path, Wishes(defines=given))
    speaking = Speaking(said(workers=2), said(workers=2))
    made = found.kind.prepare(found, Workbench(tmp_path / "bench"), speaking)  # type: ignore[arg-type]
    assert all("HEARTBED_PROBE" not in each and each["WORKERS"] == "2" for each in speaking.environments)
    assert dict(made.candidate.settings) == {"WORKERS": "2"}
    assert made.candidate.model == "native"


def test_the_variable_that_a_setting_hangs_on_is_named(tmp_path: Path) -> None:
    text = "import os\nthreads = os.environ.get('MY_THREADS')\n"
    with pytest.raises(InputError, match="threads is None here") as caught:
        prepared(tmp_path, text, Ran(1, "", "Invalid value for threads: None\n\nTypeError"))
    assert caught.value.hint == "--define MY_THREADS=VALUE says what it is there"


def test_options_of_other_servers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--mpm is not for a configuration of gunicorn"):
        prepared(tmp_path, "threads = 2\n", mpm="event")


def test_each_change_differs_in_one_thing(own: GunicornPrepared, tmp_path: Path) -> None:
    found = {each.changes[0].key: each for each in mend.mends(own, Workbench(tmp_path / "bench"))}
    assert {"native", "no-pthread", "preload", "sync", "threads1", "heartbeat"} == set(found)
    sync = found["sync"].candidate
    assert (sync.thread_count, sync.factors["worker_class"], sync.process_count) == (1, "sync", 1)
    assert found["threads1"].candidate.factors["worker_class"] == "gthread"
    assert found["preload"].candidate.factors["loading"] == "preload"


def test_a_change_comes_as_lines_of_the_users_file(own: GunicornPrepared, tmp_path: Path) -> None:
    workbench = Workbench(tmp_path / "bench")
    found = {each.changes[0].key: each for each in mend.mends(own, workbench)}
    assert "-threads = 3\n+threads = 1" in found["threads1"].lines
    assert "+worker_class = 'gthread'" in found["threads1"].lines
    assert found["preload"].lines.endswith("+preload_app = True")
    assert "'SPAM=eggs', 'OS_NOVA_DISABLE_EVENTLET_PATCHING=true']" in found["native"].lines
    copy = (workbench.folder / "gunicorn.conf.py-preload" / "gunicorn.conf.py").read_text().splitlines()
    assert copy[2:4] == ["bind = '0.0.0.0:8080'", "workers = 1"]
    assert copy[-1] == "preload_app = True"


def test_two_lines_at_the_end_of_the_file_do_not_undo_each_other(tmp_path: Path) -> None:
    made = prepared(tmp_path, "threads = 1\n", said(), said())
    pair = next(m for m in mend.pairs(made, Workbench(tmp_path / "bench")) if m.keys == {"preload", "gthread"})
    assert "+preload_app = True\n+worker_class = 'gthread'" in pair.lines


def test_the_line_of_a_setting_is_the_last_that_sets_it() -> None:
    tree = parse(["a = 1", "a = 2"])
    assert tree is not None
    assert (line_of(tree, "a"), line_of(tree, "b")) == (2, 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("workers = 2\nbind =\n", "gunicorn.conf.py:2: this is not Python: invalid syntax"),
        ("application = print\n", "gunicorn.conf.py is Python, but not known for a configuration of gunicorn's"),
    ],
)
def test_python_that_gunicorn_cannot_take_is_not_held_for_httpds(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "gunicorn.conf.py"
    file.write_text(text)
    with pytest.raises(InputError, match=words):
        draft(file, Wishes())
