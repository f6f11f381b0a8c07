"""Is a twin at its best? It is held against a bare application of its own kind, which has none of its code or settings.

Where no database is reached, all that a twin adds to such an application is routing, its handlers of errors, and
whatever is wrong with its settings: an event loop that is slow, a log of every access, too few threads.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.model.findings import Finding
from harness.model.measures import FrameworkOverhead, Interval
from harness.model.outcome import Verdict
from harness.model.plan import Target

# Of the bare application's throughput, and as much more of its processor time a request.
MOST_LOST = 0.2


def check_framework_overhead(target: Target, overheads: Sequence[FrameworkOverhead]) -> Finding:
    """Fail a target of which a whole interval lies beyond the margin, by throughput or by processor time a request.

    Throughput alone would not do: where the load generator is what limits, it is the same whatever a request costs.
    Processor time alone would not do either: a target that lets requests wait spends none.
    """
    known = [one for one in overheads if one.kept.low is not None]
    if not known:
        return Finding(
            check="tuning",
            verdict=Verdict.UNDECIDED,
            summary=f"{target.name} was not held against {target.reference} in two blocks",
            count=1,
        )
    worst = min(known, key=lambda one: one.kept.value)
    slow = _below(worst.kept, 1 - MOST_LOST)
    dear = worst.processor.low is not None and worst.processor.low > 1 / (1 - MOST_LOST)
    bad = slow or dear
    return Finding(
        check="tuning",
        verdict=Verdict.FAIL if bad else Verdict.PASS,
        summary=f"{target.name} is mistuned: no other figure of it means much"
        if bad
        else f"{target.name} is near to a bare application, or at most {_possible(worst.kept):.0%} slower",
        measured=f"{worst.scenario}: {_told(worst.kept)} of the throughput of {worst.reference},"
        f" {_told(worst.processor)} of its processor time a request",
        limit=f"at least {1 - MOST_LOST:.2f} of the throughput, at most {1 / (1 - MOST_LOST):.2f} of the time",
        count=int(bad),
    )


def _below(interval: Interval, limit: float) -> bool:
    return interval.high is not None and interval.high < limit


def _possible(kept: Interval) -> float:
    """The largest share of the bare application's throughput that may be lost, by this run."""
    return max(0.0, 1 - (kept.low or 0.0))


def _told(interval: Interval) -> str:
    if interval.low is None or interval.high is None:
        return f"{interval.value:.2f}"
    return f"{interval.value:.2f} ({interval.low:.2f} to {interval.high:.2f})"
