"""Where does the time of a request go, and is it handed from task to task on its way?

A request that Starlette's ``BaseHTTPMiddleware`` passes on is served by a task of its own, through a stream; each such
middleware costs a good part of the throughput that a pure ASGI middleware leaves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from harness.model.evidence import Evidence, Sample
from harness.model.findings import Finding, Findings, Quantity, in_unit
from harness.model.measures import PHASES, QUEUE
from harness.model.verdict import Verdict

MOST_HANDED_ON = 0.5  # of all requests


def check_requests(evidence: Evidence) -> Findings:
    """Say where the median request's time went, and fail where most requests are served by another task."""
    samples = [sample for sample in evidence.samples if (sample.probe, sample.metric) == ("requests", "took_s")]
    if not samples:
        yield Finding(
            check="requests",
            verdict=Verdict.UNDECIDED,
            code="nothing_looked_into",
            count=1,
            subject=evidence.trial.id,
        )
        return
    handed_on = Counter(sample.places["handed_on"] for sample in samples if "handed_on" in sample.places)
    often = handed_on.total() > MOST_HANDED_ON * len(samples)
    yield Finding(
        check="requests",
        verdict=Verdict.FAIL if often else Verdict.PASS,
        code="handed_on" if often else "served_in_one_task",
        values=in_unit("requests", handed_on=handed_on.total(), requests=len(samples))
        | in_unit("share", limit=MOST_HANDED_ON)
        | _measured(samples),
        place=handed_on.most_common(1)[0][0] if often else None,
        count=handed_on.total() if often else 0,
        subject=evidence.trial.id,
    )


def _measured(samples: Sequence[Sample]) -> dict[str, Quantity]:
    """Return the median request's time and size, the shares of its phases in all time, and how many were under way."""
    whole_s = sum(sample.value for sample in samples)
    queued_ms = [1e3 * sample.fields[QUEUE] for sample in samples if QUEUE in sample.fields]
    return (
        in_unit("ms", took=1e3 * median(sample.value for sample in samples))
        | (in_unit("ms", queued=median(queued_ms)) if queued_ms else {})
        | in_unit("share", **{phase: sum(sample.fields[phase] for sample in samples) / whole_s for phase in PHASES})
        | in_unit("bytes", answer=median(sample.fields["bytes"] for sample in samples))
        | in_unit("requests", at_once=max(sample.fields["in_flight"] for sample in samples) + 1)
    )
