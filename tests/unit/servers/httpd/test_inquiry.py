"""What httpd says when it is asked, and what is taken from it."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from heartbed.candidates import workbench as places
from heartbed.candidates.container import Answer, Question, Ran, Tour
from heartbed.candidates.inside import in_force
from heartbed.candidates.prepared import Prepared
from heartbed.candidates.wishes import Wishes
from heartbed.candidates.workbench import Workbench
from heartbed.errors import InputError
from heartbed.servers.httpd.findings import findings
from heartbed.servers.httpd.inquiry import BALANCER
from heartbed.servers.httpd.prepared import HttpdPrepared
from heartbed.servers.kinds import draft
from heartbed.studies import mend
from tests.unit.servers.httpd.asking import RECORDED, Hosted, Recorded

DATA = Path(__file__).parents[2] / "data" / "candidate"
FILE = "kolla-nova.conf"


@pytest.fixture
def workbench(tmp_path: Path) -> Workbench:
    return places.Workbench(tmp_path)


def prepared(workbench: Workbench, container: object, **wishes: Any) -> Prepared[Any]:
    found = draft(DATA / FILE, replace(Wishes(), **wishes))
    return found.kind.prepare(found, workbench, container)  # type: ignore[arg-type]


def answering(answer: Answer, *log: str) -> Recorded:
    """Answers every question alike."""

    class Alike(Recorded):
        def tours(self, commands: Any, questions: Any, stop: str) -> list[Tour]:
            del stop
            return [Tour((answer,) * len(questions), log) for _ in commands]

    return Alike()


def refused(workbench: Workbench, answer: Answer, *log: str) -> str:
    with pytest.raises(InputError) as caught:
        prepared(workbench, answering(answer, *log))
    return f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(("vhost", "line"), [("80", "metadata threads=1 processes=1"), ("8775", "metadata threads=4")])
def test_daemon_processes_in_which_nothing_that_is_asked_runs_are_few(
    workbench: Workbench, vhost: str, line: str
) -> None:
    found = draft(DATA / "handwritten" / "httpd.conf", replace(Wishes(), vhost=vhost))
    found.kind.prepare(found, workbench, Recorded())  # type: ignore[arg-type]
    copies = [path.read_text() for path in (workbench.folder / "httpd.conf" / "files").rglob("*.conf")]
    (daemon,) = [each for text in copies for each in text.splitlines() if "WSGIDaemonProcess" in each]
    assert line in daemon


def test_a_sub_interpreter_is_left_in_the_copy_and_told(workbench: Workbench) -> None:
    hosted = {FILE: {8081: Hosted("nova-api", 2, 1, interpreter="api.example.org|")}}
    found = prepared(workbench, Recorded(hosted=hosted))
    (told,) = [said for said in found.oddities if "sub-interpreter of Python's" in said]
    assert "made with PyO3, as bcrypt and cryptography" in told
    assert "greenlet" not in told
    main = (workbench.folder / FILE / "httpd.conf").read_text()
    assert "\nWSGIApplicationGroup %{GLOBAL}\n" in main
    plain = prepared(workbench, Recorded())
    assert not any("sub-interpreter" in said for said in plain.oddities)
    assert "WSGIApplicationGroup" not in (workbench.folder / FILE / "httpd.conf").read_text()


def test_a_redirection_to_https_is_followed_as_a_load_balancer_would_have_it(workbench: Workbench) -> None:
    body = json.dumps(
        {
            "told_by": "heartbed",
            "mount": "",
            "path": "/heartbed/facts",
            "handler": "",
            "script": "/srv/a.wsgi",
            "process_group": "nova-api",
            "application_group": "",
            "processes": 2,
            "threads": 1,
        }
    )

    class Redirecting(Recorded):
        def tours(self, commands: Any, questions: Any, stop: str) -> list[Tour]:
            del commands, stop
            bodies = [body.replace("/heartbed/facts", q.path) for q in questions]
            assert all(dict(BALANCER) in [dict(headers) for headers in q.headers] for q in questions)
            return [Tour(tuple(Answer(200, text, BALANCER) for text in bodies), ())]

    found = prepared(workbench, Redirecting())
    assert dict(found.candidate.headers) == BALANCER
    assert ("X-Forwarded-Proto", "https") in found.candidate.requests.call.headers
    assert any("X-Forwarded-Proto" in said for said in found.oddities)


@pytest.mark.parametrize(
    ("answer", "log", "words"),
    [
        (Answer(403, "", {}), [], "answered with 403: access is denied"),
        (Answer(302, "Location: /login", {}), [], "a redirection"),
        (Answer(None, "it has ended", {}), [], "does not answer: it has ended"),
        (Answer(200, "<html>", {}), [], "something else than the application"),
        (
            Answer(500, "", {}),
            ["[wsgi:error] WSGI0151: No WSGI daemon process called 'x' has been configured."],
            "no WSGIDaemonProcess is called 'x'",
        ),
    ],
)
def test_an_application_that_is_not_reached_is_told_with_the_reason(
    workbench: Workbench, answer: Answer, log: list[str], words: str
) -> None:
    assert words in refused(workbench, answer, *log)


class Whole(Recorded):
    """Tells the application all of each URL as its mount, as a pattern for whole URLs does."""

    def tours(self, commands: Any, questions: Any, stop: str) -> list[Tour]:
        (tour,) = super().tours(commands, questions, stop)
        answers = []
        for answer, question in zip(tour.answers, questions, strict=True):
            told = json.loads(answer.text) | {"mount": question.path, "path": ""}
            answers.append(replace(answer, text=json.dumps(told)))
        return [Tour(tuple(answers), ())]


def test_an_application_that_is_told_whole_urls_finds_its_path_in_them(workbench: Workbench) -> None:
    found = prepared(workbench, Whole())
    assert found.candidate.mount == ""
    assert found.candidate.switches["HEARTBED_MOUNT"] == ""
    assert any("matches whole URLs" in said for said in found.oddities)
    assert "HEARTBED_MOUNT" not in prepared(workbench, Recorded()).candidate.switches


def test_a_script_in_a_folder_of_root_s_is_told(workbench: Workbench) -> None:
    found = cast("HttpdPrepared", prepared(workbench, Recorded()))
    alias = replace(found.shape.application, script="/root/app/wsgi.py")
    there = replace(found, shape=replace(found.shape, application=alias))
    assert any("the script lies in /root" in said for said in findings(there, (), ()))
    assert not any("/root" in said for said in found.oddities)


def test_an_application_that_is_told_another_path_is_not_covered(workbench: Workbench) -> None:
    class Part(Recorded):
        def tours(self, commands: Any, questions: Any, stop: str) -> list[Tour]:
            (tour,) = super().tours(commands, questions, stop)
            first, second, at_root = tour.answers
            other = replace(second, text=second.text.replace('"path": "/v2.1/', '"path": "/'))
            return [Tour((first, other, at_root), ())]

    with pytest.raises(InputError, match="this form is not covered") as caught:
        prepared(workbench, Part())
    assert "GET /v2.1/servers/1/action reaches the application, but as the path '/servers/1" in caught.value.message


def test_the_path_that_was_asked_for_is_the_one_that_is_told(workbench: Workbench) -> None:
    class Missing(Recorded):
        def tours(self, commands: Any, questions: Any, stop: str) -> list[Tour]:
            (tour,) = super().tours(commands, questions, stop)
            return [Tour((tour.answers[0], Answer(404, "", {}), tour.answers[2]), ())]

    with pytest.raises(InputError, match=r"but GET /v2\.1/servers/1/action is answered with 404"):
        prepared(workbench, Missing())


def test_paths_that_run_in_different_groups_are_not_covered(workbench: Workbench) -> None:
    class Divided(Recorded):
        def tours(self, commands: Any, questions: Any, stop: str) -> list[Tour]:
            (tour,) = super().tours(commands, questions, stop)
            first, second, at_root = tour.answers
            other = replace(second, text=second.text.replace('"nova-api"', '""'))
            return [Tour((first, other, at_root), ())]

    with pytest.raises(InputError, match="a form that is not covered") as caught:
        prepared(workbench, Divided())
    assert "GET /heartbed/facts runs in the daemon processes nova-api" in caught.value.message
    assert "GET /v2.1/servers/1/action runs in httpd's own children" in caught.value.message
    assert "leave one WSGIProcessGroup" in caught.value.hint


def test_where_the_root_is_another_s_the_application_is_woken_by_another_page(workbench: Workbench) -> None:
    class Redirected(Recorded):
        def tours(self, commands: Any, questions: Any, stop: str) -> list[Tour]:
            (tour,) = super().tours(commands, questions, stop)
            return [Tour((*tour.answers[:-1], Answer(302, "Location: /dashboard", {})), ())]

    found = prepared(workbench, Redirected())
    asked = found.candidate.requests
    assert (asked.ready.path, asked.page.path) == ("/heartbed/facts", "/heartbed/facts")
    assert any("/ is another's" in said for said in found.oddities)
    assert prepared(workbench, Recorded()).candidate.requests.ready.path == "/"


def test_a_change_that_leaves_the_configuration_as_it_was_is_told_as_such(workbench: Workbench) -> None:
    found = prepared(workbench, Recorded())
    (embedded,) = [each for each in mend.mends(found, workbench) if each.keys == {"embedded"}]
    label = embedded.candidate.label
    as_before = Recorded(hosted={**RECORDED, label: {8080: Hosted("nova-api", 1, 1)}})
    left = found.kind.without_effect(found, [embedded.candidate], as_before)  # type: ignore[arg-type]
    assert left == {
        label: "it changes nothing: the application then runs in the daemon processes nova-api, 1 thread each"
    }
    acting = Recorded(hosted={**RECORDED, label: {8080: Hosted("", 1, 25)}})
    assert not found.kind.without_effect(found, [embedded.candidate], acting)  # type: ignore[arg-type]


def test_unset_variables_are_named_with_the_line_that_has_them(workbench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    path = tmp_path / "own" / FILE
    path.write_text((DATA / FILE).read_text() + "\nServerAdmin ${ADMIN}\n")

    class Missing(Recorded):
        def run(self, commands: Any) -> dict[str, Ran]:
            told = super().run(commands)["read"]
            return {"read": replace(told, errors="AH00111: Config variable ${ADMIN} is not defined\n")}

    found = draft(path, Wishes())
    said = found.kind.prepare(found, workbench, Missing()).oddities  # type: ignore[arg-type]
    line = path.read_text().splitlines().index("ServerAdmin ${ADMIN}") + 1
    assert any(f"{FILE}:{line}: ${{ADMIN}} is not set here" in each for each in said)


def test_whose_default_the_number_of_children_is_is_told(workbench: Workbench) -> None:
    found = cast("HttpdPrepared", prepared(workbench, Recorded(hosted={FILE: {8081: Hosted("", 1, 25)}})))
    (told,) = [each for each in found.oddities if each.startswith("httpd starts")]
    assert "starts 3 children by its own default (StartServers 2 in Debian's mpm_event.conf, which is not" in told
    whole = replace(found, draft=replace(found.draft, adapted=replace(found.draft.adapted, whole=True)))
    (told,) = [each for each in findings(whole, (), ()) if each.startswith("httpd starts")]
    assert "starts 3 children by its own default, and more or fewer" in told


def test_a_variable_that_does_not_reach_the_process_is_told(workbench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    path = tmp_path / "own" / FILE
    path.write_text(
        (DATA / FILE).read_text()
        + "\nSetEnv OS_NOVA_DISABLE_EVENTLET_PATCHING true\nSetEnv HTTPS on\nPassEnv LANG OS_X\n"
    )
    found = draft(path, Wishes())
    said = found.kind.prepare(found, workbench, Recorded()).oddities  # type: ignore[arg-type]
    (told,) = [each for each in said if "does not reach the environment of the process" in each]
    assert "SetEnv OS_NOVA_DISABLE_EVENTLET_PATCHING" in told
    assert "export OS_NOVA_DISABLE_EVENTLET_PATCHING=... in /etc/apache2/envvars" in told
    assert any(
        "PassEnv takes OS_X from httpd's own environment, where the process reads it too" in each for each in said
    )


def test_a_variable_for_the_process_is_printed_as_debian_and_as_red_hat_take_it(workbench: Workbench) -> None:
    (native,) = [each for each in mend.mends(prepared(workbench, Recorded()), workbench) if each.keys == {"native"}]
    setting = "OS_NOVA_DISABLE_EVENTLET_PATCHING=true"
    debian, red_hat = f"/etc/apache2/envvars:\nexport {setting}\n", f"[Service]\nEnvironment={setting}"
    assert debian in native.lines
    assert native.lines.endswith(red_hat)


def test_the_questions_have_a_port_for_each_host(workbench: Workbench) -> None:
    asked: list[Question] = []

    class Listening(Recorded):
        def tours(self, commands: Any, questions: Any, stop: str) -> list[Tour]:
            asked.extend(questions)
            return super().tours(commands, questions, stop)

    prepared(workbench, Listening())
    assert {each.port for each in asked} == {8081}


def with_daemon(workbench: Workbench, options: str, **defines: str) -> list[str]:
    """What is said of Kolla's file with these options more of the WSGIDaemonProcess."""

    class More(Recorded):
        def run(self, commands: Any) -> dict[str, Ran]:
            told = super().run(commands)["read"]
            return {"read": replace(told, output=told.output.replace("threads=1", f"threads=1 {options}", 1))}

    return [*prepared(workbench, More(), defines=defines).oddities]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("inactivity-timeout=120", "inactivity-timeout=120: after 120 s without a request mod_wsgi restarts"),
        ("inactivity-timeout=${IDLE}", "inactivity-timeout=90: after 90 s without a request"),
        ("restart-interval=3600", "restart-interval=3600: mod_wsgi restarts the process 3600 s after its start"),
    ],
)
def test_what_ends_processes_later_than_a_run_lasts_is_told_first(
    workbench: Workbench, options: str, words: str
) -> None:
    told, *_ = with_daemon(workbench, options, IDLE="90")
    line = next(n for n, each in enumerate((DATA / FILE).read_text().splitlines(), 1) if "WSGIDaemonProcess" in each)
    assert f"{FILE}:{line}: {words}" in told
    assert "its connections to RabbitMQ end with it" in told


@pytest.mark.parametrize("options", ["inactivity-timeout=0", "restart-interval=0", "shutdown-timeout=5"])
def test_what_ends_no_process_is_not_told(workbench: Workbench, options: str) -> None:
    assert not any("mod_wsgi restarts the process" in each for each in with_daemon(workbench, options))


def test_the_interpreter_is_the_one_of_the_request_whichever_the_module_is_of(monkeypatch: pytest.MonkeyPatch) -> None:
    module = SimpleNamespace(process_group="a", application_group="x:80|/b", maximum_processes=1, threads_per_process=1)
    monkeypatch.setitem(sys.modules, "mod_wsgi", module)
    environ = {"mod_wsgi.process_group": "a", "mod_wsgi.application_group": ""}
    (body,) = in_force.application(environ, lambda *_: None)  # type: ignore[no-untyped-call]
    assert json.loads(body)["application_group"] == ""
