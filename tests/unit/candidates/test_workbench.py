"""Where candidates are made ready, and what is kept of them."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

from heartbed.candidates.adapted import Adapted
from heartbed.candidates.source import Source
from heartbed.candidates.workbench import IN_THE_MAKING_S, LOCK, workbench


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_users_file_keeps_its_mode_beside_the_record_and_the_servers_can_read_their_copy(tmp_path: Path) -> None:
    conf = tmp_path / "conf" / "site.conf"
    conf.parent.mkdir()
    conf.write_text("ServerName here\n")
    conf.chmod(0o600)
    source = Source(conf.parent)
    source.add(conf, ("ServerName here", ""), 0)
    run = tmp_path / "run"
    run.mkdir(mode=0o700)
    with workbench(tmp_path / "candidates") as bench:
        bench.write("site.conf", Adapted(source), "httpd.conf", "Include files/site.conf\n")
        assert mode(bench.folder.parent) == 0o700, "nobody else on this machine gets there"
        assert mode(bench.folder / "site.conf" / "files" / "site.conf") == 0o644
        bench.keep(run)
    assert mode(run / "candidates" / "site.conf" / "files" / "site.conf") == 0o600


def test_what_killed_processes_left_is_cleared_also_where_it_has_no_lock_any_more(tmp_path: Path) -> None:
    root = tmp_path / "candidates"
    for name, lock in (("killed", True), ("killed-while-removing", False), ("just-made", False)):
        (root / name / "files").mkdir(parents=True)
        if lock:
            (root / name / LOCK).touch()
    before = time.time() - 2 * IN_THE_MAKING_S
    os.utime(root / "killed-while-removing", (before, before))
    with workbench(root) as bench:
        assert {path.name for path in root.iterdir()} == {"just-made", bench.folder.name}
