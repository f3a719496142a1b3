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
from tests.unit.recorded import RECORDS, recorded

FILE = ROOT / "docs" / "verdicts.schema.json"


def test_the_schema_in_the_repository_is_current() -> None:
    printed = CliRunner().invoke(cli, ["schema"]).output
    hint = "run: .venv/bin/heartbed schema > docs/verdicts.schema.json"
    assert json.loads(FILE.read_text()) == json.loads(printed), hint


@pytest.mark.parametrize("name", sorted(path.name.partition(".")[0] for path in RECORDS.glob("*.gz")))
def test_recorded_runs_are_judged_as_the_schema_says(name: str, tmp_path: Path) -> None:
    schema = json.loads(FILE.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(judge(recorded(name, tmp_path), probes.rules()).model_dump_json()), schema)
