"""What httpd's own dump says a configuration is, on dumps recorded from httpd 2.4.68."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed.candidates.differences import differences
from heartbed.errors import InputError
from heartbed.servers.httpd import dump, seen
from heartbed.servers.httpd.shape import Application, MisplacedError, applications, choose, shape

DATA = Path(__file__).parents[2] / "data" / "candidate"


def tree(name: str) -> dump.Node:
    return dump.parse((DATA / f"{name}.dump").read_text())


def written(*lines: str) -> dump.Node:
    numbered = [f"#  {number}:\n{line}" for number, line in enumerate(lines, 1)]
    return dump.parse("\n".join(["# In file: /x/site.conf", *numbered]))


def test_the_dump_becomes_a_tree_with_files_and_lines() -> None:
    root = tree("kolla-nova")
    (host,) = root.own("<virtualhost")
    (daemon,) = host.own("wsgidaemonprocess")
    assert daemon.file.endswith("/files/kolla-nova.conf")
    assert daemon.words[:3] == ["nova-api", "processes=2", "threads=1"]
    assert [node.name for node in host.own("<directory")] == ["<directory"]


def test_daemon_mode_is_told_from_embedded_mode() -> None:
    root = tree("kolla-nova")
    found = shape(root, choose(applications(root), None, "kolla-nova.conf"), "event")
    assert (found.mode, found.group, found.processes, found.threads) == ("daemon", "nova-api", 2, 1)
    assert found.application.script == "/var/lib/kolla/venv/bin/nova-api-wsgi"
    root = tree("httpd")
    found = shape(root, choose(applications(root), "80", "httpd.conf"), "prefork")
    assert (found.mode, found.processes, found.threads, found.application.mount) == ("embedded", 1, 1, "/compute")


def test_of_several_virtual_hosts_one_must_be_chosen() -> None:
    found = applications(tree("httpd"))
    with pytest.raises(InputError) as caught:
        choose(found, None, "httpd.conf")
    assert "2 virtual hosts" in caught.value.message
    assert "metadata.cloud.example.net" in caught.value.hint


@pytest.mark.parametrize("wanted", ["metadata.cloud.example.net", "8775", "*:8775"])
def test_a_virtual_host_is_chosen_by_name_port_or_address(wanted: str) -> None:
    assert choose(applications(tree("httpd")), wanted, "httpd.conf").script == "/srv/nova/nova-metadata.wsgi"


def test_a_virtual_host_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="no virtual host 'nova'"):
        choose(applications(tree("httpd")), "nova", "httpd.conf")


def test_mod_wsgis_own_defaults_are_known() -> None:
    root = tree("httpd")
    found = shape(root, choose(applications(root), "8775", "httpd.conf"), "prefork")
    assert (found.processes, found.threads) == (1, 4)
    root = written("WSGIDaemonProcess a", "WSGIProcessGroup a", "WSGIScriptAlias / /srv/a.wsgi")
    assert shape(root, applications(root)[0], "event").threads == 15


def test_threads_of_embedded_mode_are_the_mpms() -> None:
    root = written("ThreadsPerChild 8", "WSGIScriptAlias / /srv/a.wsgi")
    assert shape(root, applications(root)[0], "worker").threads == 8
    assert shape(root, applications(root)[0], "prefork").threads == 1


def test_a_process_group_holds_where_its_directory_does() -> None:
    inside = ["<Directory /srv>", "WSGIProcessGroup a", "</Directory>"]
    root = written("WSGIDaemonProcess a", *inside, "WSGIScriptAlias / /srv/a.wsgi")
    assert shape(root, applications(root)[0], "event").mode == "daemon"
    root = written("WSGIDaemonProcess a", *inside, "WSGIScriptAlias / /other/a.wsgi")
    assert shape(root, applications(root)[0], "event").mode == "embedded"


def test_a_process_group_can_stand_in_the_alias() -> None:
    root = written("WSGIDaemonProcess a threads=2", "WSGIScriptAlias / /srv/a.wsgi process-group=a")
    found = shape(root, applications(root)[0], "event")
    assert (found.mode, found.threads) == ("daemon", 2)


def test_a_process_group_that_does_not_exist_is_told_with_its_line() -> None:
    root = written("WSGIProcessGroup nope", "WSGIScriptAlias / /srv/a.wsgi")
    with pytest.raises(MisplacedError, match="'nope'") as caught:
        shape(root, applications(root)[0], "event")
    assert caught.value.node.line == 1


def test_restricted_embedding_without_a_group_is_told() -> None:
    root = written("WSGIRestrictEmbedded On", "WSGIScriptAlias / /srv/a.wsgi")
    with pytest.raises(MisplacedError, match="WSGIRestrictEmbedded"):
        shape(root, applications(root)[0], "event")


def test_no_alias_is_refused() -> None:
    with pytest.raises(InputError, match="no WSGIScriptAlias"):
        choose([], None, "site.conf")


def test_what_differs_is_told_and_what_does_not_is_left_out() -> None:
    one = written("Timeout 60", "KeepAlive On", "ServerName a", "WSGIScriptAlias / /a")
    two = written("Timeout 30", "KeepAlive On", "ServerName b", "MaxClients 5", "WSGIScriptAlias / /b")
    found = differences([seen.settings(root, applications(root)[0]) for root in (one, two)])
    assert [(row.what, row.values) for row in found] == [("Timeout", ("60", "30")), ("MaxRequestWorkers", ("", "5"))]


def test_options_of_a_daemon_process_are_compared() -> None:
    words = ["nova", "processes=2", "inactivity-timeout=60", "display-name=x"]
    assert seen.daemon_options(words) == {"WSGIDaemonProcess inactivity-timeout": "60"}


@pytest.mark.parametrize(
    ("stderr", "file", "line", "text"),
    [
        (
            "AH00526: Syntax error on line 12 of /c/files/a.conf:\nKeepAlive must be On or Off\n",
            "/c/files/a.conf",
            12,
            "KeepAlive must be On or Off",
        ),
        (
            "Syntax error on line 9 of /h: Syntax error on line 3 of /c/files/a.conf: /c/files/a.conf:3: not closed.\n",
            "/c/files/a.conf",
            3,
            "not closed.",
        ),
        ("AH00534: apache2: Configuration error: No MPM loaded.\n", None, None, "No MPM loaded."),
    ],
)
def test_httpds_complaints_are_read(stderr: str, file: str | None, line: int | None, text: str) -> None:
    said = dump.complaint(stderr)
    assert (said.file, said.line) == (file, line)
    assert said.text.endswith(text)


@pytest.mark.parametrize(
    ("pattern", "mount"),
    [
        ("^/", ""),
        ("^/compute", "/compute"),
        ("^/compute.*$", "/compute"),
        (r"^/v2\.1", "/v2.1"),
        (r"^/compute\b", "/compute"),
        ("^/compute/v2(/.*)?$", "/compute/v2"),
        ("/a/(.*)", "/a"),
        ("^(.*)", ""),
    ],
)
def test_the_mount_of_a_pattern_is_what_it_begins_with_literally(pattern: str, mount: str) -> None:
    alias = dump.Node("wsgiscriptaliasmatch", f'"{pattern}" /srv/app.wsgi', "", 1)
    found = Application(alias, None, ())
    assert found.is_pattern
    assert found.mount == mount
