"""Two targets at one scenario and level: which one, if the evidence can say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from harness.analysis.stats.intervals import detectable_ratio, exponential, mean_interval
from harness.model.measures import CellName, Comparison, Interval

Metric = Literal["throughput", "p50", "processor"]


def compare(
    first: CellName,
    second: str,
    metric: Metric,
    log_ratios: Sequence[float],
    interval: Callable[[Sequence[float]], Interval],
) -> Comparison:
    """Compare a cell with the same of a ``second`` target by the logarithm of first/second in each block or round.

    ``interval`` is that of their mean.
    """
    ratio = exponential(interval(log_ratios))
    return Comparison(
        scenario=first.scenario,
        added_ms=first.added_ms,
        metric=metric,
        first=first.target,
        second=second,
        ratio=ratio,
        word=_word(ratio),
        # a run that goes on for as long as its intervals are wide has no number of blocks to say it of
        detectable=detectable_ratio(log_ratios) if interval is mean_interval else None,
    )


def _word(ratio: Interval) -> Literal["first", "second", "not_significant", "too_few_blocks"]:
    """Name the larger one, unless the interval holds 1: then the difference is not significant."""
    if ratio.low is None or ratio.high is None:
        return "too_few_blocks"
    if ratio.low > 1:
        return "first"
    if ratio.high < 1:
        return "second"
    return "not_significant"
