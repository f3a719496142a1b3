"""``look.html``: a look as one page, in the style of a run's report."""

from __future__ import annotations

from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from heartbed.report.look_words import ago, groups, reasons, verdict_words, waiting
from heartbed.report.text import printable
from heartbed.verdict.look.values import LookVerdict

FILE = "look.html"


def render(look: LookVerdict) -> str:
    """The whole page. Whatever comes from outside is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("heartbed.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    style = resources.files("heartbed.report").joinpath("static", "report.css").read_text("utf-8")
    return environment.get_template("look.html.j2").render(
        look=look,
        groups=groups(look),
        style=Markup(style),  # noqa: S704  our own style sheet
        ago=ago,
        reasons=reasons,
        verdict_words=verdict_words,
        waiting=waiting,
    )


def _shown(value: Any) -> Any:
    return value if isinstance(value, Markup) else printable(value)
