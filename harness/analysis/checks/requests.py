"""Where does the time of a request go, and is it handed from task to task on its way?

A request that Starlette's ``BaseHTTPMiddleware`` passes on is served by a task of its own, through a stream; each such
middleware costs a good part of the throughput that a pure ASGI middleware leaves.
"""

from __future__ import annotations

import statistics
from collections import Counter

from harness.model.evidence import Evidence
from harness.model.findings import Finding
from harness.model.measures import PHASES, QUEUE
from harness.model.outcome import Verdict

MOST_HANDED_ON = 0.5  # of all requests


def check_requests(evidence: Evidence) -> Finding:
    """Say where the median request's time went, and fail where most requests are served by another task."""
    heard = [sample for sample in evidence.samples if (sample.probe, sample.metric) == ("requests", "took_s")]
    if not heard:
        return Finding(
            check="requests",
            verdict=Verdict.UNDECIDED,
            summary="No request was looked into",
            count=1,
            trial=evidence.trial.id,
        )
    handed_on = Counter(sample.labels["handed_on"] for sample in heard if sample.labels["handed_on"])
    often = handed_on.total() > MOST_HANDED_ON * len(heard)
    whole_s = sum(sample.value for sample in heard)
    parts = {phase: sum(float(sample.labels[phase]) for sample in heard) / whole_s for phase in PHASES}
    told = ", ".join(f"{phase} {part:.0%}" for phase, part in parts.items())
    queued_ms = [1e3 * float(sample.labels[QUEUE]) for sample in heard if sample.labels[QUEUE]]
    queued = f" after {statistics.median(queued_ms):.2f} ms in the queue" if queued_ms else ""
    size = statistics.median(int(sample.labels["bytes"]) for sample in heard)
    at_once = max(int(sample.labels["in_flight"]) for sample in heard) + 1
    return Finding(
        check="requests",
        verdict=Verdict.FAIL if often else Verdict.PASS,
        summary=f"{handed_on.total()} of {len(heard)} requests were handed to another task"
        if often
        else "Requests are served by the task that they come in",
        measured=f"median {1e3 * statistics.median(sample.value for sample in heard):.2f} ms{queued}; {told}; "
        f"median answer {size:.0f} bytes; at most {at_once} at once",
        limit=f"{MOST_HANDED_ON:.0%} of all requests",
        count=handed_on.total() if often else 0,
        first=handed_on.most_common(1)[0][0] if often else "",
        trial=evidence.trial.id,
    )
