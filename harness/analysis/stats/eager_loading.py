"""What a page costs by each loading strategy, over all blocks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from statistics import fmean, median

from harness.analysis.stats.intervals import mean_interval
from harness.model.evidence import PageReading
from harness.model.measures import PageCost

NAMES = ("target", "strategy", "added_ms", "users", "posts_each")
PAGE = attrgetter(*NAMES)


def page_costs(readings: Sequence[PageReading]) -> tuple[PageCost, ...]:
    """Fold readings of the same page; its time is the mean over blocks of each block's median, with the interval."""
    pages = groupby(sorted(readings, key=PAGE), PAGE)
    return tuple(
        PageCost(
            **dict(zip(NAMES, page, strict=True)),
            statements=_mean([one.statements for one in same]),
            round_trips=fmean(one.round_trips for one in same),
            bytes_down=fmean(one.bytes_down for one in same),
            answer_bytes=fmean(one.answer_bytes for one in same),
            took_ms=mean_interval([median(one.took_ms) for one in same]),
        )
        for page, same in ((page, list(readings)) for page, readings in pages)
    )


def _mean(counts: Sequence[float | None]) -> float | None:
    known = [count for count in counts if count is not None]
    return fmean(known) if len(known) == len(counts) else None
