"""What may become of a write: the one rule that every check and figure of writes applies, key by key. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from harness.model.cut_map import Cut
from harness.model.evidence import Evidence
from harness.model.outcome import Outcome

# Rows per table that one write must leave, all of them or none.
OWED: Mapping[str, Mapping[str, int]] = {
    "create_user": {"users": 1, "posts": 2, "audit_log": 1},
    "create_post": {"posts": 1, "audit_log": 1},
    "change_user": {"audit_log": 1},
    "remove_user": {"audit_log": 1},
    "transfer": {"transfers": 1, "audit_log": 1},
}
# What an Idempotency-Key adds: the answer that is kept for whoever asks again.
OWED_UNDER_A_NAME: Mapping[str, int] = {"replays": 1}


class WriteStatus(StrEnum):
    """What became of a write. The last five are offences."""

    ACKNOWLEDGED = "acknowledged"  # told done, and all rows are there
    REFUSED = "refused"  # told no, or never sent, and none is there
    COMMITTED = "committed"  # told nothing certain, and all are there: the acknowledgement was lost
    ROLLED_BACK = "rolled back"  # told nothing certain, and none is there
    PARTIAL = "partial"
    LOST = "lost"
    GHOST = "ghost"
    DUPLICATE = "duplicate"
    PHANTOM = "phantom"


OFFENCES = frozenset(
    {WriteStatus.PARTIAL, WriteStatus.LOST, WriteStatus.GHOST, WriteStatus.DUPLICATE, WriteStatus.PHANTOM}
)


def status_of_write(
    operation: str, told: Collection[Outcome], rows: Mapping[str, int], *, named: bool = False
) -> WriteStatus:
    """Hold what is stored under one key against what was told of it.

    Args:
        operation: What the write was.
        told: The outcome of every request that was sent under this key: a retry has the key of the first.
        rows: Rows per table that carry the key.
        named: Whether the requests carried an ``Idempotency-Key``.

    Raises:
        KeyError: The operation is not one of ``OWED``.
        ValueError: Nothing was told, so there is no write to judge.
    """
    if not told:
        raise ValueError("a write that nobody sent has no status but phantom")
    owed = {**OWED[operation], **(OWED_UNDER_A_NAME if named else {})}
    tables = owed.keys() | rows.keys()
    found = {table: rows.get(table, 0) for table in tables}
    if any(found[table] > owed.get(table, 0) for table in tables):
        return WriteStatus.DUPLICATE
    if not any(found.values()):
        return _nothing_there(told)
    if any(found[table] < count for table, count in owed.items()):
        return WriteStatus.PARTIAL
    return _all_there(told)


def status_of_cut(cut: Cut) -> WriteStatus:
    """Say what became of a write that was cut."""
    return status_of_write(cut.operation, {cut.outcome}, cut.rows)


def recovered_s(evidence: Evidence) -> float | None:
    """Seconds from the heal to the end of the first write that began after it and was done; None if none was."""
    if not evidence.faults:
        return None
    healed_ns = evidence.faults[0].healed_ns
    done = [op.ended_ns for op in evidence.ops if op.key and op.outcome is Outcome.OK and op.started_ns >= healed_ns]
    return (min(done) - healed_ns) / 1e9 if done else None


def _nothing_there(told: Collection[Outcome]) -> WriteStatus:
    if Outcome.OK in told:
        return WriteStatus.LOST
    return WriteStatus.ROLLED_BACK if Outcome.UNKNOWN in told else WriteStatus.REFUSED


def _all_there(told: Collection[Outcome]) -> WriteStatus:
    if Outcome.OK in told:
        return WriteStatus.ACKNOWLEDGED
    return WriteStatus.COMMITTED if Outcome.UNKNOWN in told else WriteStatus.GHOST
