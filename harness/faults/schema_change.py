"""The schema changes under load and back again: a kind of DDL, by itself or behind a long transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from threading import Timer
from typing import Any, ClassVar

import psycopg2
from psycopg2 import errors

from harness.errors import HarnessError
from harness.faults.base import BaseFault
from harness.faults.context import FaultContext
from harness.faults.database import ask, holding

OWN = "twinbench_fault"  # a column, and what belongs to it, that the application knows nothing of
BEHIND_S = 1.0  # of the long transaction: longer than a target under faults waits for a lock
# DDL that waits for its lock has everybody wait behind it: so it is to wait for a moment only, and to come again; for
# a moment more each time, as on a busy machine the first ones may all be too short.
MOMENT_MS, LONGEST_MOMENT_MS, PAUSE_S, TRIED_FOR_S = 50, 300, 0.1, 10.0
PATIENCE_MS = 3_000  # of DDL that does not come again
# Of what its catalog says of a table: columns, indexes and constraints.
SHAPE = """
SELECT array_agg(part) FROM (
    SELECT concat('column ', attname, ' ', format_type(atttypid, atttypmod),
        CASE WHEN attnotnull THEN ' NOT NULL' END, CASE WHEN atthasdef THEN ' DEFAULT' END)
    FROM pg_attribute WHERE attrelid = %(table)s::regclass AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT concat('index ', indexrelid::regclass, CASE WHEN NOT indisvalid THEN ' invalid' END)
    FROM pg_index WHERE indrelid = %(table)s::regclass
    UNION ALL SELECT concat('constraint ', conname, CASE WHEN NOT convalidated THEN ' not valid' END)
    FROM pg_constraint WHERE conrelid = %(table)s::regclass
) AS parts(part)
"""
TYPE = (
    "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
    " WHERE attrelid = %(table)s::regclass AND attname = %(column)s"
)
WIDER = {"integer": "bigint"}  # else it is a text of some length


@dataclass(frozen=True, kw_only=True)
class Change:
    """A kind of DDL: what it ``says`` of itself, SQL there and back, and SQL ``before`` it that is no part of it.

    ``{table}`` is the workload's, ``{own}`` a name of ours, ``{read}`` a column that the application reads, of the type
    ``{usual}``, and ``{wide}`` a type that holds the same. ``again`` clears away what a try that failed has left.
    """

    says: str
    forward: tuple[str, ...]
    back: tuple[str, ...]
    before: tuple[str, ...] = ()
    again: str = ""
    needs: tuple[str, ...] = ("altered_table",)


ADDED = "ALTER TABLE {table} ADD COLUMN {own} integer DEFAULT 0"
DROPPED = "ALTER TABLE {table} DROP COLUMN {own}"
REFERRED_TO = ("CREATE TABLE {own} (id integer PRIMARY KEY)", "INSERT INTO {own} VALUES (0)")
FOREIGN_KEY = "ALTER TABLE {table} ADD CONSTRAINT {own} FOREIGN KEY ({own}) REFERENCES {own}"
CHANGES: Mapping[str, Change] = {
    "add_column": Change(
        says="a column more, which may be NULL",
        forward=("ALTER TABLE {table} ADD COLUMN {own} integer",),
        back=(DROPPED,),
    ),
    "add_column_default": Change(
        says="a column more, with a constant for a default",
        forward=("ALTER TABLE {table} ADD COLUMN {own} integer NOT NULL DEFAULT 0",),
        back=(DROPPED,),
    ),
    "add_column_volatile": Change(
        says="a column more, with a default of its own for each row: the table is written anew",
        forward=("ALTER TABLE {table} ADD COLUMN {own} double precision NOT NULL DEFAULT random()",),
        back=(DROPPED,),
    ),
    "set_not_null": Change(
        says="a column must not be NULL any more: all rows are read",
        before=(ADDED,),
        forward=("ALTER TABLE {table} ALTER COLUMN {own} SET NOT NULL",),
        back=("ALTER TABLE {table} ALTER COLUMN {own} DROP NOT NULL",),
    ),
    "alter_type": Change(
        says="another type of a column that nobody reads: the table is written anew",
        before=(ADDED,),
        forward=("ALTER TABLE {table} ALTER COLUMN {own} TYPE bigint",),
        back=("ALTER TABLE {table} ALTER COLUMN {own} TYPE integer",),
    ),
    "alter_read_type": Change(
        says="another type of a column that the application reads: prepared statements are void",
        forward=("ALTER TABLE {table} ALTER COLUMN {read} TYPE {wide}",),
        back=("ALTER TABLE {table} ALTER COLUMN {read} TYPE {usual}",),
        needs=("altered_table", "read_column"),
    ),
    "create_index": Change(
        says="an index: writes wait until it is built",
        before=(ADDED,),
        forward=("CREATE INDEX {own} ON {table} ({own})",),
        back=("DROP INDEX {own}",),
    ),
    "create_index_concurrently": Change(
        says="an index, built while writes go on",
        before=(ADDED,),
        forward=("CREATE INDEX CONCURRENTLY {own} ON {table} ({own})",),
        back=("DROP INDEX CONCURRENTLY IF EXISTS {own}",),
        again="DROP INDEX CONCURRENTLY IF EXISTS {own}",
    ),
    "add_foreign_key": Change(
        says="a foreign key: all rows are looked up while writes wait",
        before=(ADDED, *REFERRED_TO),
        forward=(FOREIGN_KEY,),
        back=("ALTER TABLE {table} DROP CONSTRAINT {own}",),
    ),
    "add_foreign_key_not_valid": Change(
        says="a foreign key for new rows, and then for those that are there, while writes go on",
        before=(ADDED, *REFERRED_TO),
        forward=(f"{FOREIGN_KEY} NOT VALID", "ALTER TABLE {table} VALIDATE CONSTRAINT {own}"),
        back=("ALTER TABLE {table} DROP CONSTRAINT {own}",),
    ),
    "rename_column": Change(
        says="another name of a column that nobody reads",
        before=(ADDED,),
        forward=("ALTER TABLE {table} RENAME COLUMN {own} TO {own}_renamed",),
        back=("ALTER TABLE {table} RENAME COLUMN {own}_renamed TO {own}",),
    ),
    "drop_column": Change(says="a column less, which nobody reads", before=(ADDED,), forward=(DROPPED,), back=(ADDED,)),
}
# With the column go its index and its foreign key; the table that this refers to is there for some kinds only.
TIDY = (
    "ALTER TABLE {table} DROP COLUMN IF EXISTS {own}, DROP COLUMN IF EXISTS {own}_renamed",
    "DROP TABLE IF EXISTS {own}",
)


class SchemaChange(BaseFault):
    """A ``change`` that is made while the fault is injected, and taken back while it heals.

    DDL needs its table for itself, if for a moment, and stands in the queue for it with all others behind. With
    ``behind`` a transaction is in its way for ``BEHIND_S`` each time. With ``retried`` it asks with a lock timeout of a
    moment, again and again.
    """

    change: ClassVar[Change]
    behind: ClassVar[bool] = False
    retried: ClassVar[bool] = False

    def __init__(self, context: FaultContext) -> None:
        super().__init__(context)
        self._names = {"table": self.handles.altered_table, "own": OWN, "read": self.handles.read_column}
        self.detail = self.change.says

    def inject(self) -> str:
        """Change the schema; the proof is what the catalog says now and did not before, or says no more.

        Raises:
            HarnessError: The table is not there.
        """
        known = self._shape()
        if not known:
            table = self.handles.altered_table
            raise HarnessError(f"{self.context.workload.name} has no table {table}", "Correct 'altered_table'")
        self._note_types()
        self.detail = "; ".join(self._filled(self.change.forward))
        self.undo.callback(self._restore, known)
        try:
            self._make(self._filled(self.change.before))
            before = self._shape()
            self.undo.callback(self._go_back)
            with self._something_in_the_way():
                took = self._make(self._filled(self.change.forward), retried=self.retried)
        except psycopg2.Error:
            return ""
        after = self._shape()
        news = [f"there is {part}" for part in sorted(after - before)] + [
            f"no {part}" for part in sorted(before - after)
        ]
        return f"{', '.join(news)}, after {took}" if news else ""

    def _go_back(self) -> None:
        with suppress(psycopg2.Error), self._something_in_the_way():  # what is left then, ``_restore`` finds
            self._make(self._filled(self.change.back), retried=self.retried)

    def _restore(self, known: frozenset[str]) -> None:
        """See that the table is as it was; take away what is left of ours.

        Raises:
            HarnessError: It is not.
        """
        with suppress(psycopg2.Error):
            if self._shape() != known:
                self._make(self._filled(TIDY))
        left = self._shape() ^ known
        if left:
            table = self.handles.altered_table
            raise HarnessError(f"{self.kind} has left {table} changed: {', '.join(sorted(left))}", "Change it back")

    def _make(self, statements: tuple[str, ...], *, retried: bool = False) -> str:
        """Carry statements out, each once or as often as it takes, and tell how long all took.

        Raises:
            psycopg2.Error: One can't be.
        """
        began_s, more = time.monotonic(), 0
        with closing(self.context.direct()) as connection, connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {PATIENCE_MS}")
            for statement in statements:
                if retried:
                    more += self._try_again(cursor, statement)
                else:
                    cursor.execute(statement)
        return f"{1e3 * (time.monotonic() - began_s):.0f} ms{f' and {more} tries more' if more else ''}"

    def _try_again(self, cursor: Any, statement: str) -> int:  # noqa: ANN401 - psycopg2's
        """Carry a statement out at the first try that gets its locks in time, and return how many more there were."""
        deadline_s = time.monotonic() + TRIED_FOR_S
        more = 0
        while True:
            try:
                cursor.execute(f"SET lock_timeout = {min(MOMENT_MS * (1 + more), LONGEST_MOMENT_MS)}")
                if self.change.again and more:
                    cursor.execute(*self._filled((self.change.again,)))
                cursor.execute(statement)
            except (errors.LockNotAvailable, errors.DeadlockDetected):
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(PAUSE_S)
                more += 1
            else:
                return more

    @contextmanager
    def _something_in_the_way(self) -> Iterator[None]:
        """Have a long transaction hold what it has locked, for a while, if it is to be ``behind`` one.

        It has written: a lock of reads alone would keep neither an index nor a foreign key waiting.
        """
        if not self.behind:
            yield
            return
        lock = f"LOCK TABLE {self.handles.altered_table} IN ROW EXCLUSIVE MODE"
        with holding(self.context, lock) as cursor:
            ends = Timer(BEHIND_S, cursor.connection.close)
            ends.start()
            try:
                yield
            finally:
                ends.join()

    def _note_types(self) -> None:
        """Note the type of the column that the application reads, and one that holds the same."""
        if self.handles.read_column:
            usual = ask(self.context, TYPE, table=self.handles.altered_table, column=self.handles.read_column)
            self._names |= {"usual": usual, "wide": WIDER.get(usual, "text")}

    def _filled(self, statements: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(statement.format_map(self._names) for statement in statements)

    def _shape(self) -> frozenset[str]:
        return frozenset(ask(self.context, SHAPE, table=self.handles.altered_table) or ())


def _of_kind(name: str, made: Change, *, queued: bool, again: bool) -> type[SchemaChange]:
    way = "retried" if again else "queued" if queued else ""
    told = {"": "", "queued": "; behind a long transaction", "retried": "; the same, with a lock timeout and retries"}

    class Kind(SchemaChange):
        __doc__ = f"{made.says[0].upper()}{made.says[1:]}{told[way]}."
        kind = ":".join(("schema_change", name, *filter(None, (way,))))
        needs = made.needs
        change = made
        behind = queued
        retried = again

    return Kind


SCHEMA_CHANGES = tuple(
    _of_kind(name, change, queued=queued, again=again)
    for queued, again in ((False, False), (True, False), (True, True))
    for name, change in CHANGES.items()
)
