"""What the application tells of itself."""

from __future__ import annotations

import dataclasses
import os
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import webob
from oslo_config import cfg
from oslo_messaging import get_notification_transport
from oslo_messaging._drivers.impl_rabbit import rabbit_opts

from wsgi_app import config, facts, rpc
from wsgi_app.whereabouts import PID_HEADER, THREAD_HEADER, Registry, Whereabouts

MAPS = """\
55d0c4a00000-55d0c4a2a000 r--p 00000000 00:2f 1234   /usr/sbin/apache2
7f10a2c00000-7f10a2c02000 r--p 00000000 00:2f 1301   /usr/lib/apache2/modules/mod_mpm_event.so
7f10a2c02000-7f10a2c09000 r-xp 00002000 00:2f 1301   /usr/lib/apache2/modules/mod_mpm_event.so
7f10a2d00000-7f10a2d09000 r-xp 00002000 00:2f 1302   /opt/heartbed/modules/mod_wsgi.so
7ffd0c1f0000-7ffd0c211000 rw-p 00000000 00:00 0      [stack]
"""


@pytest.fixture
def conf() -> cfg.ConfigOpts:
    conf = cfg.ConfigOpts()
    conf.register_opts(config.OPTIONS, group=config.GROUP)
    conf([], default_config_files=[])
    rpc.ComputeClient(conf)  # registers oslo.messaging's options
    return conf


@pytest.fixture
def mod_wsgi(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The module that mod_wsgi puts into its interpreters."""
    module = SimpleNamespace(process_group="", application_group="", maximum_processes=1, threads_per_process=25)
    monkeypatch.setitem(facts.sys.modules, "mod_wsgi", module)  # type: ignore[attr-defined]
    return module


def test_the_mpm_is_the_module_that_is_mapped() -> None:
    assert facts.mpms_in(MAPS) == ["event"]
    assert facts.mpms_in(MAPS.replace("mpm_event", "mpm_prefork")) == ["prefork"]


def test_a_file_that_only_looks_like_an_mpm_is_none() -> None:
    assert (
        facts.mpms_in("7f10-7f11 r--p 0 00:2f 1 /tmp/mod_mpm_event.so (deleted)\n7f12-7f13 r--p 0 00:2f 2 /mod_mpm.so")
        == []
    )


def test_outside_httpd_there_is_no_mpm_and_no_mode(conf: cfg.ConfigOpts) -> None:
    found = facts.gather({}, conf)
    assert (found.mpm, found.mpms_mapped, found.mode, found.processes, found.threads) == (None, [], None, None, None)
    assert (found.pid, found.model, found.hub) == (os.getpid(), "native", None)


@pytest.mark.usefixtures("mod_wsgi")
def test_embedded_mode_has_no_process_group_and_its_processes_are_counted(
    conf: cfg.ConfigOpts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for pid, parent in ((1, 0), (7, 1), (8, 1), (9, 8)):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} (apache2) x) S {parent} 1 1 0 -1")
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "maps").write_text(MAPS)
    monkeypatch.setattr(facts, "PROC", tmp_path)
    monkeypatch.setattr(os, "getppid", lambda: 1)
    found = facts.gather({"wsgi.multithread": True, "wsgi.multiprocess": True}, conf)
    assert (found.mode, found.processes, found.threads) == ("embedded", 2, 25)
    assert found.mpm == "event"
    assert (found.multithread, found.multiprocess) == (True, True)


def test_daemon_mode_has_one(conf: cfg.ConfigOpts, mod_wsgi: SimpleNamespace) -> None:
    mod_wsgi.process_group, mod_wsgi.maximum_processes = "nova-api", 3
    found = facts.gather({}, conf)
    assert (found.mode, found.process_group, found.processes) == ("daemon", "nova-api", 3)


def test_versions_come_from_the_request_and_from_the_packages(conf: cfg.ConfigOpts) -> None:
    environ = {
        "SERVER_SOFTWARE": "Apache/2.4.68 (Debian) mod_wsgi/6.1.1 Python/3.13",
        "mod_wsgi.version": (6, 1, 1),
    }
    versions = facts.gather(environ, conf).versions
    assert (versions["httpd"], versions["mod_wsgi"]) == ("2.4.68", "6.1.1")
    assert versions["oslo.messaging"] == "17.3.2"
    assert {"python", "amqp", "eventlet", "greenlet", "kombu", "oslo.config", "oslo.service"} <= set(versions)


def test_the_heartbeat_options_are_those_that_are_registered(conf: cfg.ConfigOpts) -> None:
    conf.set_override("heartbeat_timeout_threshold", 2, group="oslo_messaging_rabbit")
    found = facts.gather({}, conf)
    assert (found.heartbeat_timeout_threshold, found.heartbeat_rate) == (2, 3)
    assert (found.heartbeat_in_pthread_exists, found.heartbeat_in_pthread) == (True, False)


def test_one_that_only_notifies_has_its_heartbeat_options_and_no_rpc_timeout() -> None:
    conf = cfg.ConfigOpts()
    conf([], default_config_files=[])
    get_notification_transport(conf, url="rabbit://nobody:nothing@nowhere:5672/")
    found = facts.gather({}, conf)
    assert (found.heartbeat_timeout_threshold, found.heartbeat_in_pthread) == (60, False)
    assert found.rpc_response_timeout is None


def test_a_release_without_the_pthread_option_says_so(conf: cfg.ConfigOpts) -> None:
    (option,) = [option for option in rabbit_opts if option.name == "heartbeat_in_pthread"]
    conf.reset()
    conf.unregister_opt(option, group="oslo_messaging_rabbit")
    found = facts.gather({}, conf)
    assert (found.heartbeat_in_pthread_exists, found.heartbeat_in_pthread) == (False, None)


def test_of_the_transport_url_only_the_driver_is_told(conf: cfg.ConfigOpts) -> None:
    conf.set_override("transport_url", "rabbit://user:secret@rabbitmq:5672/")
    found = facts.gather({}, conf)
    assert found.transport_driver == "rabbit"
    assert "secret" not in str(dataclasses.asdict(found))


def test_every_response_says_which_process_and_thread_it_came_from() -> None:
    registry = Registry()
    app = Whereabouts(webob.Response("hello"), registry, Alarm)
    response = webob.Request.blank("/").get_response(app)
    assert response.headers[PID_HEADER] == str(os.getpid())
    assert response.headers[THREAD_HEADER] == str(threading.get_native_id())
    assert registry.by_ident == {threading.get_ident(): threading.get_native_id()}


class Alarm:
    """Stands in for what writes dumps."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    def look_in(self, seconds: float) -> None:
        """Keep what was asked for."""
        self.asked.append(seconds)


def test_a_request_can_ask_for_a_dump_some_time_after_its_answer() -> None:
    alarm = Alarm()
    asked_when_answering = []

    def application(_: Any, start_response: Any) -> list[bytes]:
        asked_when_answering.extend(alarm.asked)
        start_response("200 OK", [])
        return []

    app = Whereabouts(application, Registry(), lambda: alarm)
    for value in ("3.5", "", "soon", "-1"):
        webob.Request.blank("/", headers={"X-Heartbed-Look-In": value}).get_response(app)
    assert alarm.asked == [3.5]
    assert asked_when_answering == [3.5, 3.5, 3.5], "not before the first answer"
