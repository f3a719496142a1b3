"""Servers recognised among the processes of a host, from what the kernel shows of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from heartbed import servers
from heartbed.look.belonging import Belonging
from heartbed.look.bridge import check_command
from heartbed.servers.running import Program, Running

MODULES = "/usr/lib/apache2/modules/"


def recognised(program: Program) -> Running:
    (found,) = [running for each in servers.families().values() if (running := each.running(program))]
    return found


def httpd(pid: int, *parents: Program, mpm: str = "prefork", **values: object) -> Program:
    maps = frozenset({f"{MODULES}mod_mpm_{mpm}.so", f"{MODULES}mod_wsgi.so"})
    about = {"argv": ("/usr/sbin/apache2", "-k", "start"), "exe": "/usr/sbin/apache2", "maps": maps, **values}
    return Program(pid, "apache2", parents=parents, **about)  # type: ignore[arg-type]


def test_child_of_httpds_is_embedded_and_belongs_to_its_parent(tmp_path: Path) -> None:
    parent = httpd(10, root=tmp_path)
    found = recognised(httpd(11, parent, mpm="event", root=tmp_path))
    assert (found.server, found.leader.pid) == ("httpd, event MPM, mod_wsgi embedded", 10)
    assert found.remarks == ("its configuration file is not known: name it to heartbed check",)


def test_daemon_process_is_known_by_the_socket_on_which_it_listens(tmp_path: Path) -> None:
    parent = httpd(10, root=tmp_path, argv=("apache2", "-f", "/etc/nova/wsgi.conf"))
    listens = frozenset({"/var/run/apache2/wsgi.10.0.1.sock"})
    found = recognised(httpd(12, parent, root=tmp_path, listens=listens, argv=("nova-api       -k start",)))
    assert found.server == "httpd, prefork MPM, mod_wsgi daemon process nova-api"
    assert found.conf == "/etc/nova/wsgi.conf"


def test_variables_that_the_configuration_names_are_given_and_secrets_are_not(tmp_path: Path) -> None:
    conf = tmp_path / "etc" / "apache2" / "apache2.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text("Listen ${PORT}\nSetEnv P ${DB_PASSWORD}\nInclude ${UNKNOWN}\n")
    found = recognised(httpd(10, root=tmp_path, environ={"PORT": "8774", "DB_PASSWORD": "x", "HOME": "/"}))
    assert found.options == ("--mpm", "prefork", "--define", "PORT=8774")
    assert found.remarks == ("the values of DB_PASSWORD are left out, since they may be secret",)


def test_uwsgi_is_known_by_its_file_wherever_it_is_named() -> None:
    master = Program(20, "uwsgi", ("uwsgi", "--ini", "nova.ini:api"), exe="/usr/bin/uwsgi-core", cwd="/etc/nova")
    worker = replace(master, pid=21, parents=(master,))
    assert recognised(worker).conf == "/etc/nova/nova.ini"
    short = replace(master, argv=("uwsgi", "--yaml=/etc/nova/api.yaml:api"))
    assert recognised(short).conf == "/etc/nova/api.yaml"
    bare = replace(master, argv=("uwsgi", "--http", ":8000"))
    assert recognised(bare).remarks[0].startswith("its options are on its command line")


def test_variables_of_uwsgis_file_are_given_also_where_it_only_asks_whether_they_are_there(tmp_path: Path) -> None:
    (tmp_path / "nova.ini").write_text("processes = $(WORKERS)\nif-env = GREEN\ngevent = 9\nendif =\n")
    (tmp_path / "proxy.conf").write_text("Listen ${PORT}\n")
    environ = {"WORKERS": "4", "GREEN": "yes", "PORT": "80"}
    argv = ("uwsgi", "/nova.ini")
    found = recognised(Program(20, "uwsgi", argv, exe="/usr/bin/uwsgi", cwd="/", root=tmp_path, environ=environ))
    assert found.options == ("--define", "WORKERS=4", "--define", "GREEN=yes")


def test_variables_that_gunicorns_file_asks_for_are_given(tmp_path: Path) -> None:
    asks = ("workers = int(os.environ['W'])", 'threads = os.environ.get("T", 1)', "bind = os.getenv('B')")
    (tmp_path / "gunicorn.conf.py").write_text("\n".join(("import os", *asks, "x = 'HOME'")))
    environ = {"W": "2", "T": "3", "B": ":80", "HOME": "/"}
    argv = ("python3", "-m", "gunicorn", "app:application")
    found = recognised(Program(30, "gunicorn", argv, cwd="/", root=tmp_path, environ=environ))
    assert found.options == ("--define", "W=2", "--define", "T=3", "--define", "B=:80")


def test_folders_are_named_that_httpds_file_includes_something_of(tmp_path: Path) -> None:
    conf = tmp_path / "etc" / "httpd" / "conf" / "httpd.conf"
    conf.parent.mkdir(parents=True)
    (tmp_path / "etc" / "httpd" / "conf.d").mkdir()
    (tmp_path / "srv" / "sites").mkdir(parents=True)
    conf.write_text(
        'ServerRoot "/etc/httpd"\nInclude conf/own.conf\nIncludeOptional conf.d/*.conf\nInclude /srv/sites/\n'
        "Include /srv/absent/a.conf\nInclude /etc/ports.conf\nInclude ${NAME}/b.conf\n"
    )
    found = recognised(httpd(10, root=tmp_path, argv=("httpd", "-f", "/etc/httpd/conf/httpd.conf")))
    assert found.beside == ("/etc/httpd/conf.d", "/srv/sites")


def test_gunicorn_is_known_by_its_script_or_its_title(tmp_path: Path) -> None:
    (tmp_path / "srv").mkdir()
    (tmp_path / "srv" / "gunicorn.conf.py").write_text("workers = 2\n")
    argv = ("/usr/bin/python3", "/usr/bin/gunicorn", "app:application")
    arbiter = Program(30, "gunicorn", argv, exe="/usr/bin/python3.13", cwd="/srv", root=tmp_path)
    worker = replace(arbiter, pid=31, argv=("gunicorn: worker [app:application]",), parents=(arbiter,))
    assert (recognised(worker).leader.pid, recognised(worker).conf) == (30, "/srv/gunicorn.conf.py")


def test_gunicorn_under_a_title_is_said_to_hide_its_file(tmp_path: Path) -> None:
    arbiter = Program(30, "gunicorn", ("gunicorn: master [app:application]",), cwd="/", root=tmp_path)
    found = recognised(replace(arbiter, pid=31, argv=("gunicorn: worker [app]",), parents=(arbiter,)))
    assert (found.conf, found.leader.pid) == (None, 30)
    assert found.remarks[0].endswith("so its configuration file is not known: name it to heartbed check")
    (tmp_path / "gunicorn.conf.py").write_text("workers = 2\n")
    found = recognised(arbiter)
    assert found.conf == "/gunicorn.conf.py"
    assert found.remarks[0].endswith("gunicorn.conf.py is read unless that named another")


def test_options_beside_the_file_are_named_without_their_values(tmp_path: Path) -> None:
    (tmp_path / "g.py").write_text("workers = 2\n")
    argv = ("python3", "-m", "gunicorn", "-c", "g.py", "--workers=4", "--env", "A=secret", "app:application")
    found = recognised(Program(30, "gunicorn", argv, cwd="/", root=tmp_path))
    said = "its command line has options beside the file, of which heartbed check knows nothing: --workers, --env"
    assert found.remarks == (said,)
    uwsgi = Program(20, "uwsgi", ("uwsgi", "--ini", "/a.ini", "--processes", "4"), exe="/usr/bin/uwsgi", root=tmp_path)
    assert recognised(uwsgi).remarks[0].endswith(": --processes")
    assert recognised(replace(uwsgi, argv=("uwsgi", "--ini", "/a.ini"))).remarks == ()


def test_other_programs_are_nobodys() -> None:
    shell = Program(40, "bash", ("bash",), exe="/usr/bin/bash")
    assert [each.running(shell) for each in servers.families().values()] == [None] * len(servers.families())


RUNNING = Running("uWSGI", Program(20, "uwsgi", ()), "/etc/nova/api.ini", ("--define", "A=b c"))


def test_command_names_the_file_as_it_is_on_this_host() -> None:
    command, _ = check_command(RUNNING, Belonging())
    assert command == "heartbed check /etc/nova/api.ini --define 'A=b c'"


def test_files_of_a_container_are_copied_out_first() -> None:
    command, _ = check_command(RUNNING, Belonging("0123456789abcdef", "podman"))
    assert command == (
        "mkdir -p copy/etc && podman cp 0123456789ab:/etc/nova copy/etc/ && "
        "heartbed check copy/etc/nova/api.ini --root copy --define 'A=b c'"
    )


def test_folders_beside_are_copied_out_too() -> None:
    running = replace(RUNNING, beside=("/srv/sites",), options=())
    command, _ = check_command(running, Belonging("0123456789abcdef", "docker"))
    assert command == (
        "mkdir -p copy/etc && docker cp 0123456789ab:/etc/nova copy/etc/ && "
        "mkdir -p copy/srv && docker cp 0123456789ab:/srv/sites copy/srv/ && "
        "heartbed check copy/etc/nova/api.ini --root copy"
    )


def test_container_of_an_engine_that_cannot_copy_is_said() -> None:
    command, why = check_command(RUNNING, Belonging("0123456789abcdef", None))
    assert command == "heartbed check copy/etc/nova/api.ini --root copy --define 'A=b c'"
    assert why[0] == (
        "it runs in the container 0123456789ab of another engine: first copy /etc/nova to copy/etc/ with that engine's "
        "means"
    )
    assert check_command(None, Belonging())[1] == (
        "it is no server that reads a configuration: there is nothing to check",
    )
