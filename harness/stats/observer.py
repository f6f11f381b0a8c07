"""What probes cost: how much of its throughput a target keeps with them inside."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from scipy.stats import trim_mean

from harness.findings import Comparison, Interval, Observed
from harness.model import Target, TurnReading
from harness.stats.intervals import ratio_interval

TRIMMED = 0.2  # of the rounds of a block, at either end


def observed(targets: Iterable[Target], comparisons: Iterable[Comparison]) -> Iterator[Observed]:
    """Pick out the comparisons of a target without probes, which comes first, with the same with some, by throughput.

    Args:
        targets: All targets of the run.
        comparisons: Its comparisons; a ratio is first/second.
    """
    by_name = {target.name: target for target in targets}
    for comparison in comparisons:
        plain, probed = by_name[comparison.first], by_name[comparison.second]
        if comparison.metric == "throughput" and probed.probes and replace(probed, name=plain.name, probes=()) == plain:
            yield Observed(
                scenario=comparison.scenario,
                level_ms=comparison.level_ms,
                plain=plain.name,
                probed=probed.name,
                share=_inverse(comparison.ratio),
            )


def kept(readings: Iterable[TurnReading]) -> Iterator[Observed]:
    """Say what share of its throughput each target keeps with probes inside, of rounds in turns.

    A block's share is that of its rounds, by the mean of their logarithms without the fifth at either end: a shared
    machine holds up single rounds, and one held up tells nothing of probes (Tukey, "A survey of sampling from
    contaminated distributions", 1960). The interval is over blocks. In two of 240 there were turns that took less than
    nothing, without what the other process worked: a clock was wrong, and such a block tells nothing.
    """
    shares: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for one in readings:
        if min((*one.plain_ms, *one.probed_ms), default=0.0) > 0:
            logs = [math.log(plain / probed) for plain, probed in zip(one.plain_ms, one.probed_ms, strict=True)]
            shares[one.scenario, one.plain, one.probed].append(math.exp(float(trim_mean(logs, TRIMMED))))
    for (scenario, plain, probed), by_block in sorted(shares.items()):  # blocks come in an order of their own
        share = ratio_interval(by_block, [1.0] * len(by_block))
        yield Observed(scenario=scenario, level_ms=0, plain=plain, probed=probed, share=share)


def _inverse(ratio: Interval) -> Interval:
    return Interval(
        value=1 / ratio.value if ratio.value else 0.0,
        low=1 / ratio.high if ratio.high else None,
        high=1 / ratio.low if ratio.low else None,
        blocks=ratio.blocks,
    )
