"""Did the sums hold, in every read and in the ledger? A write that is whole can still have been lost to another."""

from __future__ import annotations

import json

from harness.analysis.checks.writes import with_write
from harness.model.evidence import Evidence
from harness.model.findings import Case, Finding, Findings, in_unit
from harness.model.request_record import Outcome
from harness.model.verdict import Verdict


def check_invariants(evidence: Evidence) -> Findings:
    """Compare every sum that a client read, and those of the ledger, with what was seeded.

    With the first that does not hold, the last write that moves it is shown of those that had been acknowledged before
    it was read.
    """
    if evidence.ledger is None or not evidence.ledger.facts:
        yield Finding(check="invariants", verdict=Verdict.UNDECIDED, code="ledger_not_read", subject=evidence.trial.id)
        return
    facts, sum_read = evidence.ledger.facts, evidence.ledger.effects.sum_read
    read = [op for op in evidence.ops if sum_read and op.name == sum_read.operation and op.outcome is Outcome.OK]
    wrong = [
        op for op in read if sum_read and json.loads(op.said)[sum_read.field] != facts[sum_read.invariant].expected
    ]
    offences = [Case(code="read_sum_differs", ops=(op,)) for op in wrong]
    if sum_read and wrong:
        moved = [op for op in evidence.ops if op.name in sum_read.moved_by and op.outcome is Outcome.OK]
        before = [op for op in moved if op.ended_ns <= wrong[0].started_ns]
        if before:
            offences[0] = with_write(offences[0], max(before, key=lambda op: op.ended_ns), evidence)
    offences += [
        Case(
            code="ledger_sum_differs",
            facts={"name": name},
            values=in_unit("rows", found=fact.value, expected=fact.expected),
        )
        for name, fact in facts.items()
        if fact.value != fact.expected
    ]
    if offences:
        verdict, code = Verdict.FAIL, "sums_differ"
    elif sum_read and not read:
        verdict, code = Verdict.UNDECIDED, "sum_never_read"
    else:
        verdict, code = Verdict.PASS, "sums_held"
    yield Finding(
        check="invariants",
        verdict=verdict,
        code=code,
        values={**in_unit("sums", sums=len(facts)), **in_unit("reads", reads=len(read))},
        count=len(offences),
        first=offences[0] if offences else None,
        worst=offences[-1] if offences else None,
        subject=evidence.trial.id,
    )
