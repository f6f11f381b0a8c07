"""The mean request in parts: its phases as the probe inside saw them, and what its client waited beyond."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean

from harness.analysis.stats.intervals import mean_interval
from harness.model.evidence import Sample
from harness.model.measures import PHASES, QUEUE, Interval

OUTSIDE = "outside"


def parts_ms(blocks: Sequence[tuple[Sequence[Sample], Sequence[float]]]) -> dict[str, Interval]:
    """Return the mean milliseconds in the queue, of each phase and of ``outside``: they add up to what clients waited.

    Args:
        blocks: For each block what the probe noted of its requests (metric ``took_s``), and how long their clients
            waited, in milliseconds.

    Returns:
        Intervals over blocks by phase; nothing if a block has no request or no note of one.
    """
    by_phase: dict[str, list[float]] = defaultdict(list)
    for samples, waited_ms in blocks:
        if not samples or not waited_ms:
            return {}
        for phase in PHASES:
            by_phase[phase].append(fmean(1e3 * sample.fields[phase] for sample in samples))
        by_phase[QUEUE].append(fmean(1e3 * sample.fields.get(QUEUE, 0.0) for sample in samples))
        inside_ms = fmean(1e3 * sample.value for sample in samples) + by_phase[QUEUE][-1]
        by_phase[OUTSIDE].append(fmean(waited_ms) - inside_ms)
    return {phase: mean_interval(values) for phase, values in by_phase.items()}
