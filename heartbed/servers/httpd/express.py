"""What mod_wsgi-express writes beside its httpd.conf: a script that starts httpd, with the names it asks for."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from heartbed.candidates.source import read_lines
from heartbed.errors import InputError

STARTER = "apachectl"
DEFINED = re.compile(r"(?<![\w-])-D\s*([A-Za-z_]\w*)")


def defines(path: Path) -> dict[str, str]:
    """The names that the script beside a configuration of mod_wsgi-express's defines; none where there is none."""
    script = path.parent / STARTER
    with contextlib.suppress(InputError):
        text = "\n".join(read_lines(script, str(script)))
        if "mod_wsgi" in text.lower():
            return dict.fromkeys(DEFINED.findall(text), "")
    return {}
