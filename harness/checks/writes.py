"""Does the database hold what clients were told? Per write, by the key that it put on each row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.findings import Finding
from harness.model import Evidence, Op, Outcome, Verdict

# Rows per table that one write must leave, all of them or none.
WHOLE: Mapping[str, Mapping[str, int]] = {
    "create_user": {"users": 1, "posts": 2, "audit_log": 1},
}


@dataclass(frozen=True)
class Offence:
    """One write key whose rows do not agree with what its client was told."""

    name: str
    key: str
    told: str
    rows: Mapping[str, int]

    def __str__(self) -> str:
        held = ", ".join(f"{count} in {table}" for table, count in self.rows.items())
        return f"{self.name}: key {self.key}, told {self.told}, stored {held}"


def check_writes(evidence: Evidence) -> Finding:
    """Reconcile every write with the ledger.

    ``partial``: some rows, not all; ``lost``: acknowledged, not there; ``ghost``: refused, yet there;
    ``duplicate``: more rows than one write makes; ``phantom``: rows of a key that no client sent.
    An outcome of "unknown" may be all or nothing.
    """
    if not evidence.complete or evidence.ledger is None:
        return _finding(evidence, Verdict.UNDECIDED, "The ledger was not read", [], 0)
    writes = [op for op in evidence.ops if op.key]
    if not any(op.outcome is Outcome.OK for op in writes):
        return _finding(evidence, Verdict.UNDECIDED, "No write ever succeeded", [], len(writes))
    offences = [offence for op in writes if (offence := _judge(op, _rows(evidence, op.key)))]
    sent = {op.key for op in writes}
    stored = {key for counts in evidence.ledger.rows.values() for key in counts}
    offences += [Offence("phantom", key, "nothing", _rows(evidence, key)) for key in sorted(stored - sent)]
    if offences:
        kinds = sorted({offence.name for offence in offences})
        return _finding(evidence, Verdict.FAIL, f"Writes are {', '.join(kinds)}", offences, len(writes))
    return _finding(evidence, Verdict.PASS, "Every write is whole and as its client was told", [], len(writes))


def _judge(op: Op, rows: Mapping[str, int]) -> Offence | None:
    whole = WHOLE[op.name]
    none = not any(rows.values())
    if any(rows[table] > count for table, count in whole.items()):
        name = "duplicate"
    elif not none and any(rows[table] != count for table, count in whole.items()):
        name = "partial"
    elif none and op.outcome is Outcome.OK:
        name = "lost"
    elif not none and op.outcome in {Outcome.FAIL, Outcome.UNSENT}:
        name = "ghost"
    else:
        return None
    return Offence(name, op.key, f"{op.outcome} {op.status or ''}".strip(), rows)


def _rows(evidence: Evidence, key: str) -> dict[str, int]:
    assert evidence.ledger is not None  # noqa: S101 - the caller has looked
    return {table: counts.get(key, 0) for table, counts in evidence.ledger.rows.items()}


def _finding(evidence: Evidence, verdict: Verdict, summary: str, offences: list[Offence], attempted: int) -> Finding:
    return Finding(
        check="writes",
        verdict=verdict,
        summary=summary,
        measured=f"{len(offences)} offences in {attempted} writes",
        limit="0",
        count=len(offences),
        first=str(offences[0]) if offences else "",
        worst=str(max(offences, key=lambda offence: sum(offence.rows.values()))) if offences else "",
        trial=evidence.trial.id,
    )
