"""psycopg 3, as either twin uses it, with a time limit for every command.

psycopg has a limit for connecting only. It waits for an answer in Python, in one method of the connection that takes a
limit, and does not have it by default. To cancel the task from outside would not do: psycopg would then ask PostgreSQL,
over another connection, to cancel the statement, and wait ten seconds more for a database that says nothing.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

from targets.shared.config import PSYCOPG_OPTIONS, Settings, libpq_options, psycopg_arguments

INTERVAL_S = 0.1  # psycopg's own: how often a wait looks at its limit
Result = TypeVar("Result")
Kind = TypeVar("Kind")
__tracebackhide__ = True  # a command that takes long is its caller's


class TimedConnection(psycopg.Connection[Any]):
    """A connection whose commands end after ``limit_s``."""

    limit_s: float

    def wait(self, gen: PQGen[Result], interval: float = INTERVAL_S, timeout: float | None = None) -> Result:
        """Wait for a command to end, and close the connection if it does not in time."""
        try:
            return super().wait(gen, interval, self.limit_s if timeout is None else timeout)
        except psycopg.OperationalError:
            _close_if_waiting(self)
            raise


class AsyncTimedConnection(psycopg.AsyncConnection[Any]):
    """A connection whose commands end after ``limit_s``."""

    limit_s: float

    async def wait(
        self,
        gen: PQGen[Result],
        interval: float = INTERVAL_S,
        timeout: float | None = None,  # noqa: ASYNC109 - psycopg's own parameter
    ) -> Result:
        """Wait for a command to end, and close the connection if it does not in time."""
        try:
            return await super().wait(gen, interval, self.limit_s if timeout is None else timeout)
        except psycopg.OperationalError:
            _close_if_waiting(self)
            raise


def _close_if_waiting(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> None:
    """Close a connection whose answer is still to come: nothing else can be asked on it."""
    if connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
        connection.pgconn.finish()


def _limited(kind: type[Kind], settings: Settings) -> type[Kind]:
    limited: type[Kind] = type(kind.__name__, (kind,), {"limit_s": settings.dead_peer_ms / 1000})
    return limited


def sync_options(settings: Settings) -> dict[str, Any]:
    """Options of ``create_engine``."""
    # SQLAlchemy asks the module for a connection, which is of the class whose ``connect`` is asked
    module = SimpleNamespace(**{**vars(psycopg), "connect": _limited(TimedConnection, settings).connect})
    return {"module": module, "connect_args": _arguments(settings), **PSYCOPG_OPTIONS}


def async_options(settings: Settings) -> dict[str, Any]:
    """Options of ``create_async_engine``."""
    opens = {"async_creator_fn": _limited(AsyncTimedConnection, settings).connect}
    return {"connect_args": {**_arguments(settings), **opens}, **PSYCOPG_OPTIONS}


def _arguments(settings: Settings) -> dict[str, Any]:
    return {**psycopg_arguments(settings), "options": libpq_options(settings)}
