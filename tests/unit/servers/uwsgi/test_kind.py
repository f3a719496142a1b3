"""uWSGI's configurations: what is read, replaced and tried of a user's ini file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from heartbed.candidates.change import Edit, Variant
from heartbed.candidates.container import Ran
from heartbed.candidates.presets import FOLDERS
from heartbed.candidates.wishes import Wishes
from heartbed.candidates.workbench import Workbench
from heartbed.errors import InputError
from heartbed.servers.kinds import draft
from heartbed.servers.uwsgi import shape as shapes
from heartbed.servers.uwsgi.adapt import adapt
from heartbed.servers.uwsgi.adapted import UwsgiAdapted
from heartbed.servers.uwsgi.draft import UwsgiDraft
from heartbed.servers.uwsgi.frame import render
from heartbed.servers.uwsgi.ini import LONGEST, Option, expanded, is_ini, options
from heartbed.servers.uwsgi.prepared import UwsgiPrepared
from heartbed.servers.uwsgi.rules import ruled_out, unconditional
from heartbed.servers.uwsgi.shape import Shape, in_force, recycling, shape
from heartbed.servers.uwsgi.source import read
from heartbed.studies import mend
from heartbed.studies.mend import Mend

DATA = Path(__file__).parents[2] / "data" / "candidate"
APPLICATION = "wsgi-file = /srv/nova-api"
HELP = """
    -s|--socket                             bind to a socket
    --ini                                   load a file
    -p|--workers                            spawn processes
    --wsgi-file                             load a .wsgi file
    -M|--master                             enable master process
    --threads                               threads of each process
    -T|--enable-threads                     enable threads
    --uwsgi-socket                          bind to a socket
    --thunder-lock                          serialize accept()
    --harakiri                              set a timeout
    --hook-master-start                     run a hook
    --log-format                            format of the log
"""


class Recorded:
    """Stands in for the container: says what uWSGI said of the file."""

    def run(self, commands: dict[str, list[str]], _: dict[str, str]) -> dict[str, Ran]:
        assert commands["read"][-1].endswith("/nova-api.ini/uwsgi.ini")
        return {"read": Ran(0, (DATA / "nova-api.show").read_text(), ""), "options": Ran(0, HELP, "")}


@pytest.fixture
def workbench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path / "workbench")


def drafted(**wishes: object) -> UwsgiDraft:
    found = draft(DATA / "uwsgi" / "nova-api.ini", replace(Wishes(), **wishes))  # type: ignore[arg-type]
    assert isinstance(found, UwsgiDraft)
    return found


def prepared(workbench: Workbench, **wishes: object) -> UwsgiPrepared:
    found = drafted(**wishes)
    made = found.kind.prepare(found, workbench, Recorded())  # type: ignore[arg-type]
    assert isinstance(made, UwsgiPrepared)
    return made


def adapted(folder: Path, *lines: str, wanted: str | None = None, application: str = APPLICATION) -> UwsgiAdapted:
    path = folder / "site.ini"
    path.write_text("\n".join(["[uwsgi]", *lines, application]) + "\n")
    return adapt(read(path), wanted)


def copied(folder: Path, *lines: str) -> list[str]:
    found = adapted(folder, *lines)
    return found.text(found.source.main)[1 : len(lines) + 1]


def by_key(found: list[Mend]) -> dict[str, Mend]:
    return {each.changes[0].key: each for each in found}


def test_only_uwsgis_own_section_is_read() -> None:
    lines = ["; a comment", "[other]", "processes = 9", "[uwsgi]", "# another", " master ", "env = A=b = c"]
    assert list(options(lines)) == [Option("master", "", 6), Option("env", "A=b = c", 7)]


@pytest.mark.parametrize(
    ("text", "ini"), [("[uwsgi]", True), ("\n; x\n[DEFAULT]", True), ("Listen 80", False), ("<VirtualHost *>", False)]
)
def test_a_file_that_begins_with_a_section_is_an_ini_file(text: str, ini: bool) -> None:
    assert is_ini(text.split("\n")) is ini


@pytest.mark.parametrize(
    ("line", "copy"),
    [
        ("http-socket = 0.0.0.0:8774", "http-socket = :8080"),
        ("http = 192.0.2.10:8774", "http = :8080"),
        ("https = :8774,a.pem,b.pem", "http = :8080"),
        ("https-socket = :8774,a.pem,b.pem", "http-socket = :8080"),
        ("socket = /run/nova.sock", "socket = /run/heartbed/uwsgi.sock"),
        ("uid = nova", "# uid = nova"),
        ("venv = /srv/venv", "# venv = /srv/venv"),
        ("plugins = python3,http", "# plugins = python3,http"),
        ("stats-http = true", "# stats-http = true"),
        ("logto = /var/log/x.log", "# logto = /var/log/x.log"),
        ("cheaper-algo = spare", "# cheaper-algo = spare"),
        ("touch-reload = /etc/x", "# touch-reload = /etc/x"),
        ("exec-pre-app = rm -rf /", "# exec-pre-app = rm -rf /"),
        ("hook-pre-app = exec:rm -rf /", "# hook-pre-app = exec:rm -rf /"),
        ("hook-master-start = unix_signal:15 x", "hook-master-start = unix_signal:15 x"),
        ("processes = 16", "processes = 2"),
        ("workers = %k", "workers = %k"),
        ("protocol = $(PROTOCOL)", "# protocol = $(PROTOCOL)"),
        ("workers = 2", "workers = 2"),
        ("threads = 8", "threads = 8"),
        ("harakiri = 60", "harakiri = 60"),
        ("lazy-apps = true", "lazy-apps = true"),
        ("callable = app", "callable = application"),
    ],
)
def test_each_option_is_replaced_or_left(tmp_path: Path, line: str, copy: str) -> None:
    assert copied(tmp_path, line) == [copy]


def test_one_address_is_left_and_one_that_speaks_http_is_preferred(tmp_path: Path) -> None:
    lines = copied(tmp_path, "socket = /run/a.sock", "http-socket = :1", "http = :2")
    assert lines == ["# socket = /run/a.sock", "http-socket = :8080", "# http = :2"]


def test_an_address_is_left_that_is_read_with_the_variables_that_are_defined(tmp_path: Path) -> None:
    lines = ("if-env = BEHIND", "socket = /run/a.sock", "endif =", "if-not-env = BEHIND", "http-socket = :1", "endif =")
    path = tmp_path / "site.ini"
    path.write_text("\n".join(["[uwsgi]", *lines, APPLICATION]) + "\n")
    assert adapt(read(path), None).front == "direct"
    assert adapt(read(path), None, {"BEHIND": "yes"}).front == "proxied"
    path.write_text(path.read_text().replace("BEHIND", "BEHIND=httpd"))
    assert adapt(read(path), None, {"BEHIND": "httpd"}).front == "proxied"
    assert adapt(read(path), None, {"BEHIND": "nginx"}).front == "direct"


MOUNTS = (
    *("if-env = MOUNT", "mount = %(_)=awx.wsgi:application", "endif ="),
    *("if-not-env = MOUNT", "mount = /=awx.wsgi:application", "endif ="),
)


def test_an_application_is_taken_that_is_mounted_with_the_variables_that_are_defined(tmp_path: Path) -> None:
    path = tmp_path / "site.ini"
    path.write_text("\n".join(["[uwsgi]", "http-socket = :1", *MOUNTS]) + "\n")
    found = adapt(read(path), None, {"MOUNT": "/awx"})
    copy = found.text(found.source.main)
    assert (found.application.mount, found.beside) == ("/awx", ())
    assert copy[3] == "mount = /awx=/opt/heartbed/application.wsgi"
    assert copy[6] == "mount = /=awx.wsgi:application"
    assert adapt(read(path), "/awx", {"MOUNT": "/awx"}).application.mount == "/awx"
    found = adapt(read(path), None)
    assert (found.application.mount, found.beside) == ("", ())


def test_another_application_behind_a_variable_is_told_where_it_hangs_on_no_condition(tmp_path: Path) -> None:
    found = adapted(tmp_path, "mount = $(THERE)=other.wsgi")
    assert found.beside == ("$(THERE)",)


def test_a_socket_that_speaks_the_uwsgi_protocol_gets_a_proxy_in_front(tmp_path: Path) -> None:
    assert adapted(tmp_path, "socket = /run/a.sock").front == "proxied"
    assert adapted(tmp_path, "http-socket = :1").front == "direct"
    assert adapted(tmp_path, "socket = :1", "protocol = http").front == "direct"
    assert adapted(tmp_path, "socket = :1", "socket-protocol = uwsgi").front == "proxied"
    assert adapted(tmp_path, "uwsgi-socket = :1", "protocol = http").front == "proxied"
    assert adapted(tmp_path, "socket = :1", "protocol = scgi", "protocol = http").front == "direct"
    assert adapted(tmp_path).speaks == ""


@pytest.mark.parametrize("option", ["fastcgi-socket = :1", "scgi-socket = :1", "zmq-socket = tcp://192.0.2.1:9"])
def test_an_address_at_which_the_testbed_cannot_ask_is_set_aside_and_another_taken(tmp_path: Path, option: str) -> None:
    found = adapted(tmp_path, option, "socket = /run/a.sock")
    assert found.text(found.source.main)[1:3] == [f"# {option}", "socket = /run/heartbed/uwsgi.sock"]
    assert any("whichever brings a request" in reason for reason in found.reasons())
    alone = adapted(tmp_path, option)
    assert (alone.speaks, alone.has_others) == ("", True)
    assert "\nhttp-socket = :8080\n" in render("/x", alone)


def test_a_protocol_that_the_testbed_does_not_speak_is_set_aside(tmp_path: Path) -> None:
    found = adapted(tmp_path, "socket = :1", "protocol = fastcgi")
    assert found.text(found.source.main)[1:3] == ["socket = /run/heartbed/uwsgi.sock", "# protocol = fastcgi"]
    assert found.front == "proxied"


def test_a_shared_socket_is_the_testbeds_own(tmp_path: Path) -> None:
    copy = copied(tmp_path, "shared-socket = 0.0.0.0:80", "http-socket = =0")
    assert copy == ["# shared-socket = 0.0.0.0:80", "http-socket = :8080"]


def test_a_file_that_names_no_application_leaves_it_to_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "site.ini"
    path.write_text("[uwsgi]\nhttp-socket = :1\nplugins = python3\n")
    found = draft(path, Wishes())
    assert isinstance(found, UwsgiDraft)
    assert "the application is named on uWSGI's command line: the file names none" in found.assumptions
    assert "\nwsgi-file = /opt/heartbed/application.wsgi\n" in render("/x", found.adapted)


@pytest.mark.parametrize("line", ["psgi = app.psgi", "plugins = php", "http-to = :1", "fastrouter = :1", "cgi = /srv"])
def test_what_is_no_wsgi_application_is_not_taken_for_one(tmp_path: Path, line: str) -> None:
    path, name = tmp_path / "site.ini", line.partition(" ")[0]
    path.write_text(f"[uwsgi]\n{line}\n")
    with pytest.raises(InputError, match=rf"runs no Python application: .*, but {name} \(.*site\.ini:2\)"):
        draft(path, Wishes())


@pytest.mark.parametrize(
    ("line", "script", "mount", "copy"),
    [
        ("wsgi-file = /srv/a.py", "/srv/a.py", "", "wsgi-file = /srv/a.py"),
        ("module = nova.wsgi:application", "/opt/heartbed/application.wsgi", "", None),
        ("wsgi-file = %(base)/a.py", "/opt/heartbed/application.wsgi", "", None),
        ("wsgi-file = a.py", "/opt/heartbed/application.wsgi", "", None),
        ("wsgi-file = /", "/opt/heartbed/application.wsgi", "", None),
        ("wsgi-file = /srv/../opt/heartbed/x", "/opt/heartbed/application.wsgi", "", None),
        ("mount = /compute=/srv/a.py", "/srv/a.py", "/compute", "mount = /compute=/srv/a.py"),
        (
            "mount = /compute=nova.wsgi:application",
            "/opt/heartbed/application.wsgi",
            "/compute",
            "mount = /compute=/opt/heartbed/application.wsgi",
        ),
    ],
)
def test_the_application_stands_where_the_users_would(
    tmp_path: Path, line: str, script: str, mount: str, copy: str | None
) -> None:
    found = adapted(tmp_path, application=line)
    assert (found.application.script, found.application.mount) == (script, mount)
    assert found.text(found.source.main)[1] == (copy or f"wsgi-file = {script}")


def test_of_several_mount_points_one_is_chosen_and_the_others_are_known(tmp_path: Path) -> None:
    lines = ["mount = /compute=/srv/a.py", "mount = /placement=/srv/b.py"]
    first = adapted(tmp_path, *lines, application="")
    assert (first.application.mount, first.beside) == ("/compute", ("/placement",))
    root = adapted(tmp_path, *lines, application="module = nova.wsgi")
    assert (root.application.mount, root.beside) == ("", ("/compute", "/placement"))
    found = adapted(tmp_path, *lines, wanted="/placement", application="")
    assert found.application.script == "/srv/b.py"
    assert found.text(found.source.main)[1] == "# mount = /compute=/srv/a.py"
    with pytest.raises(InputError, match="mounts nothing at '/x'") as caught:
        adapted(tmp_path, *lines, wanted="/x", application="")
    assert "/compute, /placement" in caught.value.hint


def test_mount_points_are_told_with_the_values_of_other_options(tmp_path: Path) -> None:
    lines = ["base = /api", "url = %(base)/v2", "mount = %(url)=%(app)", "mount = /=%(app)", "app = nova.wsgi"]
    found = adapted(tmp_path, *lines, application="")
    assert found.beside == ("/api/v2",)
    assert found.application.named == "%(app)"
    same = adapted(tmp_path, "module = a.wsgi", "url = /", "mount = %(url)=%(module)", application="")
    assert (same.application.mount, same.beside) == ("%(url)", ())


def test_values_that_name_each_other_in_a_circle_come_to_an_end() -> None:
    circle = [Option("a", "%(b)%(b)", 1), Option("b", "%(a)%(a)", 2)]
    assert len(expanded("%(a)", circle)) <= LONGEST
    assert expanded("%(c)/x", circle) == "%(c)/x"


def test_a_variable_that_decides_the_mount_point_and_is_not_set_is_named(tmp_path: Path) -> None:
    found = adapted(tmp_path, "mount = $(PREFIX)=a.wsgi", application="")
    with pytest.raises(InputError, match="is no mount point") as caught:
        found.application.resolved([])
    assert caught.value.hint == "--define PREFIX=VALUE says what it is"


def test_a_mount_point_behind_a_variable_is_the_one_that_uwsgi_has(tmp_path: Path) -> None:
    found = adapted(tmp_path, "url = /compute", "mount = %(url)=%(url).wsgi", application="")
    assert found.text(found.source.main)[2] == "mount = %(url)=/opt/heartbed/application.wsgi"
    in_force = [Option("mount", "/compute=/opt/heartbed/application.wsgi", 1)]
    assert found.application.resolved(in_force).mount == "/compute"
    with pytest.raises(InputError, match="is no mount point"):
        found.application.resolved([Option("mount", "a b=/opt/heartbed/application.wsgi", 1)])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[DEFAULT]\ndebug = true\n", "without a section"),
        (f"[uwsgi]\n{APPLICATION}\nasync = 100\nugreen = true\n", r"site\.ini:3: async is a loop engine"),
        (f"[uwsgi]\n{APPLICATION}\nloop = asyncio\n", r"site\.ini:3: loop is a loop engine"),
        ("[uwsgi]\nemperor = /etc/uwsgi\n", r"site\.ini:2: emperor starts other instances"),
        ("[uwsgi]\nini = ../other.ini\n", r"site\.ini:2: .*outside of"),
        ("[uwsgi]\nini = none.ini\n", r"site\.ini:2: .*no such file"),
        (f"[uwsgi]\nini = {'a' * 300}\n", r"site\.ini:2: .*no such file"),
        ("[uwsgi]\nmount = compute=/srv/a.py\n", r"site\.ini:2: 'compute' is no mount point"),
        (f"[uwsgi]\n{APPLICATION}\nraw-socket = :1\n", r"site\.ini:3: raw-socket hands .* not covered"),
        (f"[uwsgi]\n{APPLICATION}\nprotocol = raw\n", r"site\.ini:3: protocol = raw hands .* not covered"),
        (f"[uwsgi]\n{APPLICATION}\nsocket-protocol = 0,http\n", r"site\.ini:3: uWSGI knows no protocol '0,http'"),
        ("[uwsgi] ; x\nmaster = true\n", "without a section"),
        ("[uwsgi]\nini = %(x).ini\n", r"site\.ini:2: .*not the plain name"),
    ],
)
def test_what_cannot_be_checked_is_told_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "site.ini"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        draft(path, Wishes())


def test_a_file_that_includes_itself_is_read_once(tmp_path: Path) -> None:
    assert len(adapted(tmp_path, "ini = site.ini").source.files) == 1


def test_includes_are_of_the_copy(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.ini").write_text("[uwsgi]\ninclude = b.ini\n")
    (tmp_path / "sub" / "b.ini").write_text("[uwsgi]\nthreads = 3\n")
    found = adapted(tmp_path, "ini = sub/a.ini")
    assert [file.inside for file in found.source.files] == ["site.ini", "sub/a.ini", "sub/b.ini"]
    assert found.text(found.source.files[0])[1] == "ini = %dsub/a.ini"
    assert found.text(found.source.files[1])[1] == "include = %db.ini"


def test_what_uwsgi_has_in_force_is_read_without_what_it_was_told_on_the_command_line() -> None:
    found = in_force((DATA / "nova-api.show").read_text())
    assert shape(found) == Shape(processes=2, threads=4, master=True, lazy=False)
    assert "lazy-apps" not in shapes.settings(found)


@pytest.mark.parametrize(
    ("found", "loading"),
    [
        (Shape(2, 1, master=True, lazy=True), "lazy"),
        (Shape(2, 1, master=True, lazy=False), "preload"),
        (Shape(1, 1, master=False, lazy=False), "lazy"),
        (Shape(2, 1, master=False, lazy=False), ""),
    ],
)
def test_who_loads_the_application_depends_on_the_master_too(found: Shape, loading: str) -> None:
    assert found.loading == loading


@pytest.mark.parametrize(
    ("value", "on"),
    [("", True), ("true", True), ("1", True), ("x", True), ("False", False), ("0", False), ("off", False)],
)
def test_a_switch_is_off_by_a_few_words_only(value: str, on: bool) -> None:
    assert shape([Option("master", "true", 1), Option("master", value, 2)]).master is on


@pytest.mark.parametrize("name", ["py-autoreload", "python-auto-reload", "py-tracebacker"])
def test_so_do_the_python_plugins_by_all_their_names(tmp_path: Path, name: str) -> None:
    found = adapted(tmp_path, f"{name} = 1")
    assert found.needs_master == name
    assert f"\n{name} =" not in render("/x", found)


def test_some_options_start_the_master_by_themselves(tmp_path: Path) -> None:
    assert shape([Option("log-master", "true", 1)]).master
    assert adapted(tmp_path, "stats = :1").needs_master == "stats"
    assert adapted(tmp_path, "stats = :1", "master = true").needs_master == ""
    assert "\nmaster = true\n" in render("/x", adapted(tmp_path, "stats = :1"))


@pytest.mark.parametrize(("value", "number"), [("4 ; four", 4), ("%k", 1), ("\u00b2", 1), ("0", 1), ("9" * 5000, 1)])
def test_numbers_are_read_as_c_reads_them(value: str, number: int) -> None:
    assert shape([Option("threads", value, 1)]).threads == number


def test_an_include_is_read_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "part.ini").write_text("[uwsgi]\nthreads = 3\n")
    found = adapted(tmp_path, "threads = 2", "ini = part.ini", "threads = 4")
    assert [option.value for _, option in found.source.all()] == ["2", "part.ini", "3", "4", "/srv/nova-api"]


def test_a_link_to_a_file_in_another_folder_is_read(tmp_path: Path) -> None:
    for folder in ("apps-available", "apps-enabled"):
        (tmp_path / folder).mkdir()
    (tmp_path / "apps-available" / "nova.ini").write_text(f"[uwsgi]\n{APPLICATION}\n")
    link = tmp_path / "apps-enabled" / "nova.ini"
    link.symlink_to("../apps-available/nova.ini")
    assert draft(link, Wishes()).source.main.shown == str(link)


def test_variables_of_the_testbed_are_not_taken_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "site.ini"
    lines = [
        "env = OS_DEFAULT__TRANSPORT_URL=rabbit://me@production",
        "env = OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD=true",
        "env = OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_TIMEOUT_THRESHOLD=60",
        "env = LANG=C",
    ]
    path.write_text("\n".join(["[uwsgi]", *lines, APPLICATION]) + "\n")
    found = draft(path, Wishes())
    copy = found.adapted.text(found.source.main)
    assert [line for line in copy if line.startswith("env")] == ["env = LANG=C"]
    assert found.wishes.taken.environment == {"OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD": "true"}
    assert any("heartbeat_timeout_threshold is 60" in note for note in found.assumptions)


def test_a_variable_that_the_file_sets_is_changed_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "site.ini"
    path.write_text(f"[uwsgi]\nenv = OS_NOVA_DISABLE_EVENTLET_PATCHING=false\n{APPLICATION}\n")
    found = draft(path, Wishes())
    before = Variant(None, "eventlet", "green", "17.3.2", None)
    after = found.kind.with_variable(found, before, "OS_NOVA_DISABLE_EVENTLET_PATCHING", "true")
    assert after.edits == (Edit("site.ini", 2, 2, "env = OS_NOVA_DISABLE_EVENTLET_PATCHING=true"),)


def test_the_candidate_is_what_the_file_says(workbench: Workbench) -> None:
    own = prepared(workbench).candidate
    assert own.factors["loading"] == "preload"
    assert own.factors["front"] == "proxied"
    assert (own.process_count, own.thread_count, own.name) == (2, 4, "nova-api.ini")
    assert own.switches["HEARTBED_FRONT"] == "proxied"


def test_an_option_that_uwsgi_does_not_have_is_told_and_a_variable_is_none(workbench: Workbench) -> None:
    (told,) = prepared(workbench).oddities
    assert (
        told == "enable-thread is no option of the testbed's uWSGI 2.0.31, which ignores it (is enable-threads meant?)"
    )


def test_the_alternative_that_only_a_later_uwsgi_has_is_told_to_be_none() -> None:
    lines = [Option("if-env", "DEBUG", 2), Option("else", "", 3), Option("socket", ":1", 4), Option("endif", "", 5)]
    told = shapes.strangers(lines, {"if-env", "endif", "socket"}, "")
    assert told == [(lines[1], "")]
    assert ruled_out([replace(lines[0], key="if-not-env"), *lines[1:]], {"DEBUG": "1"}) == [True, True, True, True]


def test_conditions_have_other_names_too() -> None:
    lines = [Option("ifenv", "A=1", 2), Option("socket", ":1", 3), Option("end-if", "", 4), Option("socket", ":2", 5)]
    assert ruled_out(lines, {"A": "2"}) == [True, True, True, False]
    assert list(unconditional(lines)) == lines[3:]


def test_an_option_that_another_stands_for_is_not_called_one_that_uwsgi_ignores(tmp_path: Path) -> None:
    path = tmp_path / "site.ini"
    path.write_text(f"[uwsgi]\nhttps = :8774,/a.crt,/a.key\nhttps = :8775,/a.crt,/a.key\n{APPLICATION}\n")
    found = draft(path, Wishes())
    assert isinstance(found, UwsgiDraft)
    assert [option.key for option in found.own()] == ["wsgi-file"]


def test_the_environment_in_the_file_says_the_model(tmp_path: Path) -> None:
    path = tmp_path / "site.ini"
    path.write_text(f"[uwsgi]\nenv = OS_NOVA_DISABLE_EVENTLET_PATCHING=yes\n{APPLICATION}\n")
    found = draft(path, Wishes())
    assert found.wishes.model == "native"
    assert not any("execution model" in text for text in found.assumptions)


def test_each_change_differs_in_one_thing(workbench: Workbench) -> None:
    found = by_key(mend.mends(prepared(workbench), workbench, ["18.3.1"]))
    told = {key: (m.candidate.model, m.candidate.thread, m.candidate.factors["loading"]) for key, m in found.items()}
    assert told == {
        "native": ("native", "green", "preload"),
        "pthread": ("eventlet", "pthread", "preload"),
        "lazy": ("eventlet", "green", "lazy"),
        "threads1": ("eventlet", "green", "preload"),
        "oslo18.3.1": ("eventlet", "green", "preload"),
        "heartbeat": ("eventlet", "green", "preload"),
    }
    assert found["threads1"].candidate.thread_count == 1


def test_a_change_comes_as_lines_of_the_users_file(workbench: Workbench) -> None:
    found = by_key(mend.mends(prepared(workbench), workbench))
    assert "+env = OS_NOVA_DISABLE_EVENTLET_PATCHING=true" in found["native"].lines
    assert "-threads = 4\n+# threads = 4" in found["threads1"].lines
    copy = (workbench.folder / "nova-api.ini-native" / "files" / "nova-api.ini").read_text().splitlines()
    assert "env = OS_NOVA_DISABLE_EVENTLET_PATCHING=true" in copy
    assert "workers = 1" in copy


def test_two_lines_at_the_head_of_the_section_do_not_undo_each_other(workbench: Workbench) -> None:
    pair = next(m for m in mend.pairs(prepared(workbench), workbench) if m.keys == {"native", "lazy"})
    assert "+env = OS_NOVA_DISABLE_EVENTLET_PATCHING=true" in pair.lines
    assert "+lazy-apps = true" in pair.lines
    assert "-[uwsgi]" not in pair.lines


def test_the_users_files_are_not_changed(workbench: Workbench) -> None:
    before = {path: path.read_bytes() for path in (DATA / "uwsgi").rglob("*.ini")}
    mend.mends(prepared(workbench), workbench)
    assert {path: path.read_bytes() for path in (DATA / "uwsgi").rglob("*.ini")} == before


@pytest.mark.parametrize("path", sorted(FOLDERS[1].glob("*.ini")), ids=lambda path: path.stem)
def test_no_preset_has_anything_that_cannot_be_checked(path: Path) -> None:
    found = draft(path, Wishes())
    assert isinstance(found, UwsgiDraft)
    assert found.adapted.speaks


@pytest.mark.parametrize(("options", "requests"), [([], 0), ([Option("max-requests", "300", 1)], 300)])
def test_a_process_is_replaced_after_max_requests(options: list[Option], requests: int) -> None:
    assert recycling(options).requests == requests
