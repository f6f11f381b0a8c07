"""What writes must leave in the database, and what PostgreSQL held when they had ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.model.workload import SumRead, Workload


@dataclass(frozen=True, kw_only=True)
class Effects:
    """What writes must leave: rows by operation and table, all of them or none, and what a retry key adds.

    Without ``by_key`` rows carry no key of the write that made them.
    """

    rows: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    retry_rows: Mapping[str, int] = field(default_factory=dict)
    by_key: bool = True
    sum_read: SumRead | None = None

    @classmethod
    def of(cls, workload: Workload) -> Effects:
        """Return those of a workload's writes, to be kept beside what was found."""
        return cls(
            rows={name: write.rows for name, write in workload.writes.items()},
            retry_rows=workload.retry_rows,
            by_key=bool(workload.database.key_column),
            sum_read=workload.sum_read,
        )

    def owed(self, operation: str, *, named: bool = False) -> Mapping[str, int]:
        """Return the rows by table that one write must leave.

        Raises:
            KeyError: The operation is none that writes.
        """
        return {**self.rows[operation], **(self.retry_rows if named else {})}


@dataclass(frozen=True, kw_only=True)
class Fact:
    """The value of an invariant, and what it must be."""

    value: int
    expected: int


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """What PostgreSQL itself held after healing, when every transaction had ended, and what it was to hold.

    ``rows`` counts rows per table and write key; ``facts`` are invariants over whole tables, by name.
    """

    rows: Mapping[str, Mapping[str, int]]
    facts: Mapping[str, Fact] = field(default_factory=dict)
    effects: Effects = field(default_factory=Effects)
