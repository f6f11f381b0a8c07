"""The status of a write: the one rule that every check and figure of writes applies, key by key. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

from harness.model.cut_map import Cut
from harness.model.evidence import Evidence
from harness.model.request_record import Outcome


class WriteStatus(StrEnum):
    """The status of a write. The last five are offences."""

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


def status_of_write(owed: Mapping[str, int], told: Collection[Outcome], rows: Mapping[str, int]) -> WriteStatus:
    """Compare what is stored under one key with the answers to its requests.

    Args:
        owed: Rows per table that it must leave, all of them or none.
        told: The outcome of every request that was sent under this key: a retry has the key of the first.
        rows: Rows per table that carry the key.

    Raises:
        ValueError: Nothing was told, so there is no write to judge.
    """
    if not told:
        raise ValueError("a write that nobody sent has no status but phantom")
    tables = owed.keys() | rows.keys()
    found = {table: rows.get(table, 0) for table in tables}
    if any(found[table] > owed.get(table, 0) for table in tables):
        return WriteStatus.DUPLICATE
    done, uncertain = Outcome.OK in told, Outcome.UNKNOWN in told
    if not any(found.values()):
        return WriteStatus.LOST if done else WriteStatus.ROLLED_BACK if uncertain else WriteStatus.REFUSED
    if any(found[table] < count for table, count in owed.items()):
        return WriteStatus.PARTIAL
    return WriteStatus.ACKNOWLEDGED if done else WriteStatus.COMMITTED if uncertain else WriteStatus.GHOST


def status_of_cut(cut: Cut) -> WriteStatus:
    """Return the status of a write that was cut."""
    return status_of_write(cut.owed, {cut.outcome}, cut.rows)


def recovered_s(evidence: Evidence) -> float | None:
    """Seconds from the heal to the end of the first write that began after it and was done; None if none was."""
    if not evidence.faults:
        return None
    healed_ns = evidence.faults[0].healed_ns
    done = [op.ended_ns for op in evidence.ops if op.key and op.outcome is Outcome.OK and op.started_ns >= healed_ns]
    return (min(done) - healed_ns) / 1e9 if done else None
