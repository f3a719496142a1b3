"""What candidates are made of is sent along: on the other machine the same is seen at the same places."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from heartbed.candidates import luggage
from heartbed.candidates.own import OwnApplication
from heartbed.candidates.subject import Candidate
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select
from heartbed.errors import InputError

(CELL,) = select(["prefork-daemon-eventlet"]).cells


def written(path: Path, text: str, mode: int = 0o644) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def candidate(folder: Path, label: str, own: OwnApplication | None = None) -> Candidate:
    written(folder / label / "main.conf", f"Include files/{label}.conf\n")
    written(folder / label / "files" / "site.conf", f"# {label}\n")
    told = {name: getattr(CELL, name) for name in Cell.__dataclass_fields__}
    return Candidate(**told, label=label, folder=folder, script="/srv/app.wsgi", main="main.conf", own=own)


def seen(cell: Candidate) -> dict[str, str]:
    """What a container would see: of each file the place and the contents."""
    found = {}
    for path, target in cell.mounts:
        for each in [path] if path.is_file() else sorted(path.rglob("*")):
            if each.is_file():
                found[f"{target}/{each.relative_to(path)}"] = each.read_text()
    return found


def configuration(cell: Candidate) -> dict[str, str]:
    return {
        str(path.relative_to(cell.folder)): path.read_text() for path in cell.folder.rglob("*.conf") if path.is_file()
    }


def sent(cells: tuple[Cell, ...], place: Path) -> tuple[Cell, ...]:
    return luggage.unpacked(luggage.packed(cells), cells, place)


def test_candidates_are_made_of_copies_in_the_place_where_they_are_unpacked(tmp_path: Path) -> None:
    here = tuple(candidate(tmp_path / "bench", label) for label in ("site.conf", "native"))
    there = sent((CELL, *here), tmp_path / "there")
    assert there[0] == CELL
    for one, other in zip(here, there[1:], strict=True):
        assert isinstance(other, Candidate)
        assert replace(other, folder=one.folder) == one
        assert other.folder.is_relative_to(tmp_path / "there")
        assert configuration(other) == configuration(one)


def test_an_own_application_takes_all_along_that_it_sees(tmp_path: Path) -> None:
    bench = tmp_path / "bench"
    script = written(tmp_path / "src" / "own.wsgi", "import more\n")
    written(bench / ".own" / "own.wsgi", "import more\n")
    written(bench / ".own" / "more.py", "MORE = 1\n")
    written(bench / ".packages" / "kombu" / "__init__.py", "# kombu\n")
    own = OwnApplication(
        script,
        config_dir=written(tmp_path / "etc" / "app.conf", "[DEFAULT]\n").parent,
        prepare=written(tmp_path / "prepare.sh", "true\n", 0o755),
        folder=bench / ".own",
        packages=bench / ".packages",
    )
    here = candidate(bench, "site.conf", own)
    (there,) = sent((here,), tmp_path / "there")
    assert isinstance(there, Candidate)
    assert seen(there) == seen(here)
    assert there.switches == here.switches
    assert there.own
    assert there.own.prepare
    assert there.own.prepare.stat().st_mode & 0o777 == 0o755
    assert all(path.is_relative_to(tmp_path / "there") for path, target in there.own.mounts if "start" not in target)


def test_a_folder_that_was_too_large_to_copy_is_seen_whole(tmp_path: Path) -> None:
    script = written(tmp_path / "src" / "own.wsgi", "import beside\n")
    written(tmp_path / "src" / "beside.py", "BESIDE = 1\n")
    here = candidate(tmp_path / "bench", "site.conf", OwnApplication(script))
    (there,) = sent((here,), tmp_path / "there")
    assert isinstance(there, Candidate)
    assert seen(there) == seen(here)


def test_cells_of_nobodys_files_have_no_luggage(tmp_path: Path) -> None:
    assert luggage.packed([CELL]) == b""
    assert luggage.unpacked(b"", [CELL], tmp_path / "there") == (CELL,)
    assert not (tmp_path / "there").exists()


def test_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(luggage, "LARGEST", 1000)
    here = candidate(tmp_path / "bench", "site.conf")
    written(tmp_path / "bench" / "large", "x" * 1001)
    with pytest.raises(InputError, match="too much to be sent"):
        luggage.packed([here])
