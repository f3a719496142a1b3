"""Values in a user's configuration: where a script can lie in the container."""

from __future__ import annotations

import pytest

from heartbed.candidates.values import can_hold_a_script, in_container


@pytest.mark.parametrize(
    "path",
    [
        "/srv/app.wsgi",
        "/var/www/cgi-bin/nova/nova-api",
        "/usr/bin/nova-api-wsgi",
        "/usr/local/bin/keystone-wsgi-public",
        "/usr/share/openstack-dashboard/openstack_dashboard/wsgi.py",
        "/usr/lib/python3/dist-packages/nova/wsgi/osapi_compute.py",
        "/var/lib/kolla/venv/bin/nova-api-wsgi",
        "/srv/a: b/$HOME/../app.wsgi",
        "/etc/graphite/wsgi/graphite.wsgi",
        "/home/me/..data/app.py",
        "/opt/stack//nova/./app.wsgi",
        "/opt/heartbed/wsgi_app/wsgi.py",
    ],
)
def test_script_can_lie_wherever_deployments_put_one(path: str) -> None:
    assert can_hold_a_script(path)


@pytest.mark.parametrize(
    "path",
    [
        *("", "app.wsgi", "/", "/srv/", "/srv/..", "/srv/app\n.wsgi"),
        *("/etc", "/usr", "/proc", "/srv", "/etc/passwd", "/usr/bin", "/usr/lib", "/var/lib", "/usr/local/bin"),
        *("/proc/1/environ", "/sys/app", "/dev/null", "/opt/heartbed", "/opt/heartbed/wsgi_app/rpc.py"),
        *("/run/heartbed/app.wsgi", "/var/run/heartbed/app.wsgi", "/var/../run/heartbed/app.wsgi"),
        *("/srv/../proc/self/app", "//proc/app", "/./proc//app", "/opt/./heartbed/app.wsgi", "/srv/../../etc/passwd"),
        *("/usr/sbin/apache2", "/sbin/httpd", f"/srv/{'a' * 256}", "/srv" + "/abc" * 1000),
        *("/usr/bin/python3", "/bin/sh", "/usr/sbin/../bin/python3.13", "/lib/x86_64-linux-gnu/libc.so.6", "/lib64"),
    ],
)
def test_script_cannot_lie_where_the_container_has_what_it_needs(path: str) -> None:
    assert not can_hold_a_script(path)


def test_path_is_judged_as_it_leads_in_the_container() -> None:
    assert in_container("/bin/../bin//nova-api") == "/usr/bin/nova-api"
    assert in_container("/var/run/app") == "/run/app"
    assert in_container("/binary/app") == "/binary/app"
