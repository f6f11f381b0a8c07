"""A trigger for a while: how errors that need a certain moment are brought about inside PostgreSQL itself."""

from __future__ import annotations

from harness.faults.context import FaultContext, wait_for
from harness.faults.database import ask

NAME = "twinbench_fault"
# A sequence moves on even where the transaction that moved it is rolled back: so an error raised is counted for good.
COUNTED = f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {NAME}"


def plant(context: FaultContext, table: str, body: str, *, deferred: bool = False) -> None:
    """Let every insert into a table count itself and then run ``body`` (PL/pgSQL); deferred: at COMMIT."""
    ask(context, f"CREATE SEQUENCE IF NOT EXISTS {NAME}")
    ask(
        context,
        f"CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN PERFORM nextval('{NAME}'); {body} RETURN NEW; END $$",
    )
    kind = "CONSTRAINT TRIGGER" if deferred else "TRIGGER"
    moment = "DEFERRABLE INITIALLY DEFERRED" if deferred else ""
    ask(
        context,
        f"CREATE {kind} {NAME} AFTER INSERT ON {table} {moment} FOR EACH ROW EXECUTE FUNCTION {NAME}()",
    )


def uproot(context: FaultContext, table: str) -> None:
    """Take the trigger away, with all that came with it."""
    ask(context, f"DROP TRIGGER IF EXISTS {NAME} ON {table}")
    ask(context, f"DROP FUNCTION IF EXISTS {NAME}()")
    ask(context, f"DROP SEQUENCE IF EXISTS {NAME}")


def times_fired(context: FaultContext) -> str:
    """Wait until the trigger has run, and say how often; empty if it never did."""
    return wait_for(lambda: f"it ran {found} times" if (found := ask(context, COUNTED)) else "")
