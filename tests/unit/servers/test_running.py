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


def test_gunicorn_is_known_by_its_script_or_its_title(tmp_path: Path) -> None:
    (tmp_path / "srv").mkdir()
    (tmp_path / "srv" / "gunicorn.conf.py").write_text("workers = 2\n")
    argv = ("/usr/bin/python3", "/usr/bin/gunicorn", "app:application")
    arbiter = Program(30, "gunicorn", argv, exe="/usr/bin/python3.13", cwd="/srv", root=tmp_path)
    worker = replace(arbiter, pid=31, argv=("gunicorn: worker [app:application]",), parents=(arbiter,))
    assert (recognised(worker).leader.pid, recognised(worker).conf) == (30, "/srv/gunicorn.conf.py")


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


def test_container_of_an_engine_that_cannot_copy_is_said() -> None:
    command, why = check_command(RUNNING, Belonging("0123456789abcdef", None))
    assert command == ""
    assert why[0].startswith("it runs in the container 0123456789ab of another engine")
    assert check_command(None, Belonging())[1] == (
        "it is no server that reads a configuration: there is nothing to check",
    )
