"""The documented schema of a summary is the one in force, and every summary fits it."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from harness.model.summary import Summary
from tests.report_variants import ALL

SCHEMA = Path(__file__).parents[2] / "docs" / "summary.schema.json"


def test_the_documented_schema_is_the_one_in_force() -> None:
    current = TypeAdapter(Summary).json_schema()
    assert json.loads(SCHEMA.read_text()) == current, "run 'make schema'"


@pytest.mark.parametrize("summary", ALL.values(), ids=ALL)
def test_a_summary_fits_the_documented_schema_and_comes_back(summary: Summary) -> None:
    adapter = TypeAdapter(Summary)
    data = adapter.dump_json(summary)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(json.loads(data))
    assert adapter.validate_json(data) == summary
