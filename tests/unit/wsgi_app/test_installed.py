"""What is installed, whatever spelling of its name its wheel has."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from wsgi_app.installed import installed, sources


@pytest.mark.parametrize("spelt", ["some.library", "some_library"])
def test_library_is_found_however_its_wheel_spells_it(
    spelt: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / f"{spelt}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some.library\nVersion: 1.2\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert installed(["some.library", "another"]) == {"some.library": "1.2"}
    assert sources(["some.library"]) == {}
    (info / "heartbed-source").write_text("1a2b3c4")
    assert sources(["some.library", "another"]) == {"some.library": "1a2b3c4"}
