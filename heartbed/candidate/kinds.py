"""Which kind of configuration a file is."""

from __future__ import annotations

import re
from pathlib import Path

import heartbed.candidate.httpd.prepare as httpd
import heartbed.candidate.uwsgi.prepare as uwsgi
from heartbed.candidate.prepared import Draft
from heartbed.candidate.source import read_lines
from heartbed.candidate.uwsgi.ini import is_ini
from heartbed.candidate.wishes import Wishes

NOT_A_NAME = re.compile(r"[^A-Za-z0-9_.-]")


def draft(path: Path, wishes: Wishes, *, label: str | None = None) -> Draft:
    """Read and adapt a file, an ini file as uWSGI's and any other as httpd's. Raises ``InputError``."""
    name = label or label_of(path.name)
    if is_ini(read_lines(path, str(path))):
        return uwsgi.draft(path, wishes, name)
    return httpd.draft(path, wishes, name)


def label_of(name: str) -> str:
    """The name with only what a container may be called."""
    return NOT_A_NAME.sub("-", name).lstrip("-_.") or "candidate"
