"""What garbage collections take of a target's processor time, by its own account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.analysis.cells import Measured, by_block
from harness.analysis.stats.intervals import mean_interval
from harness.model.evidence import Sample
from harness.model.measures import CellName, GarbageShare, Interval

FULL = 2  # the generation that holds all that has lived long


def told_of_garbage(measured: Sequence[Measured]) -> bool:
    """Whether a target told of its collections and of its processor time in every trial."""
    return bool(measured) and all(_read(trial, "processor_s") and _read(trial, "collections_s") for trial in measured)


def garbage_share(name: CellName, measured: Sequence[Measured]) -> GarbageShare:
    """Fold all trials of a cell; whole trials, warm-up included, as a target tells of itself at their ends only."""
    blocks = list(by_block(measured).values())
    full = [
        sample for trial in measured for sample in _read(trial, "collections_s") if sample.fields["generation"] == FULL
    ]
    count = sum(sample.fields["collections"] for sample in full)
    requests = sum(sample.value for trial in measured for sample in _read(trial, "requests"))
    return GarbageShare(
        **vars(name),
        full=_mean([_share(block, (FULL,)) for block in blocks]),
        all=_mean([_share(block, range(FULL + 1)) for block in blocks]),
        full_ms=1e3 * sum(sample.value for sample in full) / count if count else 0.0,
        requests_each=requests / count if count else 0.0,
    )


def _mean(shares: Sequence[float]) -> Interval:
    """Return the mean of a share of each block; nothing is less than none of it."""
    known = mean_interval(shares)
    return replace(known, low=None if known.low is None else max(0.0, known.low))


def _share(block: Sequence[Measured], generations: Sequence[int]) -> float:
    taken_s = sum(
        sample.value
        for trial in block
        for sample in _read(trial, "collections_s")
        if sample.fields["generation"] in generations
    )
    used_s = sum(sample.value for trial in block for sample in _read(trial, "processor_s"))
    return taken_s / used_s if used_s else 0.0


def _read(trial: Measured, metric: str) -> list[Sample]:
    return [sample for sample in trial.record.samples if sample.probe == "served" and sample.metric == metric]
