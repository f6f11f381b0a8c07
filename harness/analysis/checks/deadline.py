"""Did any request outlive the time limits of the target? Under a fault, what has no limit hangs."""

from __future__ import annotations

from harness.model.evidence import Evidence
from harness.model.findings import Case, Finding, Findings, in_unit
from harness.model.request_record import Op
from harness.model.verdict import Verdict

DEADLINE_S = 6.0  # one second over the longest course that the targets' own time limits allow, which is 5 s


def check_deadline(evidence: Evidence) -> Findings:
    """See that no request outlived the time limits of the target."""
    late = [op for op in evidence.ops if op.took_ms / 1e3 > DEADLINE_S]
    if not evidence.ops:
        verdict, code = Verdict.UNDECIDED, "no_requests"
    elif late:
        verdict, code = Verdict.FAIL, "deadline_outlived"
    else:
        verdict, code = Verdict.PASS, "within_deadline"
    longest_s = {"longest": max(op.took_ms for op in evidence.ops) / 1e3} if evidence.ops else {}
    yield Finding(
        check="deadline",
        verdict=verdict,
        code=code,
        values=in_unit("s", limit=DEADLINE_S, **longest_s),
        count=len(late),
        first=_case(late[0]) if late else None,
        worst=_case(max(late, key=lambda op: op.took_ms)) if late else None,
        subject=evidence.trial.id,
    )


def _case(op: Op) -> Case:
    return Case(code="deadline_outlived", values=in_unit("s", took=op.took_ms / 1e3), ops=(op,))
