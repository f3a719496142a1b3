"""Which modules and which MPM a configuration loads."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed.servers.httpd import loading
from heartbed.servers.httpd.source import read

ALIAS = "WSGIScriptAlias / /srv/app.wsgi"


@pytest.mark.parametrize(
    ("lines", "whole"),
    [
        (["LoadModule ssl_module m/mod_ssl.so"], False),
        (["LoadModule auth_openidc_module m/mod_auth_openidc.so", "LoadModule wsgi_module m/mod_wsgi.so"], False),
        (["LoadModule mpm_prefork_module m/mod_mpm_prefork.so"], False),
        (["LoadModule authz_core_module m/mod_authz_core.so"], True),
        (["<IfModule !authz_core_module>", "LoadModule authz_core_module m/mod_authz_core.so", "</IfModule>"], True),
    ],
)
def test_a_whole_server_loads_what_every_server_has(tmp_path: Path, lines: list[str], whole: bool) -> None:
    path = tmp_path / "site.conf"
    path.write_text("\n".join([*lines, ALIAS]))
    assert loading.is_whole(read(path)) is whole


@pytest.mark.parametrize(
    ("pattern", "distributions"),
    [
        ("conf.modules.d/*.conf", True),
        ("/etc/apache2/ports.conf", True),
        ("conf/extra/httpd-vhosts.conf", True),
        ("/etc/letsencrypt/options-ssl-apache.conf", False),
        ("parts/nova.conf", False),
    ],
)
def test_what_a_distribution_brings_is_known(pattern: str, distributions: bool) -> None:
    assert loading.is_distributions(pattern) is distributions


@pytest.mark.parametrize(
    ("around", "asked"),
    [
        ("mod_ssl.c", ("ssl",)),
        ("ssl_module", ("ssl",)),
        ("!mod_ssl.c", ()),
        ("mod_wsgi.c", ()),
        ("mod_nowhere.c", ()),
        ("mpm_prefork_module", ()),
    ],
)
def test_modules_are_loaded_that_the_applications_own_sections_ask_for(
    tmp_path: Path, around: str, asked: tuple[str, ...]
) -> None:
    path = tmp_path / "site.conf"
    lines = [f"<IfModule {around}>", "<VirtualHost *:443>", ALIAS, "</VirtualHost>", "</IfModule>"]
    path.write_text("\n".join([*lines, "<IfModule mod_deflate.c>", "DeflateMemLevel 2", "</IfModule>"]))
    assert loading.asked_for(read(path)) == asked
