"""How a comparison in slices used its time, and which slices it left out because the machine held them up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from harness.analysis.cells import Measured, by_block, paired, rates
from harness.analysis.ratios import held_up
from harness.analysis.stats.slices import own_pauses
from harness.model.measures import CellName, HeldUp, TimeUse
from harness.model.plan import Plan, Scenario


def time_use(trials: Mapping[CellName, Sequence[Measured]]) -> TimeUse | None:
    """Add up all slices, from the start of the first to the end of the last; None without any."""
    slices = [one for measured in trials.values() for trial in measured for one in trial.record.slices]
    if not slices:
        return None
    return TimeUse(
        whole_s=(max(one.over_ns for one in slices) - min(one.start_ns for one in slices)) / 1e9,
        loaded_s=sum(one.whole.duration_s for one in slices),
        counted_s=sum(one.counted.duration_s for one in slices),
        slices=len(slices),
    )


def held_up_rows(
    plan: Plan, trials: Mapping[CellName, Sequence[Measured]], scenarios: Mapping[str, Scenario]
) -> Iterator[HeldUp]:
    """Return the comparisons of throughput of which slices were held up; of medians none is left out."""
    for name in (name for name in trials if scenarios[name.scenario].shape.pace_s is None):
        for other in (second for first, second in plan.pairs if first == name.target):
            both = paired(trials, name, other)
            counts = [[sum(block) for block in held_up(of)] for of in both]
            if sum(map(sum, counts)):
                yield HeldUp(
                    scenario=name.scenario,
                    added_ms=name.added_ms,
                    first=name.target,
                    second=other,
                    of_first=sum(counts[0]),
                    of_second=sum(counts[1]),
                    slices_each=sum(len(rates(block)) for block in both[0]),
                    left_out=not own_pauses(*counts),
                )


def held_up_by_block(trials: Mapping[CellName, Sequence[Measured]], scenarios: Mapping[str, Scenario]) -> Counter[int]:
    """Count the slices of each block that were held up, where throughput is compared."""
    counts: Counter[int] = Counter()
    for name, measured in trials.items():
        if scenarios[name.scenario].shape.pace_s is None:
            blocks = by_block(measured)
            counts.update(dict(zip(blocks, map(sum, held_up(list(blocks.values()))), strict=True)))
    return counts
