"""Is the record whole? A trial that was cut short, or whose record has holes, proves nothing."""

from __future__ import annotations

from harness.model.evidence import Evidence
from harness.model.findings import Finding
from harness.model.outcome import Verdict


def check_completeness(evidence: Evidence) -> Finding:
    """Compare the ops on disk with the number that the generator says it wrote."""
    told = [int(sample.value) for sample in evidence.samples if sample.metric == "recorded"]
    if not evidence.complete or not told:
        return Finding(
            check="record",
            verdict=Verdict.UNDECIDED,
            summary="The trial was interrupted",
            measured=f"{len(evidence.ops)} requests on record",
            trial=evidence.trial.id,
        )
    missing = told[0] - len(evidence.ops)
    in_window = _in_window(evidence)
    if missing == 0 and in_window == 0:
        return Finding(
            check="record",
            verdict=Verdict.UNDECIDED,
            summary="No request came to its end in the measured window",
            measured="0 requests",
            trial=evidence.trial.id,
        )
    return Finding(
        check="record",
        verdict=Verdict.FAIL if missing else Verdict.PASS,
        summary="The record has holes" if missing else "Every request is on record",
        measured=f"{len(evidence.ops)} requests on record",
        limit=f"{told[0]} sent",
        count=abs(missing),
        trial=evidence.trial.id,
    )


def _in_window(evidence: Evidence) -> int:
    window = evidence.window
    if window is None:
        return 0
    return sum(window.start_ns <= op.ended_ns < window.end_ns for op in evidence.ops)
