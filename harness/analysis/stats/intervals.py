"""Intervals over blocks.

A block is one repetition of the whole comparison. Requests are never resampled, as those of one trial
depend on each other.

Sources: Student's t interval; for ratios on the logarithms of per-block ratios, as Kalibera and Jones do
("Rigorous benchmarking in reasonable time", 2013) for ratios of means.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import mean, stdev

from scipy.special import stdtrit

from harness.model.measures import Interval

CONFIDENCE = 0.95
POWER = 0.80
MIN_BLOCKS = 2


def mean_interval(values: Sequence[float]) -> Interval:
    """Mean of one value a block, in any unit, with its 95 % interval; no bounds below two blocks, and nan for none."""
    if not values:
        return Interval(value=math.nan, low=None, high=None, blocks=0)
    centre = mean(values)
    if len(values) < MIN_BLOCKS:
        return Interval(value=centre, low=None, high=None, blocks=len(values))
    reach = _t(len(values)) * stdev(values) / math.sqrt(len(values))
    return Interval(value=centre, low=centre - reach, high=centre + reach, blocks=len(values))


def ratio_interval(first: Sequence[float], second: Sequence[float]) -> Interval:
    """Geometric mean of per-block ratios first/second, with its 95 % interval.

    Each has one value a block, in the same order. Blocks in which either is missing, zero or less are left out: they
    have no ratio.

    Raises:
        ValueError: The two are of different length.
    """
    # a nan compares as false, so it is left out as well
    logs = [math.log(a / b) for a, b in zip(first, second, strict=True) if a > 0 and b > 0]
    return exponential(mean_interval(logs))


def exponential(logs: Interval) -> Interval:
    """Return the interval of a ratio, of that of its logarithm."""
    low, high = (None if bound is None else math.exp(bound) for bound in (logs.low, logs.high))
    return Interval(value=math.exp(logs.value), low=low, high=high, blocks=logs.blocks)


def detectable_ratio(logs: Sequence[float]) -> float | None:
    """Smallest ratio above 1 that as many blocks with ratios of these logarithms would show in four runs of five.

    The minimal detectable effect of a paired t test, (t(0.975) + t(0.80)) s / √n on logarithms (Bloom,
    "Minimum detectable effects", 1995). None below two blocks.
    """
    if len(logs) < MIN_BLOCKS:
        return None
    freedom = len(logs) - 1
    reach = (_t(len(logs)) + float(stdtrit(freedom, POWER))) * stdev(logs) / math.sqrt(len(logs))
    return math.exp(reach)


def _t(count: int) -> float:
    """Quantile of Student's t for a two-sided interval over ``count`` values."""
    return float(stdtrit(count - 1, (1 + CONFIDENCE) / 2))
