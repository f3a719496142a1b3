"""Versions of servers, gunicorn's classes of workers, and gevent: names, images, and what cannot be."""

from __future__ import annotations

import pytest

from heartbed import servers
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select
from heartbed.run.images import specs
from heartbed.testbed.plan import application_image
from heartbed.versions.index import Index, Pin


class Known(Index):
    """An index that has everything, wheels and sources."""

    def pin(self, package: str, version: str) -> Pin:
        """A wheel."""
        return Pin(package, version, "0" * 64)

    def source(self, package: str, version: str) -> Pin:
        """No wheel."""
        return Pin(package, version)


def cell(name: str) -> Cell:
    (found,) = select([name]).cells
    assert found.name == name
    return found


@pytest.mark.parametrize(
    ("name", "image", "argument", "pin"),
    [
        ("uwsgi-eventlet-uwsgi2.0.28", "uwsgi-oslo17.3.2-uwsgi2.0.28", ("UWSGI", "2.0.28"), "uwsgi==2.0.28\n"),
        ("uwsgi-native-2026.1-uwsgi2.0.28", "uwsgi-2026.1-uwsgi2.0.28", ("UWSGI", "2.0.28"), "uwsgi==2.0.28\n"),
        (
            "gunicorn-eventlet-geventlet-gunicorn25.3.0",
            "gunicorn-oslo17.3.2-gunicorn25.3.0",
            ("GUNICORN", "25.3.0"),
            "gunicorn==25.3.0 --hash=sha256:",
        ),
    ],
)
def test_another_version_of_a_server_is_in_its_own_image_on_the_same_application(
    name: str, image: str, argument: tuple[str, str], pin: str
) -> None:
    one, usual = cell(name), cell(name.rpartition("-")[0].removesuffix("-geventlet"))
    assert servers.image(one) == image
    assert application_image(one) == application_image(usual)
    assert argument[0].lower() not in one.packages
    assert one.asked_versions[argument[0].lower()] == argument[1]
    (spec,) = [each for each in specs([one], Known(), environ={}) if each.name == image]
    assert dict(spec.build_args)[argument[0]] == argument[1]
    assert pin in spec.lock


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("prefork-daemon-gevent", {"HEARTBED_MODEL": "gevent"}),
        ("gunicorn-gevent-ggevent", {"HEARTBED_MODEL": "gevent", "HEARTBED_WORKER_CLASS": "gevent"}),
        ("uwsgi-gevent-ugevent", {"HEARTBED_MODEL": "gevent", "HEARTBED_LOOP": "gevent"}),
    ],
)
def test_gevent_is_installed_where_it_is_asked_for(name: str, variables: dict[str, str]) -> None:
    one = cell(name)
    assert {"gevent", "zope.event", "zope.interface"} <= one.packages.keys()
    assert one.build == f"oslo17.3.2-gevent{one.packages['gevent']}"
    assert variables.items() <= {**one.environment(application=True), **one.environment(application=False)}.items()
    assert (one.factors["model"], one.factors["thread"]) == ("gevent", "green")
    assert "gevent" not in cell("prefork-daemon-eventlet").packages


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("gunicorn-eventlet-geventlet", "gunicorn 27.0.1 has no eventlet workers: gunicorn25.3.0 is the last that has"),
        ("gunicorn-native-geventlet-gunicorn25.3.0", "gunicorn's eventlet workers patch the process with eventlet"),
        ("gunicorn-eventlet-ggevent", "gunicorn's gevent workers patch the process with gevent"),
        ("gunicorn-gevent-ggevent-threads2", "gunicorn's gevent workers have one thread"),
        ("uwsgi-eventlet-ugevent", "under uWSGI's gevent loop an application patches with gevent or not at all"),
        ("uwsgi-gevent-ugevent-threads2", "under uWSGI's gevent loop a process has one thread"),
        ("prefork-daemon-gevent-nova34", "nova34 patches with eventlet or not at all"),
        ("prefork-daemon-gevent-pthread", "only eventlet leaves a choice"),
        ("prefork-daemon-eventlet-uwsgi2.0.28", "prefork does without uwsgi"),
    ],
)
def test_what_cannot_be_is_told_with_the_reason(name: str, why: str) -> None:
    selection = select([name, "prefork"])
    assert len(selection.cells) == 1
    assert why in selection.left_out[0][1]
