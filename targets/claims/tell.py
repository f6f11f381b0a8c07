"""What a program tells of what it saw: one observation a line, as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from harness.model.claims import seen


def tell(case: str, unit: str = "", values: Mapping[str, float] | None = None, **facts: str) -> None:
    """Print what was seen in a case: numbers of one unit by name, and words."""
    print(json.dumps(asdict(seen(case, unit, values, **facts))), flush=True)  # noqa: T201 - its output is its result
