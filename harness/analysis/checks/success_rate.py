"""Was every request answered as it should be? A comparison of failures is a comparison of nothing."""

from __future__ import annotations

from harness.model.evidence import Evidence, Op
from harness.model.findings import Finding
from harness.model.outcome import Outcome, Verdict

NS_PER_MS = 1e6


def check_success_rate(evidence: Evidence) -> Finding:
    """Look for requests that did not end in a 2xx, and for operations that never succeeded."""
    wrong = [op for op in evidence.ops if op.outcome is not Outcome.OK]
    succeeded = {op.name for op in evidence.ops if op.outcome is Outcome.OK}
    never = sorted(set(evidence.scenario.mix) - succeeded)
    if not evidence.complete:
        # whatever ended the trial may have ended its requests, too
        verdict, summary = Verdict.UNDECIDED, "The trial was interrupted"
    elif wrong:
        verdict, summary = Verdict.FAIL, "Requests were not answered with success"
    elif never:
        verdict, summary = Verdict.UNDECIDED, f"No {', '.join(never)} ever succeeded"
    else:
        verdict, summary = Verdict.PASS, "Every request was answered with success"
    slowest = max(wrong, key=lambda op: op.ended_ns - op.started_ns, default=None)
    return Finding(
        check="answers",
        verdict=verdict,
        summary=summary,
        measured=f"{len(wrong)} of {len(evidence.ops)} not ok",
        limit="0",
        count=len(wrong),
        first=_told(wrong[0]) if wrong else "",
        worst=_told(slowest) if slowest else "",
        trial=evidence.trial.id,
    )


def _told(op: Op) -> str:
    took_ms = (op.ended_ns - op.started_ns) / NS_PER_MS
    return f"{op.name} #{op.id}: {op.outcome} {op.status or ''} after {took_ms:.0f} ms {op.error}".strip()
