"""What a run was made for: one kind of study a file, each told in a file of its own beside the record.

A record tells what was observed. Which of its cells is the user's own file, what a change to it costs, which release
a search came to: that is known to the study that played it, which leaves it in the run's folder for the report. Such a
module has ``ABOUT``, a class of ``About``, and a template in ``templates/about/`` of the module's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol, cast

from pydantic import ValidationError

from heartbed import plugins
from heartbed.report.about.base import About, Named

__all__ = ["About", "Named", "about"]


class Kind(Protocol):
    """One kind of study."""

    ABOUT: type[About]


def about(folder: Path) -> About | None:
    """What the run in that folder was made for; None where it says nothing, or nothing that can be read."""
    return next(_found(folder), None)


def _found(folder: Path) -> Iterator[About]:
    for module in plugins.modules(__name__).values():
        if hasattr(module, "ABOUT"):
            kind = cast(Kind, module).ABOUT
            with suppress(OSError, ValidationError):
                yield kind.model_validate_json((folder / kind.FILE).read_text("utf-8"))
