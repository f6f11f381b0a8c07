"""What takes long is tried in the suite by a sample, and whole by ``make test-slow``."""

from collections.abc import Collection, Iterable

import pytest


def sampled(names: Iterable[str], sample: Collection[str]) -> list[object]:
    """Names as parameters of a test, those that are not in the sample marked as slow."""
    return [pytest.param(name, marks=() if name in sample else pytest.mark.slow) for name in names]
