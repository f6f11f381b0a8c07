"""psycopg2, as the sync twin uses it, with a time limit for every command, which it has not of its own.

libpq waits for an answer for as long as the other side keeps the connection alive, and a proxy does so for a database
that is gone: ``tcp_user_timeout`` and keepalives see a dead peer, not a silent one. So a thread ends the connection
under a command that takes too long, which the driver then reports as it reports any connection that broke.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from psycopg2.extensions import connection, cursor

from targets.shared.config import PSYCOPG_OPTIONS, Settings, libpq_arguments, libpq_options

LOOK_EVERY_S = 0.1
__tracebackhide__ = True  # a command that takes long is its caller's


class _Watch:
    """The commands under way in this process, each with the time by which it must end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: dict[int, tuple[float, int]] = {}
        self._thread: threading.Thread | None = None

    @contextmanager
    def over(self, one: TimedConnection) -> Iterator[None]:
        """End the connection if the body takes longer than the connection's limit."""
        with self._lock:
            self._due[id(one)] = (time.monotonic() + one.limit_s, one.fileno())
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="command timeout", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._due.pop(id(one), None)

    def _look(self) -> None:
        while True:
            time.sleep(LOOK_EVERY_S)
            now_s = time.monotonic()
            with self._lock:
                for key in [key for key, (due_s, _) in self._due.items() if due_s < now_s]:
                    _, number = self._due.pop(key)
                    # a copy of the number, as this object closes what it has been given
                    with suppress(OSError), socket.socket(fileno=os.dup(number)) as copy:
                        copy.shutdown(socket.SHUT_RDWR)


_watch = _Watch()


class TimedConnection(connection):
    """A connection whose commands end after ``limit_s``."""

    limit_s: float

    def commit(self) -> None:
        """Commit within the limit."""
        with _watch.over(self):
            super().commit()

    def rollback(self) -> None:
        """Roll back within the limit."""
        with _watch.over(self):
            super().rollback()


class TimedCursor(cursor):
    """A cursor whose statements end with the limit of its connection."""

    connection: TimedConnection

    def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002, ANN401 - the driver's names and types
        """Execute within the limit."""
        with _watch.over(self.connection):
            super().execute(query, vars)

    def executemany(self, query: Any, vars_list: Any) -> None:  # noqa: ANN401 - the driver's types
        """Execute for each set of parameters, all of them within the limit."""
        with _watch.over(self.connection):
            super().executemany(query, vars_list)


def options(settings: Settings) -> dict[str, Any]:
    """Options of ``create_engine``."""
    limited = type("LimitedConnection", (TimedConnection,), {"limit_s": settings.dead_peer_ms / 1000})
    limits = {"connection_factory": limited, "cursor_factory": TimedCursor}
    arguments = {**libpq_arguments(settings), **limits, "options": libpq_options(settings)}
    return {"connect_args": arguments, **PSYCOPG_OPTIONS}
