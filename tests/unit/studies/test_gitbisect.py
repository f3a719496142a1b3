"""A bisection of commits: git's own order, several rounds in a window, and what is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select
from heartbed.errors import InputError
from heartbed.studies import gitbisect
from heartbed.studies.batch import Played
from heartbed.versions import bring
from tests.unit.histories import History
from tests.unit.versions.test_bring import SETUP_CFG, git

COMMITS = 60
(CELL,) = select(["prefork-daemon-eventlet-pthread"]).cells


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history in one line."""
    path = tmp_path_factory.mktemp("oslo")
    git(path, "init", "--quiet", "--initial-branch", "main")
    (path / "setup.cfg").write_text(SETUP_CFG)
    git(path, "add", ".")
    for number in range(COMMITS):
        git(path, "commit", "--quiet", "--allow-empty", "-m", f"Commit {number}")
    return path


@pytest.fixture
def repo(history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it."""
    monkeypatch.setattr(bring, "FOLDER", tmp_path / "with")
    return Path(shutil.copytree(history, tmp_path / "oslo"))


def commits(repo: Path) -> list[str]:
    return git(repo, "rev-list", "--reverse", "main").split()


def measuring(
    repo: Path, changed: int, windows: list[list[str]], broken: Sequence[int] = ()
) -> Callable[[Sequence[Cell]], Played]:
    """Plays cells: from commit ``changed`` on connections are lost; some commits do not build."""
    numbers = {commit[:7]: number for number, commit in enumerate(commits(repo))}

    def measure(cells: Sequence[Cell]) -> Played:
        played = Played()
        windows.append([cell.patched[0].label for cell in cells])
        for cell in cells:
            number = numbers[cell.patched[0].label]
            if number in broken:
                played.missing[cell.name] = "it does not build"
                continue
            history = History.of(CELL.name)
            history.pair(beating=number < changed)
            played.verdicts[cell.name] = history.cell_verdict
        return played

    return measure


@pytest.mark.parametrize("changed", [1, 17, 42, 59])
def test_the_first_commit_after_the_change_is_found_in_few_windows(repo: Path, changed: int) -> None:
    windows: list[list[str]] = []
    every = commits(repo)
    ends = gitbisect.ends(repo, every[0], "main", [])
    found = gitbisect.bisect(CELL, ends, measuring(repo, changed, windows))
    assert found.commit == every[changed]
    assert found.before in every[:changed]
    assert not found.between
    assert len(windows) <= 3, "three rounds of git's bisection are answered at a time"
    assert max(len(window) for window in windows) <= 9


def test_good_may_be_the_newer_one(repo: Path) -> None:
    every = commits(repo)
    ends = gitbisect.ends(repo, "main", every[0], [])
    assert gitbisect.bisect(CELL, ends, measuring(repo, 20, [])).commit == every[20]


def test_commits_that_do_not_build_are_skipped_and_told_where_they_may_be_the_one(repo: Path) -> None:
    every = commits(repo)
    ends = gitbisect.ends(repo, every[0], "main", [])
    found = gitbisect.bisect(CELL, ends, measuring(repo, 30, [], broken=(28, 29)))
    assert found.commit == every[30]
    assert set(found.between) == {every[28], every[29]}


def test_good_and_bad_that_agree_are_refused(repo: Path) -> None:
    ends = gitbisect.ends(repo, commits(repo)[0], "main", [])
    with pytest.raises(InputError, match="good and bad agree"):
        gitbisect.bisect(CELL, ends, measuring(repo, COMMITS, []))


def test_an_end_that_does_not_build_is_refused_with_the_reason(repo: Path) -> None:
    ends = gitbisect.ends(repo, commits(repo)[0], "main", [])
    with pytest.raises(InputError, match=r"the bad commit \w+ has no verdict: it does not build"):
        gitbisect.bisect(CELL, ends, measuring(repo, 30, [], broken=(COMMITS - 1,)))


def test_what_cannot_be_bisected_is_refused(repo: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no revision 'nowhere'"):
        gitbisect.ends(repo, "nowhere", "main", [])
    with pytest.raises(InputError, match="the same commit"):
        gitbisect.ends(repo, "main", "HEAD", [])
    with pytest.raises(InputError, match="no such folder"):
        gitbisect.ends(tmp_path / "nothing", "a", "b", [])
    with pytest.raises(InputError, match="no git checkout"):
        gitbisect.ends(tmp_path, "a", "b", [])
    strange = tmp_path / "strange"
    strange.mkdir()
    git(strange, "init", "--quiet")
    with pytest.raises(InputError, match=r"^--repo \S+/strange: it has no build system"):
        gitbisect.ends(strange, "a", "b", [])
    git(repo, "checkout", "--quiet", "-b", "other", commits(repo)[3])
    git(repo, "commit", "--quiet", "--allow-empty", "-m", "Elsewhere")
    with pytest.raises(InputError, match="on two branches"):
        gitbisect.ends(repo, "main", "other", [])
