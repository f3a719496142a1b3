"""The changes that are tried beside a candidate, and the lines that they come as."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from heartbed.candidates import workbench as places
from heartbed.candidates.library import GROUP, Library
from heartbed.candidates.own import OwnApplication
from heartbed.candidates.prepared import Prepared
from heartbed.candidates.wishes import Wishes
from heartbed.candidates.workbench import Workbench
from heartbed.errors import InputError
from heartbed.report.loaded import load
from heartbed.servers.kinds import draft
from heartbed.studies import mend
from heartbed.studies.check.checked import Checked
from heartbed.studies.mend import Mend
from tests.unit.data.report import samples
from tests.unit.data.report.framing import cell, finished
from tests.unit.data.report.making import Sample
from tests.unit.servers.httpd.asking import Recorded

DATA = Path(__file__).parents[1] / "data" / "candidate"


@pytest.fixture
def workbench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


def prepared(workbench: Workbench, name: str, **wishes: object) -> Prepared[Any]:
    wished = replace(Wishes(), **wishes)  # type: ignore[arg-type]
    found = draft(DATA / name, wished)
    return found.kind.prepare(found, workbench, Recorded())  # type: ignore[arg-type]


def by_key(found: list[Mend]) -> dict[str, Mend]:
    return {each.changes[0].key: each for each in found}


@pytest.fixture
def kolla(workbench: Workbench) -> dict[str, Mend]:
    return by_key(mend.mends(prepared(workbench, "kolla-nova.conf"), workbench, ["18.3.1", "14.3.0"]))


def test_each_change_differs_from_the_candidate_in_one_thing(kolla: dict[str, Mend]) -> None:
    told = {
        key: (m.candidate.server, m.candidate.mode, m.candidate.model, m.candidate.thread) for key, m in kolla.items()
    }
    assert told == {
        "native": ("event", "daemon", "native", "green"),
        "pthread": ("event", "daemon", "eventlet", "pthread"),
        "prefork": ("prefork", "daemon", "eventlet", "green"),
        "worker": ("worker", "daemon", "eventlet", "green"),
        "embedded": ("event", "embedded", "eventlet", "green"),
        "oslo18.3.1": ("event", "daemon", "eventlet", "green"),
        "oslo14.3.0": ("event", "daemon", "eventlet", "green"),
        "heartbeat": ("event", "daemon", "eventlet", "green"),
    }
    assert kolla["oslo18.3.1"].candidate.oslo == "18.3.1"
    assert kolla["heartbeat"].candidate.heartbeat_s == 1


def test_what_has_one_thread_is_not_tried_with_one(kolla: dict[str, Mend]) -> None:
    assert "threads1" not in kolla


def test_embedding_takes_the_process_group_out_of_the_users_file(kolla: dict[str, Mend]) -> None:
    lines = kolla["embedded"].lines.splitlines()
    assert [line for line in lines if line[:1] in "-+" and line[:2] not in ("--", "++")] == [
        "-    WSGIProcessGroup nova-api",
        "+    # WSGIProcessGroup nova-api",
    ]


def test_a_native_model_is_switched_in_the_environment_of_the_process(kolla: dict[str, Mend]) -> None:
    assert "OS_NOVA_DISABLE_EVENTLET_PATCHING=true" in kolla["native"].lines
    assert kolla["native"].price


def test_a_deprecated_option_has_its_price(kolla: dict[str, Mend]) -> None:
    assert "18.0.0" in kolla["pthread"].price
    assert "heartbeat_in_pthread = true" in kolla["pthread"].lines


def test_the_copy_of_a_change_is_written_with_one_process(workbench: Workbench, kolla: dict[str, Mend]) -> None:
    del kolla
    copy = (workbench.folder / "kolla-nova.conf-prefork" / "files" / "kolla-nova.conf").read_text()
    assert "WSGIDaemonProcess nova-api processes=1 threads=1" in copy
    assert "mpm_prefork" in (workbench.folder / "kolla-nova.conf-prefork" / "httpd.conf").read_text()


def test_a_server_of_ones_own_gets_its_mpm_changed_in_its_file(workbench: Workbench) -> None:
    found = by_key(mend.mends(prepared(workbench, "handwritten/httpd.conf", vhost="80"), workbench))
    assert "+LoadModule mpm_event_module modules/mod_mpm_event.so" in found["event"].lines
    copy = (workbench.folder / "httpd.conf-event" / "files" / "httpd.conf").read_text()
    assert "\nMinSpareServers" not in copy
    assert "\nStartServers 8" in copy


def test_daemon_mode_is_written_into_the_virtual_host(workbench: Workbench) -> None:
    found = by_key(mend.mends(prepared(workbench, "handwritten/httpd.conf", vhost="80"), workbench))
    added = [line[1:] for line in found["daemon"].lines.splitlines() if line.startswith("+ ")]
    assert added == [
        "    WSGIDaemonProcess heartbed-app processes=1 threads=1 display-name=%{GROUP}",
        "    WSGIProcessGroup heartbed-app",
    ]
    assert (found["daemon"].candidate.mode, found["daemon"].candidate.threads) == ("daemon", 1)


def test_several_threads_are_tried_with_one(workbench: Workbench) -> None:
    found = by_key(mend.mends(prepared(workbench, "handwritten/httpd.conf", vhost="8775"), workbench))
    assert found["threads1"].candidate.threads == 1
    assert "+    WSGIDaemonProcess metadata threads=1" in found["threads1"].lines


def test_a_library_without_the_option_is_not_tried_with_it(workbench: Workbench) -> None:
    keys = by_key(mend.mends(prepared(workbench, "kolla-nova.conf", oslo="18.3.1"), workbench))
    assert "pthread" not in keys


def test_the_file_of_an_application_of_the_users_own_is_not_called_novas(workbench: Workbench, tmp_path: Path) -> None:
    own = OwnApplication(tmp_path / "own.py", mentions=frozenset({"oslo_messaging"}))
    of_nova, of_own = (
        by_key(mend.mends(prepared(workbench, "kolla-nova.conf", own=each, model="eventlet"), workbench))["pthread"]
        for each in (None, own)
    )
    assert "# nova.conf\n[oslo_messaging_rabbit]" in of_nova.lines
    assert "# the file that your application's oslo.config reads\n[oslo_messaging_rabbit]" in of_own.lines


def test_a_native_candidate_is_tried_with_eventlet(workbench: Workbench) -> None:
    keys = by_key(mend.mends(prepared(workbench, "kolla-nova.conf", model="native"), workbench))
    assert "eventlet" in keys
    assert not {"native", "pthread"} & set(keys)


def test_pairs_are_of_different_questions(workbench: Workbench) -> None:
    names = [{c.key for c in each.changes} for each in mend.pairs(prepared(workbench, "kolla-nova.conf"), workbench)]
    assert {"native", "prefork"} in names
    assert {"prefork", "worker"} not in names
    assert {"native", "pthread"} not in names


def test_the_versions_beside_are_the_next_older_and_the_newest() -> None:
    here = ["9.7.1", "14.3.0", "17.0.0", "17.3.2", "18.0.0", "18.3.1"]
    assert mend.versions_beside("17.3.2", here) == ["18.3.1", "17.0.0"]
    assert mend.versions_beside("17.0.0", here) == ["18.3.1", "14.3.0"]


def test_a_version_with_the_option_is_beside_one_without() -> None:
    here = ["9.7.1", "14.3.0", "17.3.2", "18.0.0", "18.3.1"]
    assert mend.versions_beside("9.7.1", here) == ["18.3.1", "17.3.2"]
    assert mend.versions_beside("18.3.1", here) == ["17.3.2", "18.0.0"]


def test_what_is_assumed_is_said(workbench: Workbench) -> None:
    said = " ".join(prepared(workbench, "kolla-nova.conf").draft.assumptions)
    for word in ("MPM event", "eventlet", "17.3.2", "heartbeat_in_pthread", "2 s"):
        assert word in said
    said = " ".join(
        prepared(workbench, "kolla-nova.conf", model="native", mpm="worker", oslo="18.3.1").draft.assumptions
    )
    for word in ("MPM", "eventlet", "18.3.1"):
        assert word not in said


def test_the_users_files_are_not_changed(workbench: Workbench) -> None:
    before = {path: path.read_bytes() for path in DATA.rglob("*.conf")}
    mend.mends(prepared(workbench, "handwritten/httpd.conf", vhost="80"), workbench)
    assert {path: path.read_bytes() for path in DATA.rglob("*.conf")} == before


def test_a_file_without_mod_wsgi_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "site.conf"
    path.write_text("<VirtualHost *:80>\nDocumentRoot /x\n</VirtualHost>\n")
    with pytest.raises(InputError, match="no directive of mod_wsgi"):
        draft(path, Wishes())


def test_a_workbench_is_cleared_also_after_one_that_was_killed(tmp_path: Path) -> None:
    left = tmp_path / "killed"
    left.mkdir()
    (left / ".lock").touch()
    with places.workbench(tmp_path) as first:
        assert not left.exists()
        with places.workbench(tmp_path):
            assert first.folder.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_change_that_cannot_be_made_is_not_tried(workbench: Workbench) -> None:
    found = prepared(workbench, "kolla-nova.conf", oslo="9.7.1")
    assert "native" not in by_key(mend.mends(found, workbench, (), ["native"]))


def test_a_change_that_there_is_not_cannot_be_ruled_out() -> None:
    mend.check_keys(["native", "pthread", "oslo18.3.1"])
    with pytest.raises(InputError, match="--rule-out nativ: there is no such change; did you mean 'native'"):
        mend.check_keys(["nativ"])


def test_pairs_are_not_made_of_what_changes_nothing(workbench: Workbench) -> None:
    embedded = prepared(workbench, "handwritten/httpd.conf", vhost="80", mpm="event")
    keys = [each.keys for each in mend.pairs(embedded, workbench)]
    assert {"prefork", "native"} in keys
    assert {"prefork", "threads1"} not in keys
    assert {"daemon", "threads1"} not in keys
    native = prepared(workbench, "kolla-nova.conf", model="native")
    assert not any("pthread" in each.keys for each in mend.pairs(native, workbench, ["14.3.0"]))


def test_a_candidate_whose_option_is_gone_has_pairs_all_the_same(workbench: Workbench) -> None:
    found = prepared(workbench, "kolla-nova.conf", oslo="18.3.1", pthread=True)
    assert {"embedded", "oslo17.3.2"} in [each.keys for each in mend.pairs(found, workbench, ["17.3.2"])]


def test_a_release_is_paired_with_the_option_that_it_brings(workbench: Workbench) -> None:
    found = prepared(workbench, "kolla-nova.conf", oslo="9.7.1")
    keys = [each.keys for each in mend.pairs(found, workbench, ["18.3.1", "17.3.2"], ["native"])]
    assert {"oslo17.3.2", "pthread"} in keys
    assert {"oslo18.3.1", "pthread"} not in keys
    assert {"oslo18.3.1", "oslo17.3.2"} not in keys
    assert not any("native" in each for each in keys)


def test_an_openstack_release_is_run_with_its_versions_and_novas_model_in_it(workbench: Workbench) -> None:
    zed = prepared(workbench, "kolla-nova.conf", release="zed").candidate
    assert (zed.model, zed.oslo, zed.build) == ("eventlet", "14.0.3", "zed-python3.9")
    later = prepared(workbench, "kolla-nova.conf", release="2026.1")
    assert later.candidate.model == "native"
    assert any("nova's default in 2026.1" in text for text in later.draft.assumptions)
    assert prepared(workbench, "kolla-nova.conf", release="2026.1", model="eventlet").candidate.model == "eventlet"


def test_another_version_is_tried_beside_a_release(workbench: Workbench) -> None:
    found = by_key(mend.mends(prepared(workbench, "kolla-nova.conf", release="zed"), workbench, ["18.3.1"]))
    assert found["oslo18.3.1"].candidate.build == "zed-oslo18.3.1-python3.9"
    assert found["native"].candidate.build == "zed-python3.9"


def test_python_of_an_old_release_is_said(workbench: Workbench) -> None:
    said = prepared(workbench, "kolla-nova.conf", release="zed").draft.assumptions
    assert "Python 3.9, the oldest here that runs what zed has, and the server of Debian bullseye" in said
    later = prepared(workbench, "kolla-nova.conf", release="2026.1").draft.assumptions
    assert not any(text.startswith("Python") for text in later)


def test_a_python_of_the_users_own_is_taken_and_said(workbench: Workbench) -> None:
    asked = prepared(workbench, "kolla-nova.conf", python="3.11")
    assert asked.candidate.build.endswith("-python3.11")
    assert "Python 3.11 (--python), and the server of Debian bookworm" in asked.draft.assumptions
    of_release = prepared(workbench, "kolla-nova.conf", release="wallaby", python="3.13")
    assert of_release.candidate.build == "wallaby"
    assert not any(text.startswith("Python") for text in of_release.draft.assumptions)


def test_what_of_a_release_is_not_its_own_is_said(workbench: Workbench) -> None:
    said = prepared(workbench, "kolla-nova.conf", release="2024.1", python="3.13").draft.assumptions
    assert any("eventlet" in text and "do not run on Python 3.13" in text for text in said)


def library(version: str, default: str | None) -> Library:
    return Library(version, {(GROUP, "heartbeat_in_pthread"): default} if default else {})


def test_what_is_on_by_default_is_tried_switched_off(workbench: Workbench) -> None:
    libraries = {"12.9.4": library("12.9.4", "True"), "17.3.2": library("17.3.2", "False")}
    own = prepared(workbench, "kolla-nova.conf", oslo="12.9.4", libraries=libraries)
    assert (own.candidate.thread, own.candidate.left_to_library) == ("pthread", ("thread",))
    found = by_key(mend.mends(own, workbench, ["17.3.2"]))
    assert "pthread" not in found
    assert found["no-pthread"].candidate.thread == "green"
    assert found["no-pthread"].candidate.left_to_library == ()
    assert "heartbeat_in_pthread = false" in found["no-pthread"].lines


def test_another_version_brings_its_own_default_where_nothing_is_said(workbench: Workbench) -> None:
    libraries = {"12.9.4": library("12.9.4", "True"), "17.3.2": library("17.3.2", "False")}
    own = prepared(workbench, "kolla-nova.conf", oslo="12.9.4", libraries=libraries)
    newer = by_key(mend.mends(own, workbench, ["17.3.2"]))["oslo17.3.2"].candidate
    assert (newer.thread, newer.left_to_library) == ("green", ("thread",))
    said = prepared(workbench, "kolla-nova.conf", oslo="12.9.4", libraries=libraries, pthread=True)
    newer = by_key(mend.mends(said, workbench, ["17.3.2"]))["oslo17.3.2"].candidate
    assert (newer.thread, newer.left_to_library) == ("pthread", ())


def test_switching_off_is_no_pair_with_a_version_that_has_no_such_option(workbench: Workbench) -> None:
    own = prepared(workbench, "kolla-nova.conf", pthread=True)
    names = [each.keys for each in mend.pairs(own, workbench, ["18.3.1"])]
    assert {"no-pthread", "prefork"} in names
    assert {"no-pthread", "oslo18.3.1"} not in names
    assert {"no-pthread", "native"} not in names


def test_a_check_leaves_its_page_and_its_answer_beside_the_record(workbench: Workbench, tmp_path: Path) -> None:
    own = prepared(workbench, "kolla-nova.conf")
    found = mend.mends(own, workbench, ["18.3.1"])
    sample = Sample("20251229-160000")
    for name in (own.label, *(each.candidate.name for each in found)):
        cell(sample, name, samples.KEPT if name.endswith("-native") else samples.lost_in_accept())
    run = samples.write(finished(sample), tmp_path / "run")
    checked = Checked.of(own, found, run, {"threads1": "it has one"})
    checked.save()
    written = load(tmp_path, "run")
    assert written.about is not None
    assert written.about.as_json() == checked.told.as_json() == (tmp_path / "run" / "check.json").read_text()
    told = json.loads(checked.told.as_json())
    assert told["is"]["server"] == "event"
    assert [each["change"] for each in told["changes"] if each["recommended"]] == ["native threads instead of eventlet"]
    page = (tmp_path / "run" / "report.html").read_text()
    for part in ("Heartbed check of", "One change mends it.", "Costs:", "What it rests on", "Replaced in a copy"):
        assert part in page
    assert page.count("Heartbed check of") == 1
    assert "native threads instead of eventlet" in (tmp_path / "run" / "check.md").read_text()
