"""Is a twin at its best? It is held against a bare application of its own kind, which has none of its code or settings.

Where no database is reached, all that a twin adds to such an application is routing, its handlers of errors, and
whatever is wrong with its settings: an event loop that is slow, a log of every access, too few threads.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.model.findings import Finding, Verdict, in_unit
from harness.model.measures import Interval, TargetOverheads, of_interval

# Of the bare application's throughput, and as much more of its processor time a request.
MOST_LOST = 0.2


def check_framework_overhead(compared: TargetOverheads) -> Iterator[Finding]:
    """Fail a target of which a whole interval lies beyond the margin, by throughput or by processor time a request.

    Throughput alone would not do: where the load generator is what limits, it is the same whatever a request costs.
    Processor time alone would not do either: a target that lets requests wait spends none.
    """
    facts = {"target": compared.target, "reference": compared.reference}
    known = [one for one in compared.overheads if one.kept.low is not None]
    if not known:
        yield Finding(
            check="framework_overhead",
            verdict=Verdict.UNDECIDED,
            code="not_compared",
            facts=facts,
            count=1,
            subject=compared.subject,
        )
        return
    worst = min(known, key=lambda one: one.kept.value)
    slow = _below(worst.kept, 1 - MOST_LOST)
    dear = worst.processor.low is not None and worst.processor.low > 1 / (1 - MOST_LOST)
    bad = slow or dear
    yield Finding(
        check="framework_overhead",
        verdict=Verdict.FAIL if bad else Verdict.PASS,
        code="mistuned" if bad else "near_reference",
        values={
            **of_interval("kept", worst.kept),
            **of_interval("processor", worst.processor),
            **in_unit("share", possible_loss=_possible(worst.kept), least_kept=1 - MOST_LOST),
            **in_unit("ratio", most_processor=1 / (1 - MOST_LOST)),
        },
        facts={**facts, "scenario": worst.scenario},
        count=int(bad),
        subject=compared.subject,
    )


def _below(interval: Interval, limit: float) -> bool:
    return interval.high is not None and interval.high < limit


def _possible(kept: Interval) -> float:
    """The largest share of the bare application's throughput that may be lost, by this run."""
    return max(0.0, 1 - (kept.low or 0.0))
