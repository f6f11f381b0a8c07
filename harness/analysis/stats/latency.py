"""How long requests took: percentiles that the sample can support, the distribution in few points, and phases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from harness.analysis.stats.intervals import mean_interval
from harness.model.evidence import Sample
from harness.model.measures import PHASES, QUEUE, Interval

WANTED = (0.5, 0.9, 0.95, 0.99)
# A quantile needs some observations beyond it, or it is the maximum under another name (Rally drops it, too).
MIN_BEYOND = 10
HISTOGRAM_POINTS = 60
NS_PER_MS = 1e6
OUTSIDE = "outside"


def quantiles_ms(latencies_ns: NDArray[np.int64]) -> dict[str, float]:
    """Return those of the wanted quantiles that have at least ten observations beyond them, in ms, as {"p50": …}."""
    supported = [q for q in WANTED if round(latencies_ns.size * (1 - q), 6) >= MIN_BEYOND]
    values = np.quantile(latencies_ns, supported) / NS_PER_MS if supported else ()
    return {f"p{100 * q:g}": float(value) for q, value in zip(supported, values, strict=True)}


def histogram_ms(latencies_ns: NDArray[np.int64]) -> tuple[tuple[float, float], ...]:
    """Return the cumulative distribution as (latency in ms, share of observations at or below it).

    At most 60 points, evenly spaced in the logarithm of the latency from the fastest to the slowest.
    """
    if latencies_ns.size == 0:
        return ()
    ordered = np.sort(latencies_ns)
    low, high = max(int(ordered[0]), 1), max(int(ordered[-1]), 1)
    edges = np.unique(np.rint(np.geomspace(low, high, HISTOGRAM_POINTS)).astype(np.int64))
    shares = np.searchsorted(ordered, edges, side="right") / ordered.size
    return tuple((float(edge) / NS_PER_MS, float(share)) for edge, share in zip(edges, shares, strict=True))


def parts_ms(blocks: Sequence[tuple[Sequence[Sample], Sequence[float]]]) -> dict[str, Interval]:
    """Return the mean milliseconds in the queue, of each phase and of ``outside``: they add up to what clients waited.

    Of each block is given what the probe noted of its requests (metric ``took_s``), and how long their clients waited,
    in milliseconds. Intervals are over blocks; there is none if a block has no request or no note of one.
    """
    by_phase: dict[str, list[float]] = defaultdict(list)
    for samples, waited_ms in blocks:
        if not samples or not waited_ms:
            return {}
        for phase in PHASES:
            by_phase[phase].append(fmean(1e3 * sample.fields[phase] for sample in samples))
        by_phase[QUEUE].append(fmean(1e3 * sample.fields.get(QUEUE, 0.0) for sample in samples))
        inside_ms = fmean(1e3 * sample.value for sample in samples) + by_phase[QUEUE][-1]
        by_phase[OUTSIDE].append(fmean(waited_ms) - inside_ms)
    return {phase: mean_interval(values) for phase, values in by_phase.items()}
