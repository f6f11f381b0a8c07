"""Is the record whole? A trial that was cut short, or whose record has holes, proves nothing."""

from __future__ import annotations

from harness.model.evidence import Evidence
from harness.model.findings import Finding, Findings, in_unit
from harness.model.verdict import Verdict


def check_completeness(evidence: Evidence) -> Findings:
    """Compare the ops on disk with the number that the generator says it wrote."""
    sent = evidence.reading("recorded")
    recorded = len(evidence.ops)
    window = evidence.window
    if not evidence.complete or sent is None:
        verdict, code = Verdict.UNDECIDED, "interrupted"
    elif sent != recorded:
        verdict, code = Verdict.FAIL, "record_has_holes"
    elif window is None or not any(window.holds(op.ended_ns) for op in evidence.ops):
        verdict, code = Verdict.UNDECIDED, "nothing_in_window"
    else:
        verdict, code = Verdict.PASS, "complete"
    yield Finding(
        check="completeness",
        verdict=verdict,
        code=code,
        values=in_unit("requests", recorded=recorded, **({} if sent is None else {"sent": sent})),
        count=abs(int(sent or 0) - recorded) if verdict is Verdict.FAIL else 0,
        subject=evidence.trial.id,
    )
