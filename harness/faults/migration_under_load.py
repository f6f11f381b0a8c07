"""The schema changes under load: a column more, and a column less."""

from __future__ import annotations

import time
from contextlib import closing

import psycopg2

from harness.faults.base import BaseFault
from harness.faults.context import FaultContext
from harness.faults.database import ask

COLUMN = "twinbench_fault"
HERE = (
    "SELECT count(*) FROM information_schema.columns"
    f" WHERE table_name = %(table)s AND column_name = '{COLUMN}' AND table_schema = current_schema()"
)


class MigrationUnderLoad(BaseFault):
    """ALTER TABLE needs the table for itself for a moment, and stands in the queue for it with all others behind."""

    needs = ("altered_table",)
    kind = "migration_under_load"

    def __init__(self, context: FaultContext) -> None:
        super().__init__(context)
        self.detail = f"ALTER TABLE {self.handles.altered_table}"

    def inject(self) -> str:
        """Add a column; the proof is that it is there, and how long the lock took."""
        self.undo.callback(ask, self.context, f"{self.detail} DROP COLUMN IF EXISTS {COLUMN}")
        began_s = time.monotonic()
        try:
            with closing(self.context.direct()) as connection, connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '3s'")
                cursor.execute(f"{self.detail} ADD COLUMN {COLUMN} integer NOT NULL DEFAULT 0")
        except psycopg2.Error:
            return ""
        took_ms = 1e3 * (time.monotonic() - began_s)
        here = ask(self.context, HERE, table=self.handles.altered_table)
        return f"a column was added in {took_ms:.0f} ms" if here else ""
