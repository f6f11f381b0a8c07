"""PostgreSQL crashes and is started again."""

from __future__ import annotations

from dataclasses import dataclass

from harness.faults.arena import Arena
from harness.faults.questions import ask


@dataclass(frozen=True, kw_only=True)
class ImmediateRestart:
    """Immediate shutdown: no checkpoint, no farewell to clients; what was committed comes back from the WAL."""

    arena: Arena
    kind: str = "immediate_restart"
    colour: str = "--fault-postgres"
    detail: str = "immediate shutdown, then start"

    def inject(self) -> str:
        """Stop and start; the proof is that the server says it started a moment ago."""
        before = ask(self.arena, "SELECT pg_postmaster_start_time()")
        self.arena.restart_postgres()
        after = ask(self.arena, "SELECT pg_postmaster_start_time()")
        return f"the server started again at {after:%H:%M:%S}" if after is not None and after != before else ""

    def heal(self) -> None:
        """It is up again already."""
