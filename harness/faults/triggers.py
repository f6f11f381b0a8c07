"""A trigger for a while, by which PostgreSQL itself fails, or takes its time, at a certain moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness.faults.base import BaseFault
from harness.faults.context import FaultContext, wait_for
from harness.faults.database import ask

NAME = "twinbench_fault"
# The trigger counts its runs by a sequence, as a rollback takes no nextval back, and what follows it is often one.
# A sequence that nothing has called yet says 1 as well.
COUNTED = f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {NAME}"


@contextmanager
def trigger(context: FaultContext, table: str, body: str, *, deferred: bool = False) -> Iterator[None]:
    """For every row inserted into a table count and then run ``body`` (PL/pgSQL): after its insert, or at COMMIT."""
    kind, moment = ("CONSTRAINT TRIGGER", "DEFERRABLE INITIALLY DEFERRED") if deferred else ("TRIGGER", "")
    try:
        ask(context, f"CREATE SEQUENCE IF NOT EXISTS {NAME}")
        ask(
            context,
            f"CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN PERFORM nextval('{NAME}'); {body} RETURN NEW; END $$",
        )
        ask(
            context,
            f"CREATE {kind} {NAME} AFTER INSERT ON {table} {moment} FOR EACH ROW EXECUTE FUNCTION {NAME}()",
        )
        yield
    finally:
        ask(context, f"DROP TRIGGER IF EXISTS {NAME} ON {table}")
        ask(context, f"DROP FUNCTION IF EXISTS {NAME}()")
        ask(context, f"DROP SEQUENCE IF EXISTS {NAME}")


class TriggeredFault(BaseFault):
    """A fault that a trigger brings about on the table that it ``needs`` first; ``happened`` says what that means."""

    body: str
    deferred = False
    happened: str

    def inject(self) -> str:
        """Plant the trigger; the proof is how often it ran."""
        table = getattr(self.handles, self.needs[0])
        self.undo.enter_context(trigger(self.context, table, self.body, deferred=self.deferred))
        ran = wait_for(lambda: ask(self.context, COUNTED))
        return f"{self.happened}: it ran {ran} times" if ran else ""
