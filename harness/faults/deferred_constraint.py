"""Everything went well until COMMIT, which fails."""

from __future__ import annotations

from harness.faults.triggers import TriggeredFault


class DeferredConstraint(TriggeredFault):
    """A deferred constraint on a table that every write inserts into is checked at COMMIT, and does not hold."""

    needs = ("written_table",)
    kind = "deferred_constraint"
    detail = "fails at COMMIT"
    body = "RAISE EXCEPTION 'deferred constraint' USING ERRCODE = '23514';"
    deferred = True
    happened = "a constraint failed at COMMIT"
