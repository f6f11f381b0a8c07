"""Did the sums hold, in every read and in the ledger? A write that is whole can still have been lost to another."""

from __future__ import annotations

import json
from collections.abc import Iterator

from harness.analysis.checks.writes import judge_writes
from harness.model.evidence import Evidence, Op
from harness.model.findings import Case, Finding, in_unit
from harness.model.outcome import Outcome, Verdict

NONE_MAY_BE = ("users_out_of_balance", "posts_of_no_user")


def check_invariants(evidence: Evidence) -> Iterator[Finding]:
    """Hold every sum that a client read, and those of the ledger, against what was seeded.

    With the first that does not hold, the last transfer is shown that had been acknowledged before it was read.
    """
    if evidence.ledger is None or not evidence.ledger.facts:
        yield Finding(check="invariants", verdict=Verdict.UNDECIDED, code="ledger_not_read", subject=evidence.subject)
        return
    facts = evidence.ledger.facts
    owed = facts["credits_owed"]
    read = [op for op in evidence.ops if op.name == "get_credits" and op.outcome is Outcome.OK]
    wrong = [op for op in read if json.loads(op.said)["credits"] != owed]
    offences = [_case_of_read(op, evidence if op is wrong[0] else None) for op in wrong]
    if facts["credits"] != owed:
        offences.append(Case(code="ledger_sum_differs", values=in_unit("credits", found=facts["credits"])))
    offences += [Case(code=name, values=in_unit("rows", found=facts[name])) for name in NONE_MAY_BE if facts[name]]
    if offences:
        verdict, code = Verdict.FAIL, "sums_differ"
    elif not read:
        verdict, code = Verdict.UNDECIDED, "sum_never_read"
    else:
        verdict, code = Verdict.PASS, "sums_held"
    yield Finding(
        check="invariants",
        verdict=verdict,
        code=code,
        values={**in_unit("credits", owed=owed), **in_unit("reads", reads=len(read))},
        count=len(offences),
        first=offences[0] if offences else None,
        worst=offences[-1] if offences else None,
        subject=evidence.subject,
    )


def _case_of_read(read: Op, evidence: Evidence | None) -> Case:
    """Return a read whose sum differs, and of ``evidence``, if given, the last transfer that was done before it."""
    case = Case(code="read_sum_differs", ops=(read,))
    if evidence is None or evidence.ledger is None:
        return case
    moved = (op for op in evidence.ops if op.name == "transfer" and op.outcome is Outcome.OK)
    last = max((op for op in moved if op.ended_ns <= read.started_ns), key=lambda op: op.ended_ns, default=None)
    if last is None:
        return case
    write = next(write for write in judge_writes(evidence.ops, evidence.ledger.rows) if write.key == last.key)
    facts = {"key": write.key, "status": write.status.value}
    return Case(code="read_sum_differs", facts=facts, ops=(read, *write.sent), rows=write.rows)
