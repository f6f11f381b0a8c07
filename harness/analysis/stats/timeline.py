"""A block on one time axis: requests and latency by bins, what probes saw, and the windows of its faults."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import pandas as pd

from harness.model.evidence import Sample
from harness.model.measures import InsidePoint, Timeline, TimelinePoint

NS_PER_S = 1e9
NS_PER_MS = 1e6
Metric = Literal["lag_ms", "in_use", "waiting", "statements"]
# By probe and metric: what it is on the axis, how many of its units are one of the sample's, and how a bin sums it up.
SEEN_INSIDE: dict[tuple[str, str], tuple[Metric, float, Callable[[Iterable[float]], float]]] = {
    ("loop", "lag_max_s"): ("lag_ms", 1e3, max),
    ("pool", "in_use"): ("in_use", 1, statistics.fmean),
    ("pool", "waiting"): ("waiting", 1, statistics.fmean),
    ("queries", "statements"): ("statements", 1, statistics.fmean),
}


def timeline(
    block: int,
    ops: pd.DataFrame,
    faults: Sequence[tuple[int, int, str, int]],
    seen: Sequence[tuple[str, Sample]],
    origin_ns: int,
    bin_s: float,
) -> Timeline:
    """Bin the ops of a block by the time they ended.

    A bin in which a target ended requests, but none of them well, is there with a rate of 0 and no latency:
    a target that answers nothing must not look like one that was not asked.

    ``ops`` has the columns of ``Op`` and ``target``; ``faults`` are start and end in ns, what was in force and the
    latency in ms that it adds; ``seen`` are samples of probes, each with its target. The axis begins at ``origin_ns``,
    and a bin is ``bin_s`` seconds wide.
    """
    return Timeline(
        block=block,
        bin_s=bin_s,
        points=tuple(_points(ops, origin_ns, bin_s)),
        faults=tuple(
            ((start - origin_ns) / NS_PER_S, (end - origin_ns) / NS_PER_S, detail, added_ms)
            for start, end, detail, added_ms in faults
        ),
        inside=tuple(_inside(seen, origin_ns, bin_s)),
    )


def _points(ops: pd.DataFrame, origin_ns: int, bin_s: float) -> Iterable[TimelinePoint]:
    ok = ops["outcome"] == "ok"
    binned = pd.DataFrame(
        {
            "target": ops["target"],
            "bin": ((ops["ended_ns"] - origin_ns) / NS_PER_S // bin_s).astype(int),
            "ok": ok,
            "not_ok": ~ok,
            "latency_ms": ((ops["ended_ns"] - ops["intended_ns"]) / NS_PER_MS).where(ok),
        }
    )
    grouped = binned.groupby(["target", "bin"]).agg({"ok": "sum", "not_ok": "sum", "latency_ms": "median"})
    for target, number, served, refused, median in grouped.reset_index().to_numpy().tolist():
        yield TimelinePoint(
            t_s=number * bin_s,
            target=target,
            rps=served / bin_s,
            p50_ms=median if served else None,
            not_ok_rps=refused / bin_s,
        )


def _inside(seen: Sequence[tuple[str, Sample]], origin_ns: int, bin_s: float) -> Iterable[InsidePoint]:
    bins: dict[tuple[tuple[str, str], str, int], list[float]] = defaultdict(list)
    for target, sample in seen:
        name = sample.probe, sample.metric
        if name in SEEN_INSIDE:
            bins[name, target, int((sample.t_ns - origin_ns) / NS_PER_S // bin_s)].append(sample.value)
    for (name, target, number), values in bins.items():
        metric, scale, summed_up = SEEN_INSIDE[name]
        yield InsidePoint(t_s=number * bin_s, target=target, metric=metric, value=scale * summed_up(values))
