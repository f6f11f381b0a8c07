"""Calls of a driver without ``await`` in the event loop's thread, which stands still until the database has answered.

Each may be too short to be seen as a stall, and yet they are what the loop spends its time in. They are timed in
requests that are looked into. A database within the process is computed by whoever asks it, and waited for by nobody.
"""

from __future__ import annotations

import threading
import time
from functools import wraps
from typing import Any

from harness.probe.call_site import caller, place_of
from harness.probe.dialects import ENDS, STATEMENTS, Call, wrap
from harness.probe.recorder import Recorder

WITHIN = {"sqlite", "duckdb"}  # dialects of databases within the process


class BlockingCalls:
    """Notes each as ``blocked_s`` of the probe ``loop``, with the application's line."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._loops_thread = 0
        for name in (*STATEMENTS, *ENDS):
            wrap(name, self._timing)

    def start(self) -> None:
        """Begin with the loop that runs in this thread."""
        self._loops_thread = threading.get_ident()

    def _timing(self, original: Call) -> Call:
        @wraps(original)
        def call(dialect: Any, *args: Any, **named: Any) -> None:  # noqa: ANN401 - as SQLAlchemy's
            if dialect.is_async or threading.get_ident() != self._loops_thread or dialect.name in WITHIN:
                original(dialect, *args, **named)
                return
            began_s = time.monotonic()
            try:
                original(dialect, *args, **named)
            finally:
                self._recorder.note("loop", "blocked_s", time.monotonic() - began_s, call_site=place_of(caller()))

        return call
