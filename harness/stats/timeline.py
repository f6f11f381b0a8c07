"""A block on one time axis: requests and latency by bins, and the windows of its faults."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from harness.findings import Timeline, TimelinePoint

NS_PER_S = 1e9
NS_PER_MS = 1e6


def timeline(
    block: int, ops: pd.DataFrame, faults: Sequence[tuple[int, int, str]], *, origin_ns: int, bin_s: float
) -> Timeline:
    """Bin the ops of a block by the time they ended.

    Args:
        block: Its number.
        ops: Columns of ``Op`` and ``target``; only those that ended well are counted.
        faults: Start and end in ns, and what was in force.
        origin_ns: Where the axis begins.
        bin_s: Width of a bin in seconds.
    """
    ok = ops[ops["outcome"] == "ok"]
    number = ((ok["ended_ns"] - origin_ns) / NS_PER_S // bin_s).astype(int)
    latency_ms = (ok["ended_ns"] - ok["intended_ns"]) / NS_PER_MS
    grouped = latency_ms.groupby([ok["target"], number.rename("bin")]).agg(["size", "median"])
    points = tuple(
        TimelinePoint(t_s=number * bin_s, target=target, rps=size / bin_s, p50_ms=median)
        for (target, number), size, median in zip(
            grouped.index, grouped["size"].to_list(), grouped["median"].to_list(), strict=True
        )
    )
    windows = tuple(
        ((start - origin_ns) / NS_PER_S, (end - origin_ns) / NS_PER_S, detail)
        for start, end, detail in faults
    )
    return Timeline(block=block, bin_s=bin_s, points=points, faults=windows)
