"""The Python of a process, by the files that it has mapped."""

from __future__ import annotations

import pytest

from heartbed.look.environment import python
from heartbed.servers.running import Program


@pytest.mark.parametrize(
    ("exe", "maps", "version"),
    [
        ("/usr/sbin/apache2", {"/usr/lib/x86_64-linux-gnu/libpython3.13.so.1.0", "/usr/lib/libc.so.6"}, "3.13"),
        ("/usr/bin/python3.11", {"/usr/bin/python3.11"}, "3.11"),
        ("/usr/bin/uwsgi", {"/usr/bin/uwsgi", "/usr/lib/python3.9/lib-dynload/_json.cpython-39.so"}, "3.9"),
        ("/usr/bin/docker-proxy", {"/usr/bin/docker-proxy"}, None),
        ("/usr/sbin/apache2", {"/usr/lib/apache2/modules/mod_wsgi.so"}, None),
    ],
)
def test_python_is_known_by_its_library_its_program_or_its_modules(
    exe: str, maps: set[str], version: str | None
) -> None:
    assert python(Program(7, "any", (), exe=exe, maps=frozenset(maps))) == version
