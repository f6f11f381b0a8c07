"""A table can't grow: the disk is full, as far as the sessions of the target can tell."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.faults.context import FaultContext, wait_for
from harness.faults.database import TWIN, ask

# Over the 16 MiB of a WAL segment, so that it is never the WAL that can't be written: that would be a PANIC.
LIMIT_BYTES = 24 * 1024 * 1024
TABLE = "audit_log"  # which every write goes to
# Pages that are nearly empty, so that few rows make a large table, and few writes ask for one more page.
FILLFACTOR = 10
FILLER = "filler"
ROWS_AT_ONCE = 5_000
FILL = (
    f"INSERT INTO {TABLE} (write_key, action, user_id)"
    f" SELECT '{FILLER}', '{FILLER}', 0 FROM generate_series(1, {ROWS_AT_ONCE})"
)
# An insert takes its id first, and keeps it if it fails: ids that no row has are inserts that failed or go on.
WITHOUT_ROW = f"SELECT last_value - (SELECT count(*) FROM {TABLE}) FROM {TABLE}_id_seq"
LEAST = 20  # more than can be going on at once
# PostgreSQL itself changes the limit: on Linux one may do so to processes of one's own user only, root or not.
PRLIMIT = "COPY (SELECT 1) TO PROGRAM 'prlimit --pid {pid} --fsize={soft}:'"


@dataclass(frozen=True, kw_only=True)
class OutOfFileSpace:
    """``RLIMIT_FSIZE`` on the target's sessions, and an audit log of that size already."""

    context: FaultContext
    kind: str = "out_of_file_space"
    colour: str = "--fault-postgres"
    detail: str = f"no file over {LIMIT_BYTES // 1024**2} MiB"
    limited: list[int] = field(default_factory=list)

    def inject(self) -> str:
        """Fill the table up to the limit and set it; the proof is how many inserts failed."""
        ask(self.context, f"ALTER TABLE {TABLE} SET (fillfactor = {FILLFACTOR})")
        while (ask(self.context, f"SELECT pg_relation_size('{TABLE}')") or LIMIT_BYTES) < LIMIT_BYTES:
            ask(self.context, FILL)
        before = ask(self.context, WITHOUT_ROW) or 0
        self.limited.extend(ask(self.context, f"SELECT array_agg(pid) FROM pg_stat_activity WHERE {TWIN}") or ())
        for pid in self.limited:
            ask(self.context, PRLIMIT.format(pid=pid, soft=LIMIT_BYTES))
        return wait_for(lambda: self._failed(before))

    def heal(self) -> None:
        """Give the sessions their space back, and the space of the filler to whoever writes next."""
        while self.limited:
            ask(self.context, PRLIMIT.format(pid=self.limited.pop(), soft="unlimited"))
        ask(self.context, f"ALTER TABLE {TABLE} RESET (fillfactor)")
        ask(self.context, f"DELETE FROM {TABLE} WHERE write_key = '{FILLER}'")
        ask(self.context, f"VACUUM {TABLE}")

    def _failed(self, before: int) -> str:
        failed = (ask(self.context, WITHOUT_ROW) or 0) - before
        return f"{failed} inserts failed in {len(self.limited)} sessions" if failed >= LEAST else ""
