"""Percentiles that the sample can support, and the distribution in few points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WANTED = (0.5, 0.9, 0.95, 0.99)
# A quantile needs some observations beyond it, or it is the maximum under another name (Rally drops it, too).
MIN_BEYOND = 10
HISTOGRAM_POINTS = 60
NS_PER_MS = 1e6


def quantiles_ms(latencies_ns: NDArray[np.int64], wanted: Sequence[float] = WANTED) -> dict[str, float]:
    """Return the quantiles that have at least ten observations beyond them, in ms, as {"p50": …}.

    Args:
        latencies_ns: Latencies in nanoseconds, in any order.
        wanted: Quantiles between 0 and 1.
    """
    supported = [q for q in wanted if round(latencies_ns.size * (1 - q), 6) >= MIN_BEYOND]
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
