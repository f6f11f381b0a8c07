"""What probes cost: how much of its throughput a target keeps with them inside."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from statistics import fmean, median

from harness.analysis.stats.intervals import ratio_interval
from harness.model.evidence import SliceReading
from harness.model.measures import Comparison, Interval, ProbeOverhead
from harness.model.plan import Target

TRIMMED = 0.2  # of the rounds of a block, at either end
HELD_UP = 1.5  # times as long as in its other blocks: the most that was seen in 480, but for one, was 1.45


def observed(targets: Iterable[Target], comparisons: Iterable[Comparison]) -> Iterator[ProbeOverhead]:
    """Pick out the comparisons of a target without probes, which comes first, with one with some, by throughput."""
    by_name = {target.name: target for target in targets}
    for comparison in comparisons:
        plain, probed = by_name[comparison.first], by_name[comparison.second]
        if comparison.metric == "throughput" and probed.probes and replace(probed, name=plain.name, probes=()) == plain:
            yield ProbeOverhead(
                scenario=comparison.scenario,
                added_ms=comparison.added_ms,
                plain=plain.name,
                probed=probed.name,
                share=_inverse(comparison.ratio),
            )


def kept(readings: Iterable[SliceReading]) -> Iterator[ProbeOverhead]:
    """Return what share of its throughput each target keeps with probes inside, by rounds of slices.

    A block's share is that of its rounds, by the mean of their logarithms without the fifth at either end: a shared
    machine holds up single rounds, and one held up tells nothing of probes (Tukey, "A survey of sampling from
    contaminated distributions", 1960). The interval is over blocks.

    Two kinds of block tell nothing and are left out. In two of 240 there were slices that took less than nothing,
    without what the other process worked: a clock was wrong. And in one of 480 the machine gave even the target without
    probes half of what it gave in others; whether it is such a block is for that target alone to tell, so that what
    probes cost has no say in what is counted.
    """
    blocks: dict[tuple[str, str, str], list[SliceReading]] = defaultdict(list)
    for one in readings:
        if min((*one.plain_ms, *one.probed_ms), default=0.0) > 0:
            blocks[one.scenario, one.plain, one.probed].append(one)
    for (scenario, plain, probed), known in sorted(blocks.items()):  # blocks come in an order of their own
        usual_ms = median(median(one.plain_ms) for one in known)
        shares = [_share(one) for one in known if median(one.plain_ms) <= HELD_UP * usual_ms]
        share = ratio_interval(shares, [1.0] * len(shares))
        yield ProbeOverhead(scenario=scenario, added_ms=0, plain=plain, probed=probed, share=share)


def _share(block: SliceReading) -> float:
    logs = sorted(math.log(plain / probed) for plain, probed in zip(block.plain_ms, block.probed_ms, strict=True))
    cut = int(TRIMMED * len(logs))
    return math.exp(fmean(logs[cut : len(logs) - cut]))


def _inverse(ratio: Interval) -> Interval:
    return Interval(
        value=1 / ratio.value if ratio.value else 0.0,
        low=1 / ratio.high if ratio.high else None,
        high=1 / ratio.low if ratio.low else None,
        blocks=ratio.blocks,
    )
