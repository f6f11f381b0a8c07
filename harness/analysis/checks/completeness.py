"""Is the record whole? A trial that was cut short, or whose record has holes, proves nothing."""

from __future__ import annotations

from collections.abc import Iterator

from harness.model.evidence import Evidence
from harness.model.findings import Finding, Verdict, in_unit


def check_completeness(evidence: Evidence) -> Iterator[Finding]:
    """Compare the ops on disk with the number that the generator says it wrote."""
    sent = [int(sample.value) for sample in evidence.samples if sample.metric == "recorded"]
    recorded = len(evidence.ops)
    values = in_unit("requests", recorded=recorded, **({"sent": sent[0]} if sent else {}))
    if not evidence.complete or not sent:
        verdict, code = Verdict.UNDECIDED, "interrupted"
    elif sent[0] != recorded:
        verdict, code = Verdict.FAIL, "record_has_holes"
    elif not _in_window(evidence):
        verdict, code = Verdict.UNDECIDED, "nothing_in_window"
    else:
        verdict, code = Verdict.PASS, "complete"
    yield Finding(
        check="completeness",
        verdict=verdict,
        code=code,
        values=values,
        count=abs(sent[0] - recorded) if verdict is Verdict.FAIL else 0,
        subject=evidence.subject,
    )


def _in_window(evidence: Evidence) -> int:
    window = evidence.window
    if window is None:
        return 0
    return sum(window.start_ns <= op.ended_ns < window.end_ns for op in evidence.ops)
