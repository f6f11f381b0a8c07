"""A table can't grow: the disk is full, as far as the sessions of the target can tell."""

from __future__ import annotations

from harness.errors import HarnessError
from harness.faults.base import BaseFault
from harness.faults.context import wait_for
from harness.faults.database import ask, of_sessions
from harness.model.workload import Filling

# Over the 16 MiB of a WAL segment, so that it is never the WAL that can't be written: that would be a PANIC.
LIMIT_BYTES = 24 * 1024 * 1024
# Pages that are nearly empty, so that few rows make a large table, and few writes ask for one more page.
FILLFACTOR = 10
ROWS_AT_ONCE = 5_000
LEAST = 20  # more than can be going on at once
# PostgreSQL itself changes the limit: on Linux one may do so to processes of one's own account only, root or not.
PRLIMIT = "COPY (SELECT 1) TO PROGRAM 'prlimit --pid {pid} --fsize={soft}:'"


class OutOfFileSpace(BaseFault):
    """``RLIMIT_FSIZE`` on the target's sessions, and a table of that size already, which every write inserts into."""

    needs = ("filling",)
    kind = "out_of_file_space"
    detail = f"no file over {LIMIT_BYTES // 1024**2} MiB"

    def inject(self) -> str:
        """Fill the table up to the limit and set it; the proof is how many inserts failed."""
        filling = self.handles.filling
        if filling is None:
            raise HarnessError(f"{self.context.workload.name} names no table to fill", "Leave this fault out")
        self.undo.callback(self._empty, filling)
        ask(self.context, f"ALTER TABLE {filling.table} SET (fillfactor = {FILLFACTOR})")
        while (ask(self.context, f"SELECT pg_relation_size('{filling.table}')") or LIMIT_BYTES) < LIMIT_BYTES:
            ask(self.context, filling.insert, rows=ROWS_AT_ONCE)
        before = self._without_row(filling)
        limited = of_sessions(self.context, "array_agg(pid)") or ()
        for pid in limited:
            self.undo.callback(ask, self.context, PRLIMIT.format(pid=pid, soft="unlimited"))
            ask(self.context, PRLIMIT.format(pid=pid, soft=LIMIT_BYTES))

        def failed() -> int:
            found = self._without_row(filling) - before
            return found if found >= LEAST else 0

        count = wait_for(failed)
        return f"{count} inserts failed in {len(limited)} sessions" if count else ""

    def _empty(self, filling: Filling) -> None:
        """Give the space of the filler to whoever writes next."""
        ask(self.context, f"ALTER TABLE {filling.table} RESET (fillfactor)")
        ask(self.context, filling.delete)
        ask(self.context, f"VACUUM {filling.table}")

    def _without_row(self, filling: Filling) -> int:
        """Return how many ids no row has: an insert takes its id first, and keeps it if it fails."""
        query = f"SELECT last_value - (SELECT count(*) FROM {filling.table}) FROM {filling.sequence}"
        return ask(self.context, query) or 0
