"""The schema of ``summary.json``: ``make schema`` writes it to ``docs/summary.schema.json``."""

from __future__ import annotations

import json
import sys

from pydantic import TypeAdapter

from harness.findings import Summary

if __name__ == "__main__":
    json.dump(TypeAdapter(Summary).json_schema(), sys.stdout, indent=1)
    sys.stdout.write("\n")
