"""The schema changes under load: a column more, and a column less."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from typing import ClassVar

import psycopg2

from harness.faults.context import FaultContext
from harness.faults.database import ask

COLUMN = "twinbench_fault"
HERE = (
    "SELECT count(*) FROM information_schema.columns"
    f" WHERE table_name = %(table)s AND column_name = '{COLUMN}' AND table_schema = current_schema()"
)


@dataclass(frozen=True, kw_only=True)
class MigrationUnderLoad:
    """ALTER TABLE needs the table for itself for a moment, and stands in the queue for it with all others behind."""

    needs: ClassVar = ("altered_table",)
    context: FaultContext
    kind: str = "migration_under_load"

    @property
    def detail(self) -> str:
        """What is done."""
        return f"ALTER TABLE {self._table}"

    @property
    def _table(self) -> str:
        return self.context.workload.handles.altered_table

    def inject(self) -> str:
        """Add a column; the proof is that it is there, and how long the lock took."""
        began_s = time.monotonic()
        try:
            with closing(self.context.direct()) as connection, connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '3s'")
                cursor.execute(f"ALTER TABLE {self._table} ADD COLUMN {COLUMN} integer NOT NULL DEFAULT 0")
        except psycopg2.Error:
            return ""
        took_ms = 1e3 * (time.monotonic() - began_s)
        return f"a column was added in {took_ms:.0f} ms" if ask(self.context, HERE, table=self._table) else ""

    def heal(self) -> None:
        """Take it away again."""
        ask(self.context, f"ALTER TABLE {self._table} DROP COLUMN IF EXISTS {COLUMN}")
