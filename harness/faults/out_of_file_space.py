"""A table can't grow: the disk is full, as far as the sessions of the target can tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from harness.errors import HarnessError
from harness.faults.context import FaultContext, wait_for
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


@dataclass(frozen=True, kw_only=True)
class OutOfFileSpace:
    """``RLIMIT_FSIZE`` on the target's sessions, and a table of that size already, which every write inserts into."""

    needs: ClassVar = ("filling",)
    context: FaultContext
    kind: str = "out_of_file_space"
    detail: str = f"no file over {LIMIT_BYTES // 1024**2} MiB"
    limited: list[int] = field(default_factory=list)

    def inject(self) -> str:
        """Fill the table up to the limit and set it; the proof is how many inserts failed."""
        filling = self._filling()
        ask(self.context, f"ALTER TABLE {filling.table} SET (fillfactor = {FILLFACTOR})")
        while (ask(self.context, f"SELECT pg_relation_size('{filling.table}')") or LIMIT_BYTES) < LIMIT_BYTES:
            ask(self.context, filling.insert, rows=ROWS_AT_ONCE)
        before = self._without_row()
        self.limited.extend(of_sessions(self.context, "array_agg(pid)") or ())
        for pid in self.limited:
            ask(self.context, PRLIMIT.format(pid=pid, soft=LIMIT_BYTES))
        return wait_for(lambda: self._failed(before))

    def heal(self) -> None:
        """Give the sessions their space back, and the space of the filler to whoever writes next."""
        while self.limited:
            ask(self.context, PRLIMIT.format(pid=self.limited.pop(), soft="unlimited"))
        filling = self._filling()
        ask(self.context, f"ALTER TABLE {filling.table} RESET (fillfactor)")
        ask(self.context, filling.delete)
        ask(self.context, f"VACUUM {filling.table}")

    def _filling(self) -> Filling:
        filling = self.context.workload.handles.filling
        if filling is None:
            raise HarnessError(f"{self.context.workload.name} names no table to fill", "Leave this fault out")
        return filling

    def _without_row(self) -> int:
        """Return how many ids no row has: an insert takes its id first, and keeps it if it fails."""
        filling = self._filling()
        return (
            ask(self.context, f"SELECT last_value - (SELECT count(*) FROM {filling.table}) FROM {filling.sequence}")
            or 0
        )

    def _failed(self, before: int) -> str:
        failed = self._without_row() - before
        return f"{failed} inserts failed in {len(self.limited)} sessions" if failed >= LEAST else ""
