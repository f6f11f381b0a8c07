"""Everything went well until COMMIT, which fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.faults.context import FaultContext
from harness.faults.triggers import plant, times_fired, uproot

BODY = "RAISE EXCEPTION 'deferred constraint' USING ERRCODE = '23514';"


@dataclass(frozen=True, kw_only=True)
class DeferredConstraint:
    """A deferred constraint on a table that every write inserts into is checked at COMMIT, and does not hold."""

    needs: ClassVar = ("written_table",)
    context: FaultContext
    kind: str = "deferred_constraint"
    detail: str = "fails at COMMIT"

    def inject(self) -> str:
        """Plant the trigger; the proof is how often it ran."""
        plant(self.context, self.context.workload.handles.written_table, BODY, deferred=True)
        ran = times_fired(self.context)
        return f"a constraint failed at COMMIT: {ran}" if ran else ""

    def heal(self) -> None:
        """Take it away."""
        uproot(self.context, self.context.workload.handles.written_table)
