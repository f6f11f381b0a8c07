"""The schema of ``summary.json``: ``make schema`` writes it to ``docs/summary.schema.json``."""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic import TypeAdapter

from harness.model.summary import Summary


def summary_schema() -> dict[str, Any]:
    """Return the JSON schema of a summary, as it is in force."""
    return TypeAdapter(Summary).json_schema()


if __name__ == "__main__":
    json.dump(summary_schema(), sys.stdout, indent=1)
    sys.stdout.write("\n")
