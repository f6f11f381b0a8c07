"""A transaction is refused because another got in its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from harness.faults.context import FaultContext
from harness.faults.triggers import plant, times_fired, uproot

BODY = "RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '40001';"


@dataclass(frozen=True, kw_only=True)
class SerializationFailure:
    """An insert that every write makes raises SQLSTATE 40001.

    A trigger raises it: at the isolation level of the targets it never comes by itself.
    """

    needs: ClassVar = ("written_table",)
    context: FaultContext
    kind: str = "serialization_failure"
    detail: str = "SQLSTATE 40001, by a trigger"

    def inject(self) -> str:
        """Plant the trigger; the proof is how often it ran."""
        plant(self.context, self.context.workload.handles.written_table, BODY)
        ran = times_fired(self.context)
        return f"a serialization failure was raised: {ran}" if ran else ""

    def heal(self) -> None:
        """Take it away."""
        uproot(self.context, self.context.workload.handles.written_table)
