"""Was one record one request? A client library that re-sends in secret makes two executions of one."""

from __future__ import annotations

from harness.model.evidence import Evidence
from harness.model.findings import Finding
from harness.model.outcome import Outcome, Verdict


def check_duplicate_requests(evidence: Evidence) -> Finding:
    """Compare the requests that reached the application with those that clients sent."""
    served = [int(sample.value) for sample in evidence.samples if sample.probe == "served"]
    if not evidence.complete or not served:
        return Finding(
            check="resends",
            verdict=Verdict.UNDECIDED,
            summary="The target's own count of requests is missing",
            trial=evidence.trial.id,
        )
    sent = sum(op.outcome is not Outcome.UNSENT for op in evidence.ops)
    # A request whose connection broke may have died on its way: fewer are no re-send, but only as many.
    unanswered = sum(op.outcome is Outcome.UNKNOWN and op.status == 0 for op in evidence.ops)
    extra = served[0] - sent
    if extra > 0:
        summary, count = "More requests reached the application than clients sent: hidden re-sends", extra
    elif extra < -unanswered:
        summary, count = "Answered requests that never reached the application", -extra - unanswered
    else:
        summary, count = "Each request reached the application once", 0
    return Finding(
        check="resends",
        verdict=Verdict.FAIL if count else Verdict.PASS,
        summary=summary,
        measured=f"{served[0]} served",
        limit=f"{sent} sent",
        count=count,
        trial=evidence.trial.id,
    )
