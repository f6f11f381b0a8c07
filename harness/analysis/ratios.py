"""The ratio of two targets in one row: the logarithm of it in each unit of which statistics are made."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain, islice

from harness.analysis.cells import Measured, costs, processor_s, rates, rounds_p50_ms, throughput_rps
from harness.analysis.stats.anytime import anytime_interval
from harness.analysis.stats.compare import Metric
from harness.analysis.stats.intervals import mean_interval
from harness.analysis.stats.slices import are_held_up, log_rate_ratios, own_pauses
from harness.model.measures import Interval
from harness.model.plan import Plan

Blocks = Sequence[Sequence[Measured]]
OF_BLOCK: Mapping[Metric, Callable[[Sequence[Measured]], list[float]]] = {
    "throughput": lambda block: [throughput_rps(block)],
    "p50": rounds_p50_ms,
    "processor": lambda block: [processor_s(block)],
}


def log_ratios(metric: Metric, blocks: Blocks, others: Blocks) -> list[float]:
    """Return the logarithm of first/second of each round of slices, or of each block of whole trials.

    A round has a slice of each target. Blocks in which either has no value are left out.
    """
    if metric != "p50" and blocks and blocks[0][0].record.slices:
        return _of_throughput(blocks, others) if metric == "throughput" else _of_processor(blocks, others)
    first, second = ([value for block in of for value in OF_BLOCK[metric](block)] for of in (blocks, others))
    # a nan compares as false, so it is left out as well
    return [math.log(one / other) for one, other in zip(first, second, strict=True) if one > 0 and other > 0]


def interval_of(plan: Plan, together: int) -> Callable[[Sequence[float]], Interval]:
    """Return what makes the interval of a mean, of which ``together`` are shown."""
    return partial(anytime_interval, comparisons=together) if plan.sliced else mean_interval


def held_up(blocks: Blocks) -> list[list[bool]]:
    """Say of each slice of each block whether the machine held it up, by what is usual over all blocks."""
    told = iter(are_held_up([*chain(*map(rates, blocks))], [*chain(*map(costs, blocks))]))
    return [list(islice(told, len(rates(block)))) for block in blocks]


def _of_throughput(blocks: Blocks, others: Blocks) -> list[float]:
    """Leave out rounds that the machine held up, unless a target holds itself up."""
    first, second = held_up(blocks), held_up(others)
    own = own_pauses(*([sum(block) for block in of] for of in (first, second)))
    rounds = [
        pair
        for one, other, *out in zip(blocks, others, first, second, strict=True)
        for pair, *held in zip(zip(rates(one), rates(other), strict=True), *out, strict=True)
        if own or not any(held)
    ]
    return log_rate_ratios([one for one, _ in rounds], [other for _, other in rounds])


def _of_processor(blocks: Blocks, others: Blocks) -> list[float]:
    """Turn requests for each second of a processor into seconds for each request."""
    first, second = ([one for block in of for one in costs(block)] for of in (blocks, others))
    return [-value for value in log_rate_ratios(first, second)]
