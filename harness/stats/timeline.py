"""A block on one time axis: requests and latency by bins, and the windows of its faults."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from harness.findings import Timeline, TimelinePoint

NS_PER_S = 1e9
NS_PER_MS = 1e6


def timeline(
    block: int, ops: pd.DataFrame, faults: Sequence[tuple[int, int, str]], origin_ns: int, bin_s: float
) -> Timeline:
    """Bin the ops of a block by the time they ended.

    A bin in which a target ended requests, but none of them well, is there with a rate of 0 and no latency:
    a target that answers nothing must not look like one that was not asked.

    Args:
        block: Its number.
        ops: Columns of ``Op`` and ``target``.
        faults: Start and end in ns, and what was in force.
        origin_ns: Where the axis begins.
        bin_s: Width of a bin in seconds.
    """
    ok = ops["outcome"] == "ok"
    binned = pd.DataFrame(
        {
            "target": ops["target"],
            "bin": ((ops["ended_ns"] - origin_ns) / NS_PER_S // bin_s).astype(int),
            "ok": ok,
            "latency_ms": ((ops["ended_ns"] - ops["intended_ns"]) / NS_PER_MS).where(ok),
        }
    )
    grouped = binned.groupby(["target", "bin"]).agg({"ok": "sum", "latency_ms": "median"})
    points = tuple(
        TimelinePoint(t_s=number * bin_s, target=target, rps=served / bin_s, p50_ms=median if served else None)
        for (target, number), served, median in zip(
            grouped.index, grouped["ok"].tolist(), grouped["latency_ms"].tolist(), strict=True
        )
    )
    windows = tuple(
        ((start - origin_ns) / NS_PER_S, (end - origin_ns) / NS_PER_S, detail) for start, end, detail in faults
    )
    return Timeline(block=block, bin_s=bin_s, points=points, faults=windows)
