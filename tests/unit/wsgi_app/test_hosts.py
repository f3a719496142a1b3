"""Which server the application finds itself in."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest

from wsgi_app import hosts, patching


@pytest.fixture
def uwsgi(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The module that uWSGI puts into its interpreters."""
    module = SimpleNamespace(version=b"2.0.31", numproc=3, cores=2, has_threads=1)
    monkeypatch.setitem(sys.modules, "uwsgi", module)
    return module


def test_outside_any_other_server_there_is_none() -> None:
    assert hosts.host({}) is None
    assert hosts.host({"SERVER_SOFTWARE": "Apache/2.4.71 (Debian) mod_wsgi/6.1.1"}) is None


def test_without_a_server_it_is_pythons_own() -> None:
    assert hosts.host({"SERVER_SOFTWARE": "wsgiref/3.13.5"}) == hosts.Host("standalone", processes=1)


@pytest.mark.usefixtures("uwsgi")
def test_uwsgi_tells_its_version_processes_and_threads() -> None:
    assert hosts.host({}) == hosts.Host(
        "uwsgi", "2.0.31", 3, 2, app_threads=True, options={"loading": "lazy", "front": "direct", "loop": "simple"}
    )


def test_under_gevents_loop_uwsgis_cores_are_no_threads(uwsgi: SimpleNamespace) -> None:
    uwsgi.loop, uwsgi.cores = b"gevent", 100
    found = hosts.host({})
    assert found is not None
    assert (found.threads, found.options["loop"]) == (1, "ugevent")


@pytest.mark.usefixtures("uwsgi")
def test_a_proxy_in_front_of_uwsgi_is_seen_by_what_it_hands_over() -> None:
    found = hosts.host({"SERVER_SOFTWARE": "Apache/2.4.66 (Debian)"})
    assert found is not None
    assert found.options["front"] == "proxied"


def test_a_uwsgi_that_does_not_say_whether_threads_run_is_not_made_to(uwsgi: SimpleNamespace) -> None:
    del uwsgi.has_threads
    found = hosts.host({})
    assert found is not None
    assert found.app_threads is None


@pytest.mark.usefixtures("uwsgi")
def test_an_application_that_another_process_has_loaded_was_preloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patching, "LOADED_IN", os.getppid())
    found = hosts.host({})
    assert found is not None
    assert found.options["loading"] == "preload"


def test_gunicorns_pool_is_as_large_as_its_worker_says(monkeypatch: pytest.MonkeyPatch) -> None:
    class ThreadWorker:
        cfg = SimpleNamespace(threads=3)

    worker = ThreadWorker()
    monkeypatch.setitem(sys.modules, "gunicorn.workers.gthread", SimpleNamespace(ThreadWorker=ThreadWorker))
    found = hosts.host({"SERVER_SOFTWARE": "gunicorn/27.0.1"})
    assert worker is not None
    assert found is not None
    assert found.threads == 3


def test_a_sync_worker_of_gunicorns_has_one_thread() -> None:
    found = hosts.host({"SERVER_SOFTWARE": "gunicorn/27.0.1"})
    assert found is not None
    assert found.threads == 1


@pytest.mark.parametrize("kind", ["sync", "gthread"])
def test_gunicorn_tells_its_worker_class(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, f"gunicorn.workers.{kind}", SimpleNamespace())
    found = hosts.host({"SERVER_SOFTWARE": "gunicorn/27.0.1"})
    assert found is not None
    assert (found.server, found.version, found.options["worker_class"]) == ("gunicorn", "27.0.1", kind)
