"""Coroutines that were made and never awaited, by the line of the application that made them.

Python tells of such a one when it is gone: a RuntimeWarning, once a line, in a log that nobody reads. It is told here
each time, and by Python as before. One that was closed, or that a task has begun, is none.
"""

from __future__ import annotations

import warnings
from types import CoroutineType
from typing import Any

from harness.probe.call_site import Place, made_at
from harness.probe.recorder import Kind, Recorder

NEVER_AWAITED: Kind = ("requests", "never_awaited", ("coroutine", "made_at"))
# How many calls of a coroutine's making Python keeps, while it is asked to: the line that made it is the innermost.
DEPTH = 1
_WARN = "_warn_unawaited_coroutine"  # what the interpreter looks up in ``warnings`` and calls, in CPython 3.8 to 3.14


def tell_unawaited(recorder: Recorder) -> None:
    """Note every coroutine that the application itself made, and dropped, while Python kept where they are made."""
    warn = getattr(warnings, _WARN, None)
    if warn is None:
        return

    def tell(coroutine: CoroutineType[Any, Any, Any]) -> None:
        place: Place | None = made_at(coroutine)
        if place is not None:
            recorder.take(NEVER_AWAITED, 1, coroutine.__qualname__, place)
        warn(coroutine)

    setattr(warnings, _WARN, tell)
