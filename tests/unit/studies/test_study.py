"""What ``heartbed check`` does before anything is played."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from heartbed.candidates.own import OwnApplication
from heartbed.candidates.wishes import Wishes
from heartbed.studies.check import study


@dataclass(frozen=True)
class Draft:
    wishes: Wishes


class Session:
    """One that has two versions of oslo.messaging here."""

    @staticmethod
    def versions_here() -> list[str]:
        return ["14.3.0", "18.3.1"]


MENTIONS = frozenset({"oslo_messaging"})
OWN = OwnApplication(Path("own.py"), mentions=MENTIONS)
BRINGS = OwnApplication(Path("own.py"), mentions=MENTIONS, brings=(("oslo.messaging", "14.9.3"),))
WITHOUT = OwnApplication(Path("own.py"))


@pytest.mark.parametrize(
    ("own", "images"), [(None, ["18.3.1", "14.3.0"]), (OWN, ["18.3.1", "14.3.0"]), (BRINGS, []), (WITHOUT, [])]
)
def test_images_with_other_versions_are_made_only_where_they_can_act(
    own: OwnApplication | None, images: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def workable(_session: object, _cell: object, versions: Iterable[str]) -> tuple[list[str], dict[str, str]]:
        made.extend(versions)
        return [], {}

    def ready(*_: object) -> None:
        raise InterruptedError

    monkeypatch.setattr(study, "with_application", lambda _, drafted: drafted)
    monkeypatch.setattr(study, "workable", workable)
    monkeypatch.setattr(study, "ready", ready)
    with pytest.raises(InterruptedError):
        study.check(cast("Any", Session()), cast("Any", Draft(Wishes(own=own))), study.Changes())
    assert made == images
