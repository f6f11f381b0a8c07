"""Does the database hold what clients were told? Per write, by the key that it put on each row."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.model.evidence import Evidence, Ledger, Op
from harness.model.findings import Finding
from harness.model.outcome import Outcome, Verdict
from harness.model.write_status import OFFENCES, WriteStatus, status_of_write


@dataclass(frozen=True)
class Judged:
    """One write: every request under its key, the rows that carry it, and what became of it."""

    status: WriteStatus
    key: str
    sent: tuple[Op, ...]
    rows: Mapping[str, int]

    def __str__(self) -> str:
        """Tell what was asked for, told and stored."""
        told = "; ".join(f"{op.name} #{op.id}, told {op.outcome} {op.status or op.error}".strip() for op in self.sent)
        held = ", ".join(f"{count} in {table}" for table, count in self.rows.items())
        asked = f"; asked for {self.sent[0].asked}" if self.sent else ""
        return f"{self.status}: key {self.key}: {told or 'sent by nobody'}, stored {held}{asked}"


def check_writes(evidence: Evidence) -> Finding:
    """Reconcile every write with the ledger.

    ``partial``: some rows, not all; ``lost``: acknowledged, not there; ``ghost``: refused, yet there;
    ``duplicate``: more rows than one write makes; ``phantom``: rows of a key that no client sent.
    A write of unknown outcome may be there or not; which of the two it was is told.
    """
    if not evidence.complete or evidence.ledger is None:
        return _finding(evidence, Verdict.UNDECIDED, "The ledger was not read", [])
    if not evidence.ledger.effects.by_key:
        return _finding(evidence, Verdict.UNDECIDED, "Rows carry no key of the write that made them", [])
    judged = list(judge_writes(evidence.ops, evidence.ledger))
    kinds = {op.name for op in evidence.ops if op.key}
    never = sorted(kinds - {op.name for op in evidence.ops if op.outcome is Outcome.OK})
    offences = [write for write in judged if write.status in OFFENCES]
    if offences:
        names = sorted({write.status for write in offences})
        return _finding(evidence, Verdict.FAIL, f"Writes are {', '.join(names)}", judged)
    if never or not kinds:
        summary = f"No {' and no '.join(never) or 'write'} ever succeeded"
        return _finding(evidence, Verdict.UNDECIDED, summary, judged)
    return _finding(evidence, Verdict.PASS, "Every write is whole and as its client was told", judged)


def judge_writes(ops: Sequence[Op], ledger: Ledger) -> Iterator[Judged]:
    """Tell what became of every write: those that were sent, in their order, and those that were not.

    Args:
        ops: Every request of a trial.
        ledger: How many rows there are by table and key, and what each write must leave.
    """
    rows = ledger.rows
    by_key: dict[str, list[Op]] = defaultdict(list)
    for op in ops:
        if op.key:
            by_key[op.key].append(op)
    for key, sent in by_key.items():
        held = {table: counts.get(key, 0) for table, counts in rows.items()}
        owed = ledger.effects.owed(sent[0].name, named=any(op.named for op in sent))
        status = status_of_write(owed, {op.outcome for op in sent}, held)
        yield Judged(status, key, tuple(sent), held)
    stored = {key for counts in rows.values() for key in counts}
    for key in sorted(stored - by_key.keys()):
        yield Judged(WriteStatus.PHANTOM, key, (), {table: counts.get(key, 0) for table, counts in rows.items()})


def _finding(evidence: Evidence, verdict: Verdict, summary: str, judged: Sequence[Judged]) -> Finding:
    offences = [write for write in judged if write.status in OFFENCES]
    worst = max(offences, key=lambda write: sum(write.rows.values()), default="")
    return Finding(
        check="writes",
        verdict=verdict,
        summary=summary,
        measured=f"{len(judged)} writes: {_tally(judged)}",
        limit="0 offences",
        count=len(offences),
        first=str(offences[0]) if offences else "",
        worst=str(worst),
        trial=evidence.trial.id,
    )


def _tally(judged: Sequence[Judged]) -> str:
    counts = Counter(write.status for write in judged)
    return ", ".join(f"{counts[status]:,} {status}" for status in WriteStatus if counts[status]) or "none"
