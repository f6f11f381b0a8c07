"""Does the database hold what clients were told? Per write, by the key that it put on each row."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.model.evidence import Evidence
from harness.model.findings import Case, Finding, Findings, Quantity, in_unit, known_facts
from harness.model.ledger import Ledger
from harness.model.request_record import Op, Outcome
from harness.model.verdict import Verdict
from harness.model.write_status import OFFENCES, WriteStatus, status_of_write


@dataclass(frozen=True)
class Judged:
    """One write: every request under its key, the rows that carry it, and what became of it."""

    status: WriteStatus
    key: str
    sent: tuple[Op, ...]
    rows: Mapping[str, int]

    def as_case(self) -> Case:
        """Return what was asked for, told and stored."""
        return Case(code=code_of(self.status), facts={"key": self.key}, ops=self.sent, rows=self.rows)


def check_writes(evidence: Evidence) -> Findings:
    """Reconcile every write with the ledger.

    ``partial``: some rows, not all; ``lost``: acknowledged, not there; ``ghost``: refused, yet there;
    ``duplicate``: more rows than one write makes; ``phantom``: rows of a key that no client sent.
    A write of unknown outcome may be there or not; which of the two it was is told.
    """
    if not evidence.complete or evidence.ledger is None:
        yield Finding(check="writes", verdict=Verdict.UNDECIDED, code="ledger_not_read", subject=evidence.trial.id)
        return
    if not evidence.ledger.effects.by_key:
        yield Finding(check="writes", verdict=Verdict.UNDECIDED, code="no_write_key", subject=evidence.trial.id)
        return
    judged = list(judge_writes(evidence.ops, evidence.ledger))
    offences = [write for write in judged if write.status in OFFENCES]
    kinds = {op.name for op in evidence.ops if op.key}
    never = sorted(kinds - {op.name for op in evidence.ops if op.outcome is Outcome.OK})
    if offences:
        verdict, code = Verdict.FAIL, gravest(write.status for write in offences)
    elif never:
        verdict, code = Verdict.UNDECIDED, "operations_never_succeeded"
    elif not kinds:
        verdict, code = Verdict.UNDECIDED, "no_write"
    else:
        verdict, code = Verdict.PASS, "whole"
    yield Finding(
        check="writes",
        verdict=verdict,
        code=code,
        values={**tally(write.status for write in judged), **in_unit("writes", writes=len(judged), limit=0)},
        facts=known_facts(statuses=statuses(write.status for write in offences), operations=", ".join(never)),
        count=len(offences),
        first=offences[0].as_case() if offences else None,
        worst=max(offences, key=lambda write: sum(write.rows.values())).as_case() if offences else None,
        subject=evidence.trial.id,
    )


def judge_writes(ops: Sequence[Op], ledger: Ledger) -> Iterator[Judged]:
    """Return what became of every write of a trial: those that were sent, in their order, and those that were not."""
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


def with_write(case: Case, op: Op, evidence: Evidence) -> Case:
    """Return a case with the write that a request belongs to, and with what became of it where rows carry a key."""
    if evidence.ledger is None or not evidence.ledger.effects.by_key:
        return replace(case, ops=(*case.ops, op))
    write = next(write for write in judge_writes(evidence.ops, evidence.ledger) if write.key == op.key)
    facts = {**case.facts, "key": write.key, "status": write.status.value}
    return replace(case, facts=facts, ops=(*case.ops, *write.sent), rows=write.rows)


def code_of(status: WriteStatus) -> str:
    """Return the code of a status."""
    return status.name.lower()


def gravest(offences: Iterable[WriteStatus]) -> str:
    """Return the code of the gravest of some offences, in the order of ``WriteStatus``."""
    found = set(offences)
    return next(code_of(status) for status in WriteStatus if status in found)


def tally(found: Iterable[WriteStatus]) -> dict[str, Quantity]:
    """Count writes by their status; those of which there is none are left out."""
    counts = Counter(found)
    return in_unit("writes", **{code_of(status): counts[status] for status in WriteStatus if counts[status]})


def statuses(found: Iterable[WriteStatus]) -> str:
    """Name some statuses, each once."""
    return ", ".join(sorted(set(found)))
