"""Templates of deployment tools are told from configurations."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed.candidates import templates
from heartbed.candidates.wishes import Wishes
from heartbed.errors import InputError
from heartbed.servers.kinds import draft


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.conf", "Listen {{ port }}\nWSGIScriptAlias / /srv/a.wsgi", 1),
        ("a.conf", "Listen 80\n{{- if .tls }}\nSSLEngine on\n{{- end }}", 2),
        ("a.conf", "Listen 80\n<% if @tls -%>\nSSLEngine on\n<%- end %>", 2),
        ("a.ini", "[uwsgi]\n# {{ ansible_managed }}\n{% if threads is defined %}\nthreads = 2\n{% endif %}", 3),
        ("a.ini", "[uwsgi]\nprocesses = {{ workers | default({'a': 3}) }}", 2),
        ("a.yaml", "uwsgi:\n  processes: {{ .Values.processes }}", 2),
    ],
)
def test_a_template_is_refused_with_its_line(tmp_path: Path, name: str, text: str, line: int) -> None:
    path = tmp_path / name
    path.write_text(text + "\n")
    with pytest.raises(InputError, match=rf"{name}:{line}: .* is of a template"):
        draft(path, Wishes())


@pytest.mark.parametrize(
    "line",
    [
        "# {{ ansible_managed }}",
        r'LogFormat "{ \"a\": { \"b\": \"%{c}i\" }}"',
        'LogFormat "<%r> <%{x}i> %>s"',
        'RewriteCond %{HTTP_HOST} "^[a-z]{2,3}$"',
        'log-format = {"address":"%(addr)","more":{"uri":"%(uri)"}}',
        '{"uwsgi": {"socket": {"a": {}}}}',
    ],
)
def test_braces_and_percent_signs_of_a_configuration_make_no_template_of_it(line: str) -> None:
    templates.refuse("a.conf", [line])
