"""Was one record one request? A client library that re-sends in secret makes two executions of one."""

from __future__ import annotations

from harness.model.evidence import Evidence
from harness.model.findings import Finding, Findings, in_unit
from harness.model.request_record import Outcome
from harness.model.verdict import Verdict


def check_duplicate_requests(evidence: Evidence) -> Findings:
    """Compare the requests that reached the application with those that clients sent."""
    served = [int(sample.value) for sample in evidence.samples if sample.probe == "served"]
    if not evidence.complete or not served:
        yield Finding(
            check="duplicate_requests",
            verdict=Verdict.UNDECIDED,
            code="requests_not_counted",
            subject=evidence.trial.id,
        )
        return
    sent = sum(op.outcome is not Outcome.UNSENT for op in evidence.ops)
    # A request whose connection broke may have died on its way: fewer are no re-send, but only as many.
    unanswered = sum(op.outcome is Outcome.UNKNOWN and op.status == 0 for op in evidence.ops)
    extra = served[0] - sent
    if extra > 0:
        code, count = "requests_duplicated", extra
    elif extra < -unanswered:
        code, count = "requests_never_arrived", -extra - unanswered
    else:
        code, count = "served_once", 0
    yield Finding(
        check="duplicate_requests",
        verdict=Verdict.FAIL if count else Verdict.PASS,
        code=code,
        values=in_unit("requests", served=served[0], sent=sent, unanswered=unanswered),
        count=count,
        subject=evidence.trial.id,
    )
