"""A transaction is refused because another got in its way."""

from __future__ import annotations

from dataclasses import dataclass

from harness.faults.context import FaultContext
from harness.faults.triggers import bites, plant, uproot

TABLE = "audit_log"  # which every write goes to
BODY = "RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001';"


@dataclass(frozen=True, kw_only=True)
class SerializationFailure:
    """Inserting an audit row raises SQLSTATE 40001.

    A trigger raises it: at the isolation level of the targets it never comes by itself.
    """

    context: FaultContext
    kind: str = "serialization_failure"
    colour: str = "--fault-postgres"
    detail: str = "SQLSTATE 40001, by a trigger"

    def inject(self) -> str:
        """Plant the trigger; the proof is how often it ran."""
        plant(self.context, TABLE, BODY)
        ran = bites(self.context)
        return f"a serialization failure was raised: {ran}" if ran else ""

    def heal(self) -> None:
        """Take it away."""
        uproot(self.context, TABLE)
