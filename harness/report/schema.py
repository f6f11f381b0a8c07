"""The schema of ``summary.json``: ``make schema`` writes it to ``docs/summary.schema.json``."""

from __future__ import annotations

import json
import sys

from pydantic import TypeAdapter

from harness.model.summary import Summary

if __name__ == "__main__":
    sys.stdout.write(json.dumps(TypeAdapter(Summary).json_schema(), indent=1) + "\n")
