"""How a cell's server becomes a service."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from heartbed import servers
from heartbed.cells.expressions import select
from heartbed.cells.settings import Settings
from heartbed.cells.subject import subjects
from heartbed.places import ROOT
from heartbed.run.compose import render
from heartbed.testbed.labels import Labels
from heartbed.testbed.plan import Plan


def service(expression: str) -> dict[str, Any]:
    cells = select([expression]).cells
    plan = Plan(project="test", subjects=subjects(cells), settings=Settings(), labels=Labels(run="test"))
    body = yaml.load(render(plan), yaml.CSafeLoader)["services"]
    found: dict[str, Any] = body[cells[0].name]
    return found


@pytest.mark.parametrize(
    ("expression", "image"),
    [
        ("event-embedded", "heartbed-apache:oslo17.3.2"),
        ("uwsgi-oslo14.3.0", "heartbed-uwsgi:oslo14.3.0"),
        ("gunicorn-native-eventlet0.40.0", "heartbed-gunicorn:oslo17.3.2-eventlet0.40.0"),
    ],
)
def test_each_family_has_its_image_with_the_cells_versions(expression: str, image: str) -> None:
    assert service(expression)["image"] == image
    (cell,) = select([expression]).cells
    assert f"heartbed-{servers.image(cell).replace('-oslo', ':oslo', 1)}" == image


def test_uwsgi_is_told_when_to_load_the_application() -> None:
    assert service("uwsgi")["environment"]["HEARTBED_LAZY"] == "true"
    assert service("uwsgi-preload")["environment"]["HEARTBED_LAZY"] == "false"


def test_a_proxy_is_in_front_of_uwsgi_only_where_it_is_asked_for() -> None:
    assert "HEARTBED_FRONT" not in service("uwsgi")["environment"]
    told = service("uwsgi-proxied")["environment"]
    assert (told["HEARTBED_FRONT"], told["HEARTBED_PROXIED"]) == ("proxied", "true")


def test_gunicorn_is_told_its_worker_class() -> None:
    assert service("gunicorn")["environment"]["HEARTBED_WORKER_CLASS"] == "sync"
    assert service("gunicorn-gthread-threads4")["environment"]["HEARTBED_THREADS"] == "4"


def test_every_variable_of_uwsgis_configuration_is_given() -> None:
    conf = (ROOT / "uwsgi_conf" / "uwsgi.ini").read_text()
    for name in service("uwsgi")["environment"]:
        if name in ("HEARTBED_PROCESSES", "HEARTBED_THREADS", "HEARTBED_LAZY"):
            assert name in conf


def test_services_can_be_written_as_they_are() -> None:
    assert json.dumps(service("uwsgi-processes2"))
