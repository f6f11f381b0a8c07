"""Was every request answered as it should be? A comparison of failures is a comparison of nothing."""

from __future__ import annotations

from harness.model.evidence import Evidence
from harness.model.findings import Case, Finding, Findings, in_unit, known_facts
from harness.model.request_record import Op, Outcome
from harness.model.verdict import Verdict


def check_success_rate(evidence: Evidence) -> Findings:
    """Look for requests that did not end in a 2xx, and for operations that never succeeded."""
    wrong = [op for op in evidence.ops if op.outcome is not Outcome.OK]
    succeeded = {op.name for op in evidence.ops if op.outcome is Outcome.OK}
    never = sorted(set(evidence.scenario.mix) - succeeded)
    if not evidence.complete:
        # whatever ended the trial may have ended its requests, too
        verdict, code = Verdict.UNDECIDED, "interrupted"
    elif wrong:
        verdict, code = Verdict.FAIL, "requests_failed"
    elif never:
        verdict, code = Verdict.UNDECIDED, "operations_never_succeeded"
    else:
        verdict, code = Verdict.PASS, "all_succeeded"
    yield Finding(
        check="success_rate",
        verdict=verdict,
        code=code,
        values=in_unit("requests", failed=len(wrong), requests=len(evidence.ops), limit=0),
        facts=known_facts(operations=", ".join(never)),
        count=len(wrong),
        first=_case(wrong[0]) if wrong else None,
        worst=_case(max(wrong, key=lambda op: op.took_ms)) if wrong else None,
        subject=evidence.trial.id,
    )


def _case(op: Op) -> Case:
    return Case(code="request_failed", values=in_unit("ms", took=op.took_ms), ops=(op,))
