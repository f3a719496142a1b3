"""How lines of an httpd configuration are split."""

from __future__ import annotations

import pytest

from heartbed.servers.httpd.lines import directives, expand, holds, options, words


def test_a_directive_has_a_name_and_arguments() -> None:
    (found,) = directives(["   WSGIScriptAlias  / /srv/app.wsgi "])
    assert (found.name, found.words, found.indent) == ("WSGIScriptAlias", ["/", "/srv/app.wsgi"], "   ")


def test_a_directive_is_continued_after_a_backslash() -> None:
    found = list(directives(["WSGIDaemonProcess nova \\", "    threads=1", "Timeout 60"]))
    assert [(d.name, d.first, d.last) for d in found] == [("WSGIDaemonProcess", 1, 2), ("Timeout", 3, 3)]
    assert found[0].words == ["nova", "threads=1"]


def test_a_comment_is_continued_too() -> None:
    assert [d.name for d in directives(["# Timeout \\", "Listen 80", "Timeout 60"])] == ["Timeout"]


def test_sections_are_known_to_what_is_in_them() -> None:
    lines = ["<VirtualHost *:80>", "<IfModule mod_ssl.c>", "SSLEngine on", "</IfModule>", "</VirtualHost>", "Timeout 1"]
    found = {d.name: d for d in directives(lines)}
    assert found["SSLEngine"].within == ("virtualhost", "ifmodule")
    assert found["Timeout"].within == ()
    assert found["<VirtualHost"].arguments == "*:80"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('/ "/srv/my app/x.wsgi"', ["/", "/srv/my app/x.wsgi"]),
        ("'single' bare", ["single", "bare"]),
        (r'"with \"quotes\""', ['with "quotes"']),
        ("", []),
    ],
)
def test_arguments_are_split_as_httpd_does(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_variables_are_put_in_and_unknown_ones_stay() -> None:
    assert expand("*:${PORT} ${NOBODY}", {"PORT": "8774"}) == "*:8774 ${NOBODY}"


def test_options_of_mod_wsgi_may_have_blanks_in_quotes() -> None:
    found = options("""nova home='/srv/my app' python-path="/srv/a b:/c" threads=1""")
    assert [(each.name, each.value) for each in found] == [
        ("home", "/srv/my app"),
        ("python-path", "/srv/a b:/c"),
        ("threads", "1"),
    ]


def test_an_ifdefine_holds_as_httpd_has_it() -> None:
    lines = ["<IfDefine A>", "Timeout 1", "</IfDefine>", "<IfDefine !A>", "Timeout 2", "</IfDefine>"]
    found = [d for d in directives(lines) if d.name == "Timeout"]
    assert [holds(d, {"A"}) for d in found] == [True, False]
    assert [holds(d, set()) for d in found] == [False, True]
