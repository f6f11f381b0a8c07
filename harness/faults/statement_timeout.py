"""A statement takes longer than it may."""

from __future__ import annotations

from harness.faults.triggers import TriggeredFault


class StatementTimeout(TriggeredFault):
    """An insert takes ten seconds, and PostgreSQL ends it by the statement timeout of the session."""

    needs = ("slow_table", "time_limits")
    kind = "statement_timeout"
    detail = "10 s against 1.2 s"
    body = "PERFORM pg_sleep(10);"
    happened = "a statement slept"
