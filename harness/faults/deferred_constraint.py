"""Everything went well until COMMIT, which fails."""

from __future__ import annotations

from dataclasses import dataclass

from harness.faults.context import FaultContext
from harness.faults.triggers import bites, plant, uproot

TABLE = "audit_log"
BODY = "RAISE EXCEPTION 'deferred constraint' USING ERRCODE = '23514';"


@dataclass(frozen=True, kw_only=True)
class DeferredConstraint:
    """A deferred constraint on the audit log is checked at COMMIT, and does not hold."""

    context: FaultContext
    kind: str = "deferred_constraint"
    colour: str = "--fault-postgres"
    detail: str = "fails at COMMIT"

    def inject(self) -> str:
        """Plant the trigger; the proof is how often it ran."""
        plant(self.context, TABLE, BODY, deferred=True)
        ran = bites(self.context)
        return f"a constraint failed at COMMIT: {ran}" if ran else ""

    def heal(self) -> None:
        """Take it away."""
        uproot(self.context, TABLE)
