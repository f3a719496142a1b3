"""docs/verdicts.schema.json describes what is written."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from heartbed import probes
from heartbed.cli import cli
from heartbed.places import ROOT
from heartbed.verdict import judge
from tests.unit.looks import Looking
from tests.unit.recorded import RECORDS, recorded

FILE = ROOT / "docs" / "verdicts.schema.json"
LOOKS = ROOT / "docs" / "look.schema.json"


def test_the_schema_in_the_repository_is_current() -> None:
    printed = CliRunner().invoke(cli, ["schema"]).output
    hint = "run: .venv/bin/heartbed schema > docs/verdicts.schema.json"
    assert json.loads(FILE.read_text()) == json.loads(printed), hint


@pytest.mark.parametrize("name", sorted(path.name.partition(".")[0] for path in RECORDS.glob("*.gz")))
def test_recorded_runs_are_judged_as_the_schema_says(name: str, tmp_path: Path) -> None:
    schema = json.loads(FILE.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(judge(recorded(name, tmp_path), probes.rules()).model_dump_json()), schema)


def test_the_schema_of_looks_is_current_and_describes_one() -> None:
    printed = CliRunner().invoke(cli, ["schema", "--look"]).output
    schema = json.loads(LOOKS.read_text())
    assert schema == json.loads(printed), "run: .venv/bin/heartbed schema --look > docs/look.schema.json"
    jsonschema.Draft202012Validator.check_schema(schema)
    look = Looking(heartbeat_s=6).process().socket(0, sent=-7.0, heard=-1.0).verdict(until=1.0)
    jsonschema.validate(json.loads(look.model_dump_json()), schema)
