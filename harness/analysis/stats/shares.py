"""Shares of a whole that was looked at again and again, with intervals that allow for looks that are alike.

What is seen at one look is often still there at the next. So looks are put together in a few batches, one after the
other, and the interval is made of how much these differ (batch means: Conway, "Some tactical problems in digital
simulation", 1963).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import hypot
from statistics import fmean

from harness.analysis.stats.intervals import mean_interval
from harness.model.measures import Interval

BATCHES = 10


def share_interval(parts: Sequence[float], wholes: Sequence[float]) -> Interval:
    """Return how much of the whole a part is, of both at the same looks, by the delta method; 0 of nothing.

    Raises:
        ValueError: The two are of different length.
    """
    if len(parts) != len(wholes):
        raise ValueError(f"{len(parts)} parts of {len(wholes)} wholes")
    if not sum(wholes):
        return Interval(value=0.0, low=0.0, high=0.0, blocks=0)
    share = sum(parts) / sum(wholes)
    known = [*zip(_batches(parts), _batches(wholes), strict=True)]
    mean = fmean(whole for _, whole in known)
    return _bounded(mean_interval([share + (part - share * whole) / mean for part, whole in known]))


def share_of_unpaired(parts: Sequence[float], wholes: Sequence[float]) -> Interval:
    """Return the same of a part and a whole that were looked at by turns of their own."""
    part, whole = mean_interval(_batches(parts)), mean_interval(_batches(wholes))
    if not part.value or not whole.value or part.high is None or whole.high is None:
        return Interval(value=0.0, low=0.0, high=0.0, blocks=0)
    share = fmean(parts) / fmean(wholes)
    reach = share * hypot((part.high - part.value) / part.value, (whole.high - whole.value) / whole.value)
    return _bounded(Interval(value=share, low=share - reach, high=share + reach, blocks=part.blocks))


def _batches(values: Sequence[float]) -> list[float]:
    """Return the means of at most ``BATCHES`` batches, of as many values each but for one."""
    count = min(BATCHES, len(values))
    edges = [len(values) * number // count for number in range(count + 1)] if count else []
    return [fmean(values[first:last]) for first, last in pairwise(edges)]


def _bounded(known: Interval) -> Interval:
    """Return the same within 0 and 1."""
    value, low, high = (
        None if edge is None else min(1.0, max(0.0, edge)) for edge in (known.value, known.low, known.high)
    )
    return Interval(value=value or 0.0, low=low, high=high, blocks=known.blocks)
