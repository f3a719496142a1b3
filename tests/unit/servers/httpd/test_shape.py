"""What a configuration is, from httpd's own dump (recorded from 2.4.68) and from what it says when it is asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from heartbed.candidates.container import Answer
from heartbed.candidates.differences import differences
from heartbed.cells.recycling import Recycling
from heartbed.errors import InputError
from heartbed.servers.httpd import dump, seen
from heartbed.servers.httpd.applications import applications, handlers
from heartbed.servers.httpd.choice import choose, others
from heartbed.servers.httpd.inquiry import Asked, InForce
from heartbed.servers.httpd.shape import children, names_group, recycling, shape

DATA = Path(__file__).parents[2] / "data" / "candidate"
NOTHING = Answer(None, "", {})


def tree(name: str) -> dump.Node:
    return dump.parse((DATA / f"{name}.dump").read_text())


def written(*lines: str) -> dump.Node:
    numbered = [f"#  {number}:\n{line}" for number, line in enumerate(lines, 1)]
    return dump.parse("\n".join(["# In file: /x/site.conf", *numbered]))


def in_force(group: str = "", processes: int = 1, threads: int = 25) -> InForce:
    return InForce("", "/srv/a.wsgi", group, "", processes, threads, by_handler=False, headers={})


def asked(root: dump.Node, *hosted: InForce | None) -> list[Asked]:
    return [Asked(each, found, NOTHING) for each, found in zip(applications(root), hosted, strict=True)]


def test_the_dump_becomes_a_tree_with_files_and_lines() -> None:
    root = tree("kolla-nova")
    (host,) = root.own("<virtualhost")
    (daemon,) = host.own("wsgidaemonprocess")
    assert daemon.file.endswith("/files/kolla-nova.conf")
    assert daemon.words[:3] == ["nova-api", "processes=2", "threads=1"]
    assert [node.name for node in host.own("<directory")] == ["<directory"]


def test_mode_processes_and_threads_are_as_httpd_says_when_asked() -> None:
    root = tree("kolla-nova")
    found = shape(root, applications(root)[0], "event", in_force("nova-api", 2, 1))
    assert (found.mode, found.group, found.processes, found.threads) == ("daemon", "nova-api", 2, 1)
    assert found.daemon is not None
    found = shape(root, applications(root)[0], "worker", in_force(threads=8))
    assert (found.mode, found.processes, found.threads, found.daemon) == ("embedded", 1, 8, None)


def test_as_many_children_are_looked_at_as_startservers_says_up_to_two() -> None:
    root = written("StartServers 8", "WSGIScriptAlias / /srv/a.wsgi")
    assert children(root) == 8
    assert shape(root, applications(root)[0], "prefork", in_force()).processes == 2


def test_daemon_processes_in_which_nothing_runs_are_found() -> None:
    root = written("WSGIDaemonProcess a", "WSGIDaemonProcess b", "WSGIScriptAlias / /srv/a.wsgi")
    found = shape(root, applications(root)[0], "event", in_force("a"), used=["a"])
    assert found.unused is not None
    assert found.unused.words == ["b"]
    assert shape(root, applications(root)[0], "event", in_force("a"), used=["a", "b"]).unused is None


def test_daemon_processes_and_children_have_limits_of_their_own() -> None:
    lines = ("MaxRequestsPerChild 4000", "WSGIDaemonProcess a maximum-requests=50", "WSGIScriptAlias / /srv/a.wsgi")
    root = written(*lines)
    daemon = shape(root, applications(root)[0], "event", in_force("a"))
    assert recycling(root, daemon) == Recycling(50, "maximum-requests")
    embedded = shape(root, applications(root)[0], "event", in_force())
    assert recycling(root, embedded) == Recycling(4000, "MaxConnectionsPerChild")
    both = written("MaxConnectionsPerChild 100", *lines)
    assert recycling(both, embedded) == Recycling(4000, "MaxConnectionsPerChild")
    bare = written("WSGIScriptAlias / /srv/a.wsgi")
    assert recycling(bare, shape(bare, applications(bare)[0], "event", in_force())).requests == 0


def test_what_names_a_process_group_is_known() -> None:
    root = written("WSGIProcessGroup a", "WSGIScriptAlias / /x process-group=b", "WSGIProcessGroup %{ENV:PG}")
    named = [[names_group(node, group) for node in root.children] for group in ("a", "b", "c")]
    assert named == [[True, False, True], [False, True, True], [False, False, True]]


def test_of_several_applications_that_differ_one_must_be_chosen() -> None:
    found = asked(tree("httpd"), in_force(), in_force("metadata", 1, 4))
    with pytest.raises(InputError) as caught:
        choose(found, None, None, "httpd.conf")
    assert "2 WSGI applications" in caught.value.message
    assert "--vhost" in caught.value.message
    assert "metadata.cloud.example.net" in caught.value.hint
    assert "daemon process group metadata" in caught.value.hint


def test_of_several_that_are_hosted_alike_the_first_is_checked_and_the_others_are_named() -> None:
    found = asked(tree("httpd"), in_force("a", 2, 1), in_force("b", 2, 1))
    chosen = choose(found, None, None, "httpd.conf")
    assert chosen is found[0]
    (told,) = others(chosen, found)
    assert "/srv/nova/nova-metadata.wsgi" in told


def test_of_one_script_that_is_at_a_root_too_that_is_what_is_checked() -> None:
    root = written("WSGIScriptAlias /krb /srv/k", "WSGIScriptAlias /v3 /srv/n", "WSGIScriptAlias / /srv/k")
    found = asked(root, in_force("k"), in_force("k"), in_force("k"))
    assert choose(found, None, None, "site.conf").application.url == ""


def test_one_that_does_not_answer_is_not_chosen() -> None:
    found = asked(tree("httpd"), None, in_force())
    assert choose(found, None, None, "httpd.conf") is found[1]
    assert "does not answer" in others(found[1], found)[0]


@pytest.mark.parametrize("wanted", ["metadata.cloud.example.net", "8775", "*:8775"])
def test_a_virtual_host_is_chosen_by_name_port_or_address(wanted: str) -> None:
    found = asked(tree("httpd"), in_force(), in_force("metadata", 1, 4))
    assert choose(found, wanted, None, "httpd.conf").application.script == "/srv/nova/nova-metadata.wsgi"


def test_an_application_is_chosen_by_its_url() -> None:
    root = written("WSGIScriptAlias /identity /srv/k", "WSGIScriptAlias /compute /srv/n")
    found = asked(root, in_force("keystone"), in_force())
    assert choose(found, None, "/compute/", "site.conf").application.script == "/srv/n"
    with pytest.raises(InputError, match="no WSGI application at /nova"):
        choose(found, None, "/nova", "site.conf")


def test_an_application_that_is_named_comes_before_one_that_a_folder_may_have() -> None:
    folder = ["Alias /in /srv/in", "<Directory /srv/in>", "SetHandler wsgi-script", "</Directory>"]
    found = asked(written("WSGIScriptAlias /api /srv/a", *folder), in_force("api"), in_force(""))
    chosen = choose(found, None, None, "site.conf")
    assert chosen.application.url == "/api"
    assert others(chosen, found) == []
    assert choose(found, None, "/in/app.wsgi", "site.conf").application.script == "/srv/in/app.wsgi"


def test_a_virtual_host_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match="no virtual host 'nova'"):
        choose(asked(tree("httpd"), None, None), "nova", None, "httpd.conf")


def test_a_handler_on_an_alias_of_a_file_is_an_application_and_on_a_folder_is_none() -> None:
    handler = ["<Location /compute>", "SetHandler wsgi-script", "</Location>"]
    folder = ["Alias /static /srv/static", "<Directory /srv/static>", "</Directory>"]
    root = written("Alias /compute /srv/nova", *handler, *folder)
    assert [(each.url, each.script, each.by_handler) for each in applications(root)] == [
        ("/compute", "/srv/nova", True)
    ]
    assert not applications(written(*folder))


def test_a_script_that_is_a_handler_is_an_application() -> None:
    root = written("WSGIHandlerScript own /srv/own.wsgi", "<Location /x>", "SetHandler own", "</Location>")
    assert [(each.url, each.script) for each in applications(root)] == [("/x", "/srv/own.wsgi"), ("", "/srv/own.wsgi")]


def test_a_handler_that_runs_whatever_file_is_asked_for_is_found() -> None:
    root = written("AddHandler wsgi-script .wsgi")
    assert not applications(root)
    assert [node.name for node in handlers(root)] == ["addhandler"]


@pytest.mark.parametrize(
    ("lines", "url", "script"),
    [
        (["AddHandler wsgi-script .wsgi", "DocumentRoot /srv/www"], "/app.wsgi", "/srv/www/app.wsgi"),
        (["AddHandler wsgi-script .py", "DocumentRoot /srv/www/"], "/app.py", "/srv/www/app.py"),
        (
            ["DocumentRoot /srv/www", "<Directory /srv/www/in>", "SetHandler wsgi-script", "</Directory>"],
            "/in/app.wsgi",
            "/srv/www/in/app.wsgi",
        ),
        (
            ["DocumentRoot /srv/www", "<Directory /srv>", "AddHandler wsgi-script wsgi", "</Directory>"],
            "/app.wsgi",
            "/srv/www/app.wsgi",
        ),
        (
            ["Alias /bin/ /srv/bin/", "<Directory /srv/bin>", "SetHandler wsgi-script", "</Directory>"],
            "/bin/app.wsgi",
            "/srv/bin/app.wsgi",
        ),
    ],
)
def test_in_a_folder_with_a_handler_one_script_stands_for_all(lines: list[str], url: str, script: str) -> None:
    (found,) = [each for each in applications(written(*lines)) if each.is_example]
    assert (found.url, found.script, found.by_handler) == (url, script, True)
    (chosen,) = [each for each in applications(written(*lines), f"{url[:-8]}x.wsgi") if each.is_example]
    assert chosen.url in (f"{url[:-8]}x.wsgi", url)


def test_a_handler_in_a_folder_that_no_url_leads_to_runs_nothing() -> None:
    assert not applications(written("DocumentRoot /a", "<Directory /b>", "SetHandler wsgi-script", "</Directory>"))
    pattern = ["DocumentRoot /a", '<Directory "/home/*/www">', "SetHandler wsgi-script", "</Directory>"]
    assert not applications(written(*pattern))


def test_virtual_hosts_have_the_aliases_of_the_main_server_too() -> None:
    own = ["<VirtualHost *:80>", "WSGIScriptAlias /b /srv/own", "</VirtualHost>"]
    other = ["<VirtualHost *:443>", "ServerName b", "</VirtualHost>"]
    root = written("WSGIScriptAlias / /srv/a", "WSGIScriptAlias /b /srv/b", *own, *other)
    found = [(each.host.arguments if each.host else "", each.url, each.script) for each in applications(root)]
    assert found == [
        *(("", "", "/srv/a"), ("", "/b", "/srv/b"), ("*:80", "/b", "/srv/own"), ("*:80", "", "/srv/a")),
        *(("*:443", "", "/srv/a"), ("*:443", "/b", "/srv/b")),
    ]


def test_what_differs_is_told_and_what_does_not_is_left_out() -> None:
    one = written("Timeout 60", "KeepAlive On", "ServerName a", "WSGIScriptAlias / /a")
    two = written("Timeout 30", "KeepAlive On", "ServerName b", "MaxClients 5", "WSGIScriptAlias / /b")
    found = differences([seen.settings(root, applications(root)[0]) for root in (one, two)])
    assert [(row.what, row.values) for row in found] == [("Timeout", ("60", "30")), ("MaxRequestWorkers", ("", "5"))]


def test_options_of_a_daemon_process_are_compared() -> None:
    given = "nova processes=2 inactivity-timeout=60 display-name='x y'"
    assert seen.daemon_options(given) == {"WSGIDaemonProcess inactivity-timeout": "60"}


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


def test_variables_that_httpd_missed_are_named_once() -> None:
    missed = "AH00111: Config variable ${PORT} is not defined\n"
    assert dump.unset(missed * 2) == ("PORT",)


@pytest.mark.parametrize(
    ("pattern", "url"),
    [
        ("^/", ""),
        ("^/compute", "/compute"),
        ("^/compute.*$", "/compute"),
        (r"^/v2\.1", "/v2.1"),
        (r"^/compute\b", "/compute"),
        ("^/compute/v2(/.*)?$", "/compute/v2"),
        ("/a/(.*)", "/a"),
        ("^(.*)", ""),
        ("^(.*)/objects/(.*)", "/objects"),
        ("^/a/.*/b", "/a/app/b"),
    ],
)
def test_a_pattern_is_asked_for_by_what_it_begins_with_literally(pattern: str, url: str) -> None:
    (found,) = applications(written(f'WSGIScriptAliasMatch "{pattern}" /srv/app.wsgi'))
    assert found.is_pattern
    assert found.url == url


@pytest.mark.parametrize(
    ("given", "script"),
    [
        ("/srv/app/wsgi.py$1", "/srv/app/wsgi.py"),
        ("/srv/app.wsgi/$1", "/srv/app.wsgi"),
        ("/srv/scripts/$1.wsgi", "/srv/scripts/$1.wsgi"),
        ("/srv/scripts/$1", "/srv/scripts/$1"),
    ],
)
def test_what_a_pattern_puts_behind_a_script_is_a_path(given: str, script: str) -> None:
    (found,) = applications(written(f'WSGIScriptAliasMatch "^/api(/.*)?$" {given}'))
    assert (found.url, found.script) == ("/api", script)


@pytest.mark.parametrize(
    ("line", "path", "url", "script"),
    [
        ("WSGIScriptAliasMatch ^/([^/]+) /srv/$1.wsgi", None, "/app", "/srv/app.wsgi"),
        ("WSGIScriptAliasMatch ^/([^/]+) /srv/$1.wsgi", "/maps/", "/maps", "/srv/maps.wsgi"),
        ("WSGIScriptAliasMatch ^/wsgi/([^/]+) /srv/$1.wsgi", None, "/wsgi/app", "/srv/app.wsgi"),
        (r'WSGIScriptAliasMatch "(?i)^/v1\.0/(\w+)/(?:x|y)\b" /srv/$1.wsgi', None, "/v1.0/app/x", "/srv/app.wsgi"),
        ("WSGIScriptAliasMatch ^/(a|b)/([0-9]+)/? /srv/$1/$2.py", None, "", ""),
        ("WSGIScriptAlias /wsgi/ /srv/wsgi/", None, "/wsgi/app.wsgi", "/srv/wsgi/app.wsgi"),
        ("WSGIScriptAlias /wsgi /srv/wsgi/", "/wsgi/search.wsgi", "/wsgi/search.wsgi", "/srv/wsgi/search.wsgi"),
    ],
)
def test_of_scripts_that_the_url_chooses_one_stands_for_all(line: str, path: str | None, url: str, script: str) -> None:
    (found,) = applications(written(line), path)
    assert found.is_example is bool(script)
    if script:
        assert (found.url, found.script) == (url, script)


def test_a_pattern_that_takes_nothing_that_begins_as_it_does_is_asked_for_an_example() -> None:
    (found,) = applications(written('WSGIScriptAliasMatch "(?i)^/.+/(discover|config).xml" /srv/x.py'))
    assert (found.url, found.script, found.is_example) == ("/app/discover.xml", "/srv/x.py", False)


@pytest.mark.parametrize(
    "line",
    [
        "WSGIScriptAliasMatch ^/([^/]+)$ /srv/$1.wsgi",
        "WSGIScriptAliasMatch ^/([^/]+)/ /srv/$1.wsgi",
        "WSGIScriptAliasMatch ^/(.*) /srv/$1.wsgi",
        "WSGIScriptAliasMatch ^/(?=x) /srv/$1.wsgi",
        "WSGIScriptAliasMatch ^/( /srv/$1.wsgi",
    ],
)
def test_none_does_where_the_script_hangs_on_all_that_is_asked(line: str) -> None:
    (found,) = applications(written(line))
    assert not found.is_example


def test_a_path_behind_the_script_of_another_alias_makes_no_folder_of_it() -> None:
    root = written('WSGIScriptAliasMatch "^(/v3/auth.*)$" /srv/main/$1', "WSGIScriptAlias / /srv/main")
    assert [each.script for each in applications(root)] == ["/srv/main", "/srv/main"]
    pattern, plain = asked(root, None, in_force("k"))
    chosen = choose([replace(pattern, by_it=True), plain], None, None, "site.conf")
    assert chosen is plain
    (told,) = others(plain, [replace(pattern, by_it=True), plain])
    assert "does not answer" not in told
