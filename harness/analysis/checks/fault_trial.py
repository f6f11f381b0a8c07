"""Checks of a trial into which a fault was injected: did it bite, did the sums hold, did anything hang or leak."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence

from harness.analysis.checks.writes import judge_writes
from harness.model.evidence import Evidence, Op
from harness.model.findings import Finding
from harness.model.outcome import Outcome, Verdict
from harness.model.write_status import recovered_s

MIN_SENT = 5
DEADLINE_S = 6.0  # one second over the longest course that the targets' own time limits allow, which is 5 s


def check_confirmed(evidence: Evidence) -> Finding:
    """Ask for the proof that the fault bit, and that some write was in the middle of its transaction then."""
    if not evidence.faults:
        return _finding("bite", evidence, Verdict.UNDECIDED, "No fault was injected")
    proof = evidence.faults[0].proof
    within = _reading(evidence, "in_transaction") or 0
    if not proof:
        return _finding("bite", evidence, Verdict.UNDECIDED, "Nothing proves that the fault bit")
    if not within:
        return _finding("bite", evidence, Verdict.UNDECIDED, "No write was in its transaction when the fault came")
    return _finding("bite", evidence, Verdict.PASS, "The fault bit", measured=f"{proof}; {within:.0f} in transaction")


def check_invariants(evidence: Evidence) -> Finding:
    """Hold every sum that a client read, and those of the ledger, against what was seeded.

    With the first that does not hold, the last write that moves it is shown of those that had been
    acknowledged before it was read.
    """
    if evidence.ledger is None or not evidence.ledger.facts:
        return _finding("balances", evidence, Verdict.UNDECIDED, "The ledger was not read")
    facts, sum_read = evidence.ledger.facts, evidence.ledger.effects.sum_read
    read = [op for op in evidence.ops if sum_read and op.name == sum_read.operation and op.outcome is Outcome.OK]
    wrong = [
        op for op in read if sum_read and json.loads(op.said)[sum_read.field] != facts[sum_read.invariant].expected
    ]
    offences = [f"{op.name} #{op.id} read {op.said}" for op in wrong]
    if sum_read and wrong:
        offences[0] += _moved_before(wrong[0], sum_read.moved_by, evidence)
    offences += [
        f"the ledger has {fact.value:,} {name}, and {fact.expected:,} are right"
        for name, fact in facts.items()
        if fact.value != fact.expected
    ]
    if offences:
        return _finding("balances", evidence, Verdict.FAIL, "Sums do not hold", found=offences)
    if sum_read and not read:
        return _finding("balances", evidence, Verdict.UNDECIDED, "No client ever read the sum")
    measured = f"{len(facts)} sums in the ledger, and one of them in {len(read)} reads"
    return _finding("balances", evidence, Verdict.PASS, "Every sum held, in every read", measured=measured)


def check_deadline(evidence: Evidence) -> Finding:
    """See that no request outlived the time limits of the target."""
    if not evidence.ops:
        return _finding("deadline", evidence, Verdict.UNDECIDED, "No request is on record")
    longest = max(evidence.ops, key=_took_s)
    late = [f"{op.name} #{op.id} took {_took_s(op):.1f} s" for op in evidence.ops if _took_s(op) > DEADLINE_S]
    verdict = Verdict.FAIL if late else Verdict.PASS
    summary = "Requests outlived their deadline" if late else "Every request ended within its deadline"
    measured = f"at most {_took_s(longest):.2f} s"
    return _finding("deadline", evidence, verdict, summary, measured=measured, limit=f"{DEADLINE_S:.0f} s", found=late)


def check_recovery(evidence: Evidence) -> Finding:
    """See that after the heal every kind of write is served again, and that nothing was kept that is to be given back.

    That is: no session in a transaction, and no connection checked out of its pool, ten seconds after the heal.
    Served means done, or refused for what it asked (4xx); a kind that was hardly sent is not judged.
    """
    if not evidence.faults or not evidence.complete:
        return _finding("recovery", evidence, Verdict.UNDECIDED, "No fault was healed")
    left = _reading(evidence, "left_in_transaction")
    out = _reading(evidence, "left_checked_out")
    if left is None or out is None:
        return _finding("recovery", evidence, Verdict.UNDECIDED, "What was left over was not counted")
    after_s = recovered_s(evidence)
    offences = _unserved(evidence)  # first, as they show a write
    if left:
        offences.append(f"{left:.0f} sessions were left in a transaction")
    if out:
        offences.append(f"{out:.0f} connections were never given back to their pool")
    if after_s is None:
        offences.append("no write was done after the heal")
    if offences:
        return _finding("recovery", evidence, Verdict.FAIL, "The target did not recover", found=offences)
    measured = f"a write was done {after_s:.2f} s after the heal"
    return _finding("recovery", evidence, Verdict.PASS, "The target recovered", measured=measured)


def _moved_before(read: Op, operations: Collection[str], evidence: Evidence) -> str:
    moved = (op for op in evidence.ops if op.name in operations and op.outcome is Outcome.OK)
    last = max((op for op in moved if op.ended_ns <= read.started_ns), key=lambda op: op.ended_ns, default=None)
    return f", after {_told(last, evidence)}" if last else ""


def _unserved(evidence: Evidence) -> list[str]:
    healed_ns = evidence.faults[0].healed_ns
    after: dict[str, list[Op]] = defaultdict(list)
    for op in sorted(evidence.ops, key=lambda op: op.started_ns):
        if op.key and op.started_ns >= healed_ns:
            after[op.name].append(op)
    return [
        f"no {name} was served after the heal; the last of {len(sent)} is {_told(sent[-1], evidence)}"
        for name, sent in sorted(after.items())
        if len(sent) >= MIN_SENT and not any(map(_served, sent))
    ]


def _served(op: Op) -> bool:
    return op.outcome is Outcome.OK or 400 <= op.status < 500  # noqa: PLR2004 - RFC 9110


def _told(op: Op, evidence: Evidence) -> str:
    """Tell of one write what was sent, told and stored."""
    if evidence.ledger is None or not evidence.ledger.effects.by_key:
        return f"{op.name} #{op.id}"
    return next(str(write) for write in judge_writes(evidence.ops, evidence.ledger) if write.key == op.key)


def _reading(evidence: Evidence, metric: str) -> float | None:
    return next((sample.value for sample in evidence.samples if sample.metric == metric), None)


def _took_s(op: Op) -> float:
    return (op.ended_ns - op.started_ns) / 1e9


def _finding(  # noqa: PLR0913 - what there is to say of a finding
    check: str,
    evidence: Evidence,
    verdict: Verdict,
    summary: str,
    *,
    measured: str = "",
    limit: str = "",
    found: Sequence[str] = (),
) -> Finding:
    return Finding(
        check=check,
        verdict=verdict,
        summary=summary,
        measured=measured,
        limit=limit,
        count=len(found),
        first=found[0] if found else "",
        worst=found[-1] if found else "",
        trial=evidence.trial.id,
    )
