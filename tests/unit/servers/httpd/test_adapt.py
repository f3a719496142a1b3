"""What is replaced in the copy of a user's configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed.errors import InputError
from heartbed.servers.httpd.adapt import HttpdAdapted, adapt, adapted_lines
from heartbed.servers.httpd.source import read

DATA = Path(__file__).parents[2] / "data" / "candidate"
ALIAS = "WSGIScriptAlias / /srv/app.wsgi"


def adapted(folder: Path, *lines: str) -> HttpdAdapted:
    path = folder / "site.conf"
    path.write_text("\n".join([*lines, ALIAS]) + "\n")
    return adapt(read(path))


def copied(folder: Path, *lines: str) -> list[str]:
    found = adapted(folder, *lines)
    return found.text(found.source.main)[: len(lines)]


@pytest.mark.parametrize(
    ("line", "copy"),
    [
        ("Listen 80", "# Listen 80"),
        ("  User nova", "#   User nova"),
        ("ErrorLog /var/log/x.log", 'ErrorLog "/dev/stderr"'),
        ('CustomLog "|/bin/cat" combined', '# CustomLog "|/bin/cat" combined'),
        ("SSLEngine On", "SSLEngine off"),
        ("SSLEngine off", "SSLEngine off"),
        ("SSLCertificateFile /x.pem", "# SSLCertificateFile /x.pem"),
        ("SSLProtocol all -SSLv3", "SSLProtocol all -SSLv3"),
        ("AuthType Basic", "# AuthType Basic"),
        ("Require valid-user", "Require all granted"),
        ("Require all denied", "Require all denied"),
        ("Require not ip 10.0.0.1", "# Require not ip 10.0.0.1"),
        ("Allow from 10.0.0.0/8", "Allow from all"),
        ("WSGIPythonHome /srv/venv", "# WSGIPythonHome /srv/venv"),
        ("KeepAlive On", "KeepAlive On"),
        ("LoadModule wsgi_module modules/mod_wsgi.so", "# LoadModule wsgi_module modules/mod_wsgi.so"),
        ("LoadModule log_config_module a/mod_log_config.so", "# LoadModule log_config_module a/mod_log_config.so"),
        ("LoadModule ssl_module /usr/lib64/mod_ssl.so", "LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so"),
        ("LoadModule systemd_module a/mod_systemd.so", "# LoadModule systemd_module a/mod_systemd.so"),
        ("DocumentRoot /srv/www", "DocumentRoot /srv/www"),
        ("DocumentRoot /opt/heartbed/x", 'DocumentRoot "/run/heartbed"'),
        ("RewriteCond %{HTTPS} off", "RewriteCond on off"),
        ("RewriteCond %{SERVER_PORT} !^443$", "RewriteCond 443 !^443$"),
        ("RewriteCond %{SERVER_PORT} ^8774$", "RewriteCond %{SERVER_PORT} ^8774$"),
        ("RewriteCond %{REQUEST_SCHEME} =http", "RewriteCond https =http"),
        ("RewriteMap x txt:/etc/map", "# RewriteMap x txt:/etc/map"),
        ("RewriteMap x int:tolower", "RewriteMap x int:tolower"),
        ("WSGICallableObject app", "# WSGICallableObject app"),
        ('WSGIScriptAliasMatch "^/([^/]+)/" /srv/$1.wsgi', 'WSGIScriptAliasMatch "^/([^/]+)" /srv/$1.wsgi'),
        ("WSGIScriptAliasMatch ^/a/ /srv/a.wsgi/", "WSGIScriptAliasMatch ^/a/ /srv/a.wsgi/"),
        ("WSGIScriptAlias /a /a.py callable-object=app", "WSGIScriptAlias /a /a.py"),
        ("WSGIImportScript /srv/other.wsgi process-group=a", "# WSGIImportScript /srv/other.wsgi process-group=a"),
        ("WSGIImportScript /srv/app.wsgi process-group=a", "WSGIImportScript /srv/app.wsgi process-group=a"),
        ("WSGILazyInitialization On", "# WSGILazyInitialization On"),
        ("XSendFile On", "# XSendFile On"),
    ],
)
def test_each_line_is_replaced_or_left(tmp_path: Path, line: str, copy: str) -> None:
    assert copied(tmp_path, line) == [copy]


def test_users_and_folders_of_a_daemon_process_go_and_the_rest_stays(tmp_path: Path) -> None:
    line = "WSGIDaemonProcess nova user=nova group=nova processes=8 threads=3 home=/x inactivity-timeout=60"
    assert copied(tmp_path, line) == ["WSGIDaemonProcess nova processes=2 threads=3 inactivity-timeout=60"]


@pytest.mark.parametrize(
    ("given", "copy"),
    [
        ("processes=${MANY} threads=1", "processes=2 threads=1"),
        ("processes=${ONE} threads=1", "processes=${ONE} threads=1"),
        ("processes=${UNSET}", "processes=${UNSET}"),
        ("threads=1 ${ALL}", "threads=1 processes=2 inactivity-timeout=60"),
    ],
)
def test_processes_are_counted_with_the_values_of_variables(tmp_path: Path, given: str, copy: str) -> None:
    path = tmp_path / "site.conf"
    path.write_text(f"WSGIDaemonProcess nova {given}\n{ALIAS}\n")
    values = {"MANY": "24", "ONE": "1", "ALL": "processes=8 user=nova inactivity-timeout=60"}
    found = adapt(read(path, defines=values))
    assert found.text(found.source.main)[0] == f"WSGIDaemonProcess nova {copy}"
    assert all("2 processes show it all" in each.reason for each in found.replacements)


def test_few_processes_stay_as_they_are(tmp_path: Path) -> None:
    assert copied(tmp_path, "WSGIDaemonProcess nova processes=2") == ["WSGIDaemonProcess nova processes=2"]


def test_a_replacement_takes_as_many_lines_as_it_replaces(tmp_path: Path) -> None:
    lines = ["WSGIDaemonProcess nova user=nova \\", "   threads=1", "Timeout 60"]
    assert copied(tmp_path, *lines) == ["WSGIDaemonProcess nova threads=1", "#", "Timeout 60"]


def test_a_requirement_that_nobody_may_meet_stays_one(tmp_path: Path) -> None:
    lines = ["<RequireNone>", "Require ip 10.0.0.1", "</RequireNone>"]
    assert copied(tmp_path, *lines)[1] == "Require all denied"


def test_an_include_is_of_the_copy(tmp_path: Path) -> None:
    (tmp_path / "part.conf").write_text("Timeout 5\n")
    assert copied(tmp_path, "Include part.conf") == ['Include "${HEARTBED_FILES}/part.conf"']


def test_includes_that_are_not_here_for_one_reason_are_told_in_one_sentence(tmp_path: Path) -> None:
    elsewhere = [f"IncludeOptional /srv/{name}/*.conf" for name in ("a", "b", "a")]
    one, other = adapted(tmp_path, *elsewhere, "Include absent.conf").notes
    assert one.partition(", from which")[0].endswith(
        f":1, 2, 3: /srv/a/*.conf, /srv/b/*.conf are set aside, with whatever they say: they are outside of {tmp_path}"
    )
    assert other.endswith(f":4: absent.conf is set aside, with whatever it says: it is not in {tmp_path}")


def test_the_diff_shows_every_replacement(tmp_path: Path) -> None:
    told = adapted(tmp_path, "Listen 80", "KeepAlive On", "User nova").diff()
    assert [line for line in told.splitlines() if line.startswith(("-L", "-U", "+# "))] == [
        "-Listen 80",
        "+# Listen 80",
        "-User nova",
        "+# User nova",
    ]


def test_the_mpm_is_the_one_that_the_file_loads(tmp_path: Path) -> None:
    assert adapted(tmp_path, "LoadModule mpm_prefork_module m/mod_mpm_prefork.so").mpm == "prefork"
    assert adapted(tmp_path, "Timeout 60").mpm is None


def test_two_mpms_are_refused_with_their_lines(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"site\.conf:2: a second MPM, prefork; .*site\.conf:1 loads event"):
        adapted(
            tmp_path,
            "LoadModule mpm_event_module m/mod_mpm_event.so",
            "LoadModule mpm_prefork_module m/mod_mpm_prefork.so",
        )


def test_a_directive_that_nobody_knows_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"site\.conf:2: .*'Frobnicate'"):
        adapted(tmp_path, "Timeout 60", "Frobnicate On")


@pytest.mark.parametrize("line", ["MellonEnable auth", "OIDCProviderMetadataURL https://x", "SecRuleEngine On"])
def test_directives_of_well_known_modules_that_are_not_here_are_set_aside(tmp_path: Path, line: str) -> None:
    assert copied(tmp_path, line) == [f"# {line}"]


def test_directives_of_a_module_that_the_file_loads_and_the_testbed_lacks_are_set_aside(tmp_path: Path) -> None:
    lines = ["LoadModule foo_module m/mod_foo.so", "FooLevel 3"]
    assert copied(tmp_path, *lines) == [f"# {line}" for line in lines]


def test_what_a_condition_hides_is_left_to_httpd(tmp_path: Path) -> None:
    lines = ["<IfModule mod_foo.c>", "FooLevel 3", "</IfModule>"]
    assert copied(tmp_path, *lines) == lines


def test_what_httpd_refuses_where_it_stands_is_left_for_it_to_refuse(tmp_path: Path) -> None:
    lines = ["WSGIPythonHome /srv/venv", "<VirtualHost *:80>", "WSGIPythonHome /srv/venv", "</VirtualHost>"]
    found = copied(tmp_path, *lines)
    assert found == ["# WSGIPythonHome /srv/venv", *lines[1:]]


def test_a_users_file_is_not_changed(tmp_path: Path) -> None:
    found = adapted(tmp_path, "Listen 80")
    before = found.source.main.path.read_bytes()
    found.diff()
    assert found.source.main.path.read_bytes() == before


def test_lines_of_a_suggestion_go_by_the_same_rules() -> None:
    assert adapted_lines("LoadModule mpm_event_module m/x.so\nWSGIDaemonProcess x user=u") == (
        "# LoadModule mpm_event_module m/x.so\nWSGIDaemonProcess x"
    )


@pytest.mark.parametrize("name", ["puppet-nova.conf", "kolla-nova.conf", "handwritten/httpd.conf"])
def test_real_looking_files_are_understood(name: str) -> None:
    found = adapt(read(DATA / name))
    assert found.replacements
    for file in found.source.files:
        assert len(found.text(file)) == len(file.lines)


def test_options_with_blanks_stay_in_their_quotes(tmp_path: Path) -> None:
    line = """WSGIDaemonProcess nova home='/srv/my app' display-name='nova api' python-path="/a b" threads=1"""
    assert copied(tmp_path, line) == ["WSGIDaemonProcess nova display-name='nova api' threads=1"]


def test_a_directive_of_another_mod_wsgi_is_named_as_one(tmp_path: Path) -> None:
    (found,) = adapted(tmp_path, "WSGILazyInitialization On").replacements
    assert "mod_wsgi 5 and before" in found.reason


def test_a_module_that_debian_packages_is_named_with_its_package(tmp_path: Path) -> None:
    (found,) = adapted(tmp_path, "OIDCClientID x").replacements
    assert "libapache2-mod-auth-openidc" in found.reason


def test_ways_to_tell_who_asks_are_set_aside_as_a_whole(tmp_path: Path) -> None:
    provider = ("<AuthnProviderAlias ldap a>", 'AuthLDAPURL "ldap://a/o=x"', "</AuthnProviderAlias>")
    copy = copied(tmp_path, *provider, "<Location />", "AuthBasicProvider a", "Require valid-user", "</Location>")
    assert copy[:3] == [f"# {line}" for line in provider]
    assert copy[4:6] == ["# AuthBasicProvider a", "Require all granted"]


def test_a_section_of_a_module_that_is_not_here_is_set_aside_as_a_whole(tmp_path: Path) -> None:
    lines = ["LoadModule foo_module m/mod_foo.so", "<FooZone a>", "Timeout 5", "</FooZone>", "Timeout 6"]
    assert copied(tmp_path, *lines) == [*(f"# {line}" for line in lines[:-1]), "Timeout 6"]


def test_a_misspelling_is_told_what_is_meant(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is wsgiprocessgroup meant"):
        adapted(tmp_path, "WSGIProcesGroup nova")


def test_a_site_with_a_module_of_its_own_is_no_whole_server(tmp_path: Path) -> None:
    assert not adapted(tmp_path, "LoadModule ssl_module m/mod_ssl.so").whole
    assert adapted(tmp_path, "LoadModule authz_core_module m/mod_authz_core.so").whole


def test_a_folder_that_httpd_wants_is_made(tmp_path: Path) -> None:
    made = adapted(tmp_path, "DocumentRoot /srv/www/")
    assert made.folders == ["/srv/www"]
    assert [note.endswith(":1: DocumentRoot /srv/www/ is there without your files") for note in made.notes] == [True]
    assert copied(tmp_path, "DocumentRoot htdocs", "ServerRoot /srv/httpd")[0] == 'DocumentRoot "/srv/httpd/htdocs"'


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("processes=2 user=nova", "users, folders or a Python of another machine"),
        ("processes=8", "2 processes show it all"),
        ("processes=8 home=/srv", "users, folders or a Python of another machine; 2 processes show it all"),
    ],
)
def test_what_is_replaced_of_a_daemon_group_is_all_that_is_told_of_it(
    tmp_path: Path, options: str, reason: str
) -> None:
    (change,) = adapted(tmp_path, f"WSGIDaemonProcess nova {options}").replacements
    assert change.reason == reason


def test_the_mpm_of_a_condition_that_does_not_hold_is_not_taken(tmp_path: Path) -> None:
    prefork = ["<IfDefine OLD>", "LoadModule mpm_prefork_module m/mod_mpm_prefork.so", "</IfDefine>"]
    assert adapted(tmp_path, *prefork, "LoadModule mpm_worker_module m/mod_mpm_worker.so").mpm == "worker"


@pytest.mark.parametrize(
    ("lines", "copy"),
    [
        (("<IfDefine !N>", "Define N 1", "</IfDefine>"), "processes=2"),
        (("<IfDefine !DEBUG>", "UnDefine N", "</IfDefine>"), "processes=${N}"),
    ],
)
def test_what_a_condition_keeps_from_being_read_defines_nothing(
    tmp_path: Path, lines: tuple[str, ...], copy: str
) -> None:
    path = tmp_path / "site.conf"
    path.write_text("\n".join((*lines, "WSGIDaemonProcess a processes=${N}", "UnDefine N", ALIAS)) + "\n")
    found = adapt(read(path, defines={"N": "9"}))
    assert found.text(found.source.main)[3] == f"WSGIDaemonProcess a {copy}"


def test_an_include_under_a_condition_is_the_one_that_httpd_reads(tmp_path: Path) -> None:
    for name in ("dev", "prod"):
        (tmp_path / f"{name}.inc").write_text("KeepAlive On\n")
    path = tmp_path / "site.conf"
    path.write_text(
        f"<IfDefine !SITE>\nDefine SITE dev\nInclude other.inc\n</IfDefine>\nInclude ${{SITE}}.inc\n{ALIAS}\n"
    )
    found = adapt(read(path, defines={"SITE": "prod"}))
    assert [file.inside for file in found.source.files] == ["site.conf", "prod.inc"]
    assert found.notes == []


def test_in_the_main_interpreter_no_line_names_another(tmp_path: Path) -> None:
    found = adapted(tmp_path, "  WSGIApplicationGroup nova", "WSGIScriptAlias /a /a.py application-group=x threads=1")
    assert found.in_main_interpreter().text(found.source.main)[:2] == [
        "  WSGIApplicationGroup %{GLOBAL}",
        "WSGIScriptAlias /a /a.py application-group=%{GLOBAL} threads=1",
    ]
