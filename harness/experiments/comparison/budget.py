"""When a comparison has seen enough: every interval is as narrow as asked, or its time is spent.

Intervals hold at any time, so looking at them after each block, and going on only where they are wide, costs nothing
of their promise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.model.measures import Comparison

Place = tuple[str, int]  # a scenario at an added latency, in ms
WIDE = 0.5  # of the widest interval: a row that is narrower waits, so that time goes where it is needed


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much evidence to gather: so many ``blocks`` of all rows, or as ``precision`` and ``seconds`` say.

    ``precision`` is the half-width, as a share of the ratio, at which a row is narrow enough.
    """

    seconds: float
    precision: float = 0.0
    blocks: int = 0

    def due(self, places: Sequence[Place], widths: Mapping[Place, float], gone: Gone) -> list[Place]:
        """Return the rows that the next block is to have, in the order of ``places``; none if it is over.

        Args:
            places: All rows.
            widths: Half-width of the widest interval of each row, as a share; a row that has none is not narrow.
            gone: What has been run so far.
        """
        if self.blocks:
            return list(places) if gone.blocks < self.blocks else []
        wide = {place: widths.get(place, math.inf) for place in places}
        still = [place for place in places if wide[place] > self.precision]
        still = [place for place in still if wide[place] >= WIDE * max(wide[place] for place in still)]
        if not gone.rows:
            return still
        fit = int((self.seconds - gone.seconds) / (gone.seconds / gone.rows))
        widest = sorted(still, key=lambda place: -wide[place])[: max(0, fit)]
        return [place for place in still if place in widest]

    def why_over(self, widths: Iterable[float]) -> str:
        """Return the code of the reason for which nothing is due."""
        if self.blocks:
            return "blocks"
        return "precision" if max(widths, default=math.inf) <= self.precision else "time"


@dataclass(kw_only=True)
class Gone:
    """What has been run so far: blocks, rows of all of them, and seconds since the first began."""

    blocks: int = 0
    rows: int = 0
    seconds: float = 0.0


def half_width(comparison: Comparison) -> float:
    """Return the half-width of an interval as a share of its ratio, by the longer side; infinite if unbounded."""
    low, high = comparison.ratio.low, comparison.ratio.high
    if not low or high is None:
        return math.inf
    return max(high / comparison.ratio.value, comparison.ratio.value / low) - 1


def widest(comparisons: Iterable[Comparison]) -> dict[Place, float]:
    """Return the half-width of each row's widest interval."""
    widths: dict[Place, float] = {}
    for one in comparisons:
        place = one.scenario, one.added_ms
        widths[place] = max(widths.get(place, 0.0), half_width(one))
    return widths
