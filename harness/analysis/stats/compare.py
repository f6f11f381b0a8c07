"""Two targets at one scenario and level: which one, if the evidence can say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from harness.analysis.stats.intervals import detectable_ratio, ratio_interval
from harness.model.measures import Comparison, Interval


def compare(  # noqa: PLR0913 - what is compared, and the two series
    *,
    scenario: str,
    added_ms: int,
    metric: Literal["throughput", "p50"],
    first: str,
    second: str,
    first_by_block: Sequence[float],
    second_by_block: Sequence[float],
) -> Comparison:
    """Compare two targets by one value a block each, the same blocks in the same order."""
    ratio = ratio_interval(first_by_block, second_by_block)
    return Comparison(
        scenario=scenario,
        added_ms=added_ms,
        metric=metric,
        first=first,
        second=second,
        ratio=ratio,
        word=_word(ratio),
        detectable=detectable_ratio(first_by_block, second_by_block),
    )


def _word(ratio: Interval) -> Literal["first", "second", "noise", "too few blocks"]:
    """Name the larger one, unless the interval holds 1: then the difference is inside the noise."""
    if ratio.low is None or ratio.high is None:
        return "too few blocks"
    if ratio.low > 1:
        return "first"
    if ratio.high < 1:
        return "second"
    return "noise"
