"""A statement takes longer than it may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.faults.context import FaultContext
from harness.faults.triggers import plant, times_fired, uproot

BODY = "PERFORM pg_sleep(10);"


@dataclass(frozen=True, kw_only=True)
class StatementTimeout:
    """An insert takes ten seconds, and PostgreSQL ends it by the statement timeout of the session."""

    needs: ClassVar = ("slow_table", "time_limits")
    context: FaultContext
    kind: str = "statement_timeout"
    detail: str = "10 s against 1.2 s"

    def inject(self) -> str:
        """Plant the trigger; the proof is how often it ran."""
        plant(self.context, self.context.workload.handles.slow_table, BODY)
        ran = times_fired(self.context)
        return f"a statement slept: {ran}" if ran else ""

    def heal(self) -> None:
        """Take it away."""
        uproot(self.context, self.context.workload.handles.slow_table)
