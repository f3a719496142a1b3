"""Where a thread was, by looks of the process at itself and of py-spy at it."""

from __future__ import annotations

from heartbed.record.event import Event
from heartbed.record.kinds import ProcessStacks
from heartbed.verdict import location


def look(t: float, syscall: str, module: str = "") -> Event[ProcessStacks]:
    frames = [{"function": syscall, "file": f"/usr/lib/{module}", "native": True}] if module else []
    threads = [{"tid": 7, "syscall": syscall, "frames": frames}]
    data = ProcessStacks.model_validate({"at": "mid-idle", "by": "py-spy" if module else "itself", "threads": threads})
    return Event(data, t, "cell", 7)


def test_of_two_looks_at_the_same_system_call_the_one_that_shows_its_module_is_told() -> None:
    looks = [look(1.0, "accept4"), look(1.1, "accept4", "mod_mpm_prefork.so"), look(2.0, "accept4")]
    assert [str(place) for place in location.places(looks, 7)] == ["accept4 of mod_mpm_prefork.so"]


def test_system_call_that_no_look_from_outside_has_shown_is_told_by_its_name() -> None:
    looks = [look(1.0, "futex"), look(1.1, "accept4", "mod_mpm_prefork.so")]
    assert [str(place) for place in location.places(looks, 7)] == ["futex", "accept4 of mod_mpm_prefork.so"]
