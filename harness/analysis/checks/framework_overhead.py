"""Is a twin at its best? It is held against a bare application of its own kind, which has none of its code or settings.

Where no database is reached, all that a twin adds to such an application is routing, its handlers of errors, and
whatever is wrong with its settings: an event loop that is slow, a log of every access, too few threads.
"""

from __future__ import annotations

from harness.model.findings import Finding, Findings, in_unit
from harness.model.measures import TargetOverheads, of_interval
from harness.model.verdict import Verdict

# Of the bare application's throughput, and as much more of its processor time a request.
MOST_LOST = 0.2


def check_framework_overhead(compared: TargetOverheads) -> Findings:
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
            subject=compared.target,
        )
        return
    worst = min(known, key=lambda one: one.kept.value)
    least_kept, most_processor = 1 - MOST_LOST, 1 / (1 - MOST_LOST)
    slow = worst.kept.high is not None and worst.kept.high < least_kept
    bad = slow or (worst.processor.low is not None and worst.processor.low > most_processor)
    yield Finding(
        check="framework_overhead",
        verdict=Verdict.FAIL if bad else Verdict.PASS,
        code="mistuned" if bad else "near_reference",
        values={
            **of_interval("kept", worst.kept),
            **of_interval("processor", worst.processor, "ratio"),
            # the largest loss that this run leaves possible
            **in_unit("share", possible_loss=max(0.0, 1 - (worst.kept.low or 0.0)), least_kept=least_kept),
            **in_unit("ratio", most_processor=most_processor),
        },
        facts={**facts, "scenario": worst.scenario},
        count=int(bad),
        subject=compared.target,
    )
