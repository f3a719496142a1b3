"""``heartbed check`` and ``compare`` on configuration files, as a user types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import docker
import pytest

from heartbed.candidates import presets
from heartbed.candidates.workbench import FOLDER

pytestmark = pytest.mark.docker

DATA = Path(__file__).parent.parent / "unit" / "data" / "candidate"
HEARTBED = Path(sys.executable).with_name("heartbed")
ALIAS = "WSGIScriptAlias / /srv/app.wsgi"
MAIN = "WSGIApplicationGroup %{GLOBAL}"
BROKEN = {("lost", "hub_not_run"), ("hung", "deadlock")}
"""What becomes of eventlet without a native heartbeat thread: where threads share a process, it is chance that decides
whether one of its locks deadlocks before its heartbeats fail."""


def heartbed(*arguments: str | Path, runs: Path) -> subprocess.CompletedProcess[str]:
    # Idle alone, where a test is not about bursts: they double what it takes.
    idle = ["--probe", "idle"] if arguments[0] == "check" and "--probe" not in arguments else []
    command = [str(HEARTBED), *map(str, arguments), *idle, "--quiet", "--runs", str(runs)]
    environ = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=environ)


def benches() -> set[Path]:
    return set(FOLDER.glob("*")) if FOLDER.is_dir() else set()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    return tmp_path / "site.conf"


def test_a_site_of_today_is_lost_and_native_threads_mend_it(runs: Path) -> None:
    before = {path: path.read_bytes() for path in DATA.rglob("*.conf")}
    done = heartbed("check", DATA / "puppet-nova.conf", "--format", "json", runs=runs)
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert told["is"] == {
        "app": "minimal",
        "server": "event",
        "mode": "daemon",
        "model": "eventlet",
        "thread": "green",
        "python": "python3.13",
        "oslo": "17.3.2",
        "processes": 2,
        "threads": 1,
        "mount": "/",
    }
    assert told["verdict"]["outcome"] == "lost"
    assert {c["purpose"] for c in told["verdict"]["connections"]} == {"SEND", "LISTEN"}
    fates = {change["change"]: change["outcome"] for change in told["changes"]}
    assert fates["native threads instead of eventlet"] == "kept"
    assert fates["MPM prefork"] == fates["mod_wsgi's embedded mode"] == "lost"
    mending = next(change for change in told["changes"] if change["outcome"] == "kept")
    assert mending["lines"]
    assert mending["costs"]
    assert "SSLEngine off" in told["replaced"]
    assert {path: path.read_bytes() for path in DATA.rglob("*.conf")} == before


def test_a_file_and_a_cell_are_compared_by_a_gate_that_fails_where_it_is_worse(runs: Path) -> None:
    kolla = DATA / "kolla-nova.conf"
    worse = heartbed("compare", "event-daemon-native", kolla, "--fail-if-worse", runs=runs)
    assert worse.returncode == 1, worse.stderr
    assert "as the server sees it" in worse.stdout
    assert "KeepAliveTimeout" in worse.stdout


@pytest.mark.slow
def test_a_whole_server_is_checked_in_the_virtual_host_that_is_named(runs: Path) -> None:
    server = DATA / "handwritten" / "httpd.conf"
    unnamed = heartbed("check", server, runs=runs)
    assert unnamed.returncode == 2
    assert "--vhost" in unnamed.stderr
    done = heartbed("check", server, "--vhost", "80", "--model", "native", "--no-mend", runs=runs)
    assert done.returncode == 0, done.stderr
    assert "prefork" in done.stdout
    assert "/compute -> /srv/nova/nova-api.wsgi" in done.stdout
    assert "httpd.conf: kept" in done.stdout


@pytest.mark.slow
def test_a_preset_is_checked_by_name_in_the_format_of_a_gate(runs: Path) -> None:
    done = heartbed("check", "nova-operator", "--no-mend", "--format", "junit", runs=runs)
    assert done.returncode == 1, done.stderr
    assert "<testsuite" in done.stdout
    assert "nova-operator" in done.stdout
    assert (runs / "latest" / "check.xml").read_text() == done.stdout
    assert "nova-operator" in (runs / "latest" / "check.md").read_text()


@pytest.mark.slow
def test_what_is_lost_when_idle_and_what_hangs_under_bursts_are_told_apart(runs: Path) -> None:
    done = heartbed("check", "nova-operator", "--no-mend", "--probe", "idle,burst", "--format", "json", runs=runs)
    assert done.returncode == 1, done.stderr
    under = {each["probe"]: each["outcome"] for each in json.loads(done.stdout)["verdicts"]}
    assert under["idle"] == "lost"
    assert under["burst"] in ("kept", "recovered")


@pytest.mark.slow
def test_a_change_that_mends_idling_and_hangs_under_load_is_told_as_that_and_not_recommended(
    conf: Path, runs: Path
) -> None:
    conf.write_text(
        "WSGIDaemonProcess nova processes=1 threads=8\nWSGIProcessGroup nova\n"
        f"WSGIApplicationGroup %{{GLOBAL}}\n{ALIAS}\n"
    )
    others = ("prefork", "worker", "embedded", "threads1", "heartbeat", "oslo18.3.1", "oslo14.3.0")
    ruled_out = [word for key in others for word in ("--rule-out", key)]
    done = heartbed("check", conf, "--probe", "idle,burst", *ruled_out, "--format", "json", runs=runs)
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert [each["probe"] for each in told["verdicts"]] == ["idle", "burst"]
    assert told["verdict"]["outcome"] == "hung", "of what the file fails, the hang comes first"
    changes = {change["change"]: change for change in told["changes"]}
    pthread, native = changes["heartbeat_in_pthread = true"], changes["native threads instead of eventlet"]
    assert pthread["under"] == {"idle": "kept", "burst": "hung"}
    assert pthread["told"].startswith("kept when idle; ")
    assert "requests never returned" in pthread["told"]
    assert pthread["tries"]["burst"]["by_chance"]
    assert not pthread["recommended"]
    assert native["under"] == {"idle": "kept", "burst": "kept"}
    assert native["recommended"]


@pytest.mark.slow
def test_a_uwsgi_of_today_is_lost_behind_its_proxy_and_a_line_of_its_ini_file_mends_it(runs: Path) -> None:
    done = heartbed("check", DATA / "uwsgi" / "nova-api.ini", "--format", "json", runs=runs)
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert told["is"]["server"] == "uwsgi"
    assert (told["is"]["front"], told["is"]["loading"], told["is"]["threads"]) == ("proxied", "preload", 4)
    assert (told["verdict"]["outcome"], told["verdict"]["cause"]) in BROKEN
    assert told["oddities"] == [
        "enable-thread is no option of the testbed's uWSGI 2.0.31, which ignores it (is enable-threads meant?)"
    ]
    changes = {change["change"]: change for change in told["changes"]}
    assert changes["native threads instead of eventlet"]["outcome"] == "kept"
    assert "+env = OS_NOVA_DISABLE_EVENTLET_PATCHING=true" in changes["native threads instead of eventlet"]["lines"]
    assert changes["lazy-apps = true"]["outcome"] in {"lost", "hung"}


@pytest.mark.slow
def test_what_devstack_writes_is_compared_with_a_cell(runs: Path) -> None:
    done = heartbed("compare", "devstack", "uwsgi-native-proxied", "--fail-if-worse", runs=runs)
    assert done.returncode == 0, done.stderr
    assert "worker-reload-mercy" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["execution", "model", "eventlet", "native"] in rows


@pytest.mark.slow
def test_of_what_deployment_tools_write_only_the_native_heartbeat_thread_keeps(runs: Path) -> None:
    """docs/findings.md has the table; here it is seen when reality has moved."""
    done = heartbed("compare", *presets.names(), runs=runs)
    assert done.returncode == 1, done.stderr
    verdicts = json.loads((runs / "latest" / "verdicts.json").read_text())["cells"]
    kept = {each["cell"] for each in verdicts if each["outcome"] == "kept"}
    broken = {each["cell"] for each in verdicts if (each["outcome"], each["cause"]) in BROKEN}
    assert kept == {"kolla-ansible", "kolla-ansible-uwsgi"}
    assert broken == set(presets.names()) - kept


@pytest.mark.slow
def test_where_no_single_change_is_left_a_pair_mends_it(runs: Path) -> None:
    options = ["--oslo", "9.7.1", "--rule-out", "native", "--format", "json"]
    done = heartbed("check", DATA / "kolla-nova.conf", *options, runs=runs)
    assert done.returncode == 1, done.stderr
    keeping = [each["change"] for each in json.loads(done.stdout)["pairs"] if each["outcome"] == "kept"]
    assert keeping == ["oslo.messaging 17.3.2 and heartbeat_in_pthread = true"]


@pytest.mark.slow
def test_an_openstack_release_brings_its_versions_and_novas_model(runs: Path) -> None:
    done = heartbed("check", "devstack", "--release", "2024.1", "--format", "json", runs=runs)
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert told["is"]["release"] == "2024.1"
    assert told["verdict"]["observed"]["versions"]["oslo.messaging"] == "14.7.3"
    keeping = {change["change"] for change in told["changes"] if change["outcome"] == "kept"}
    assert keeping == {"native threads instead of eventlet", "heartbeat_in_pthread = true"}
    later = heartbed("check", "devstack", "--release", "2026.1", "--no-mend", runs=runs)
    assert later.returncode == 0, later.stderr
    assert "nova's default in 2026.1" in later.stdout


def test_a_pattern_that_takes_the_whole_url_is_told(conf: Path, runs: Path) -> None:
    conf.write_text(f"{MAIN}\nWSGIScriptAliasMatch ^/compute(.*) /srv/app.wsgi\n")
    done = heartbed("check", conf, "--no-mend", "--model", "native", runs=runs)
    assert done.returncode == 0, done.stderr
    assert "matches whole URLs" in done.stdout


@pytest.mark.slow
def test_a_file_with_many_daemon_groups_is_checked(conf: Path, runs: Path) -> None:
    groups = [f"WSGIDaemonProcess group{number} processes=2 threads=15" for number in range(10)]
    conf.write_text("\n".join([MAIN, *groups, "WSGIProcessGroup group3", ALIAS]) + "\n")
    done = heartbed("check", conf, "--no-mend", "--model", "native", runs=runs)
    assert done.returncode == 0, done.stderr
    assert "daemon process group group3: 2 processes, 15 threads each" in done.stdout


@pytest.mark.slow
def test_a_script_in_a_folder_with_a_handler_is_checked(conf: Path, runs: Path) -> None:
    folder = ["<Directory /srv/www>", "Options ExecCGI", "Require all granted", "</Directory>"]
    conf.write_text("\n".join([MAIN, "AddHandler wsgi-script .wsgi", "DocumentRoot /srv/www", *folder]) + "\n")
    done = heartbed("check", conf, "--no-mend", "--model", "native", runs=runs)
    assert done.returncode == 0, done.stderr
    assert "/app.wsgi -> /srv/www/app.wsgi stands for all others (--path /URL)" in done.stdout


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["[uwsgi]", "http-socket = :1", "module = a:b", "asyncio = 10"], "site.ini:4: asyncio is a loop engine"),
        (["[DEFAULT]", "debug = true"], "without a section [uwsgi]"),
        (["[uwsgi]", "module = a:b", "need-plugin = none", "master", "ini = %x"], "not the plain name of a file"),
        pytest.param(
            ["[uwsgi]", "manage-script-name", "mount = /a=/srv/a.py", "http-socket = :1", "die-on-no-workers = maybe"],
            "",
            marks=pytest.mark.slow,
        ),
    ],
    ids=["loop", "nova.conf", "include", "mounted"],
)
def test_a_wrong_ini_file_is_told(tmp_path: Path, runs: Path, lines: list[str], words: str) -> None:
    path = tmp_path / "site.ini"
    path.write_text("\n".join(lines) + "\n")
    done = heartbed("check", path, "--no-mend", "--model", "native", runs=runs)
    assert done.returncode == (2 if words else 0), done.stdout + done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_users_own_application_is_judged_by_the_connections_that_it_opens(runs: Path) -> None:
    script = DATA / "app" / "own.wsgi"
    done = heartbed(
        "check",
        DATA / "kolla-nova.conf",
        "--app",
        script,
        "--open",
        "GET /use",
        "--no-mend",
        "--format",
        "json",
        runs=runs,
    )
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)["verdict"]
    assert {connection["purpose"] for connection in told["connections"]} == {"SEND"}


@pytest.mark.slow
def test_a_request_that_opens_no_connection_is_told(runs: Path) -> None:
    own = ("--app", DATA / "app" / "own.wsgi", "--open", "GET /nothing")
    idle = heartbed("check", DATA / "kolla-nova.conf", *own, "--no-mend", runs=runs)
    assert idle.returncode == 3, idle.stderr
    assert "GET /nothing was answered with 404, and opened no connection" in idle.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--app", "none.wsgi"], "none.wsgi is not a file"),
        (["--open", "GET /"], "name its script with --app"),
        (["--requirements", "none.txt"], "name its script with --app"),
        (["--oslo-config", "none.conf"], "none.conf does not exist"),
        (["--vhost", "elsewhere"], "no virtual host 'elsewhere'"),
    ],
)
def test_a_wrong_option_is_told(runs: Path, options: list[str], words: str) -> None:
    done = heartbed("check", DATA / "kolla-nova.conf", *options, runs=runs)
    assert done.returncode == 2
    assert words in done.stderr


def test_an_application_that_cannot_be_imported_is_told_with_its_traceback(tmp_path: Path, runs: Path) -> None:
    script = tmp_path / "needs.wsgi"
    script.write_text("import a_database_driver\n")
    tmp_path.chmod(0o755)
    done = heartbed("check", DATA / "kolla-nova.conf", "--app", script, "--no-mend", runs=runs)
    assert done.returncode == 2
    assert "No module named 'a_database_driver'" in done.stderr
    assert "needs.wsgi: the application answers 500" in done.stderr


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([ALIAS, "KeepAlive Perhaps"], ["site.conf:2", "KeepAlive must be On or Off"]),
        (["<VirtualHost *:80>", ALIAS], ["site.conf:1", "not closed"]),
        (["WSGIScriptAlias /"], ["site.conf:1", "two arguments"]),
        (["WSGIScriptAlias / app.wsgi"], ["site.conf:1", "leads nowhere"]),
        (["WSGIScriptAlias / ${SITE}/a.wsgi"], ["site.conf:1", "hangs on ${SITE}", "--define SITE=VALUE"]),
        (["WSGIScriptAlias / C:/srv/a.wsgi"], ["site.conf:1", "httpd on Windows is not covered"]),
        ([MAIN, ALIAS, "WSGIProcessGroup nope"], ["site.conf:3", "'nope'"]),
        (["MinSpareServers 2", "ThreadsPerChild 4", ALIAS], ["site.conf:2", "--mpm"]),
        (["<IfModule mod_foo.c>", ALIAS, "</IfModule>"], ["no WSGIScriptAlias in force"]),
        ([MAIN, ALIAS, "<Location />", "Require all denied", "</Location>"], ["site.conf:2", "403"]),
        ([MAIN, ALIAS, "Redirect / https://example.org/"], ["site.conf:2", "redirection"]),
        ([MAIN, "AddHandler wsgi-script .wsgi"], ["site.conf:2", "this form is not covered"]),
        ([MAIN, "WSGIScriptAliasMatch ^/([a-z]+)$ /srv/$1.wsgi"], ["site.conf:2", "this form is not covered"]),
    ],
    ids=lambda value: str(value[-1])[:40] if isinstance(value, list) else None,
)
def test_a_wrong_file_is_told_with_its_line_and_nothing_is_left(
    conf: Path, runs: Path, lines: list[str], words: list[str]
) -> None:
    conf.write_text("\n".join(lines) + "\n")
    before, started = benches(), set(runs.glob("2*"))
    done = heartbed("check", conf, "--no-mend", runs=runs)
    assert done.returncode == 2, done.stdout + done.stderr
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stdout
    assert set(runs.glob("2*")) == started
    assert benches() <= before
    client = docker.from_env()
    mounts = [
        m.get("Source", "")
        for c in client.containers.list(all=True, ignore_removed=True)
        for m in c.attrs.get("Mounts", ())
    ]
    assert not [source for source in mounts if str(conf.parent) in source]


DAEMON = "WSGIDaemonProcess nova-api processes=2 threads=1"
GROUP = "WSGIProcessGroup nova-api"
FORMS = {
    "location-pattern": [
        MAIN,
        DAEMON,
        "WSGIScriptAlias / /srv/a.py",
        '<LocationMatch "^/">',
        GROUP,
        "</LocationMatch>",
    ],
    "directory-pattern": [MAIN, DAEMON, "WSGIScriptAlias / /srv/v/bin/a", '<Directory ~ "/v/">', GROUP, "</Directory>"],
    "condition": [MAIN, DAEMON, "WSGIScriptAlias /c /srv/a.py", "<If true>", GROUP, "</If>"],
    "variable": [MAIN, DAEMON, "SetEnv PG nova-api", "WSGIProcessGroup %{ENV:PG}", "WSGIScriptAlias / /srv/a.py"],
    "quotes": [MAIN, f"{DAEMON} display-name='a b' home='/srv/a b'", GROUP, "WSGIScriptAlias / '/srv/a b/x.py'"],
    "macro": [
        *("<Macro Site $name $port>", "<VirtualHost *:$port>", "WSGIDaemonProcess $name processes=2 threads=1"),
        *("WSGIProcessGroup $name", MAIN, "WSGIScriptAlias / /srv/$name.py", "</VirtualHost>", "</Macro>"),
        "Use Site nova-api 8774",
    ],
    "handler": [
        *(MAIN, DAEMON, "Alias /compute /srv/compute", "<Location /compute>", "SetHandler wsgi-script"),
        *("Options +ExecCGI", GROUP, "</Location>"),
    ],
    "handler-script": [
        *(DAEMON, "WSGIHandlerScript own /srv/own.py process-group=nova-api application-group=%{GLOBAL}"),
        *("<Location /api>", "SetHandler own", "</Location>"),
    ],
    "redirect": [
        *("<VirtualHost *:80>", DAEMON, GROUP, MAIN, "WSGIScriptAlias / /srv/a.py", "RewriteEngine On"),
        *("RewriteCond %{HTTP:X-Forwarded-Proto} !https", "RewriteRule ^(.*)$ https://%{HTTP_HOST}$1 [R=301,L]"),
        "</VirtualHost>",
    ],
    "sub-interpreter": [DAEMON, GROUP, "WSGIApplicationGroup nova", "WSGIScriptAlias / /srv/a.py callable-object=app"],
    "missing": [
        *("DocumentRoot /srv/nowhere", "Include /etc/letsencrypt/options-ssl-apache.conf", DAEMON, GROUP, MAIN),
        *("LoadModule ssl_module /usr/lib64/httpd/modules/mod_ssl.so", "OIDCClientID x", "WSGIScriptAlias / /srv/a.py"),
    ],
}
"""Ways to say that the application runs in daemon processes, all of which httpd takes."""


def test_what_httpd_takes_has_a_verdict_in_the_mode_that_httpd_has(tmp_path: Path, runs: Path) -> None:
    paths = [tmp_path / f"{name}.conf" for name in FORMS]
    for path, lines in zip(paths, FORMS.values(), strict=True):
        path.write_text("\n".join([*lines, "<Directory />", "Require all granted", "</Directory>"]) + "\n")
    done = heartbed("compare", *paths, "--model", "native", runs=runs)
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = json.loads((runs / "latest" / "verdicts.json").read_text())["cells"]
    assert {each["cell"]: each["outcome"] for each in verdicts} == {path.name: "kept" for path in paths}
    observed = {each["cell"]: each["observed"] for each in verdicts}
    assert {name: facts["mode"] for name, facts in observed.items()} == dict.fromkeys(observed, "daemon")
    assert {facts["application_group"] for facts in observed.values()} == {""}


@pytest.mark.slow
def test_the_change_to_daemon_mode_takes_the_processes_that_the_file_has(conf: Path, runs: Path) -> None:
    conf.write_text("\n".join([DAEMON, "WSGIScriptAlias / /srv/a.py"]) + "\n")
    done = heartbed("check", conf, "--format", "json", runs=runs)
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert any("nothing runs in the daemon processes nova-api" in said for said in told["oddities"])
    assert any("sub-interpreter" in said for said in told["oddities"])
    (daemon,) = [each for each in told["changes"] if each["keys"] == ["daemon"]]
    assert "+WSGIProcessGroup nova-api" in daemon["lines"]
    assert "WSGIDaemonProcess" not in [line[1:].split()[0] for line in daemon["lines"].splitlines() if line[0] == "+"]
    assert daemon["outcome"] == "lost"


def test_no_file_at_all_is_told(runs: Path) -> None:
    done = heartbed("check", runs=runs)
    assert done.returncode == 2
    assert "no configuration was named" in done.stderr
