"""What the proxy costs where nothing is injected: each target held against the same without it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from harness.analysis.cells import Measured, by_block, paired
from harness.analysis.checks.added_latency import proxy_round_trip_ms
from harness.analysis.ratios import interval_of, log_ratios
from harness.analysis.stats.intervals import exponential, mean_interval
from harness.model.measures import CellName, Interval, ProxyCost
from harness.model.run_records import RunRecord


def proxy_costs(record: RunRecord, trials: Mapping[CellName, Sequence[Measured]]) -> Iterator[ProxyCost]:
    """Return what the proxy costs each compared target that ran beside its direct twin; nothing without a proxy.

    In a sliced plan the intervals of the ratios hold at any time, all of them together; else each for itself.
    """
    targets = [target for target in record.targets if target.name in record.plan.targets and target.direct_twin]
    rows = [
        (name, target.direct_twin, *both)
        for target in targets
        for name in trials
        if name.target == target.name and all(both := paired(trials, name, target.direct_twin))
    ]
    of_ratio = interval_of(record.plan, 2 * len(rows))
    for name, direct, blocks, others in rows:
        added = _round_trip_ms(trials, name.target)
        kept = exponential(of_ratio(log_ratios("throughput", blocks, others)))
        processor = exponential(of_ratio(log_ratios("processor", blocks, others)))
        if added.blocks and kept.blocks:
            yield ProxyCost(
                scenario=name.scenario,
                target=name.target,
                direct=direct,
                round_trip_ms=added,
                kept=kept,
                processor=processor,
            )


def _round_trip_ms(trials: Mapping[CellName, Sequence[Measured]], target: str) -> Interval:
    """Mean over blocks of what a proxy that injects nothing adds to a round trip in a target's trials at 0 ms."""
    near = [trial for name, of in trials.items() if name.target == target and not name.added_ms for trial in of]
    samples = [[sample for trial in block for sample in trial.record.samples] for block in by_block(near).values()]
    return mean_interval([added for block in samples if (added := proxy_round_trip_ms(block)) is not None])
