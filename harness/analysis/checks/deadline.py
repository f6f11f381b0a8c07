"""Did any request outlive the time limits of the target? Under a fault, what has no limit hangs."""

from __future__ import annotations

from collections.abc import Iterator

from harness.model.evidence import Evidence
from harness.model.findings import Case, Finding, Verdict, in_unit
from harness.model.op import Op

DEADLINE_S = 6.0  # one second over the longest course that the targets' own time limits allow, which is 5 s


def check_deadline(evidence: Evidence) -> Iterator[Finding]:
    """See that no request outlived the time limits of the target."""
    late = [op for op in evidence.ops if _took_s(op) > DEADLINE_S]
    if not evidence.ops:
        verdict, code = Verdict.UNDECIDED, "no_requests"
    elif late:
        verdict, code = Verdict.FAIL, "deadline_outlived"
    else:
        verdict, code = Verdict.PASS, "within_deadline"
    longest_s = {"longest": max(map(_took_s, evidence.ops))} if evidence.ops else {}
    yield Finding(
        check="deadline",
        verdict=verdict,
        code=code,
        values=in_unit("s", limit=DEADLINE_S, **longest_s),
        count=len(late),
        first=_case(late[0]) if late else None,
        worst=_case(max(late, key=_took_s)) if late else None,
        subject=evidence.subject,
    )


def _case(op: Op) -> Case:
    return Case(code="deadline_outlived", values=in_unit("s", took=_took_s(op)), ops=(op,))


def _took_s(op: Op) -> float:
    return (op.ended_ns - op.started_ns) / 1e9
