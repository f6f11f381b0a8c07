"""Calls of SQLAlchemy's dialects to their drivers, as they are made: statements, commits and rollbacks.

Engines have events before and after a statement, but a listener to them that does nothing adds a seventh to the time
that reading a row from SQLite takes; and of a commit they tell before, not after. So the dialects' own methods are
wrapped, in the class of each dialect as it opens its first connection.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import Dialect

STATEMENTS = ("do_execute", "do_executemany", "do_execute_no_params")
ENDS = ("do_commit", "do_rollback")

Call = Callable[..., Any]

_wraps: dict[str, list[Callable[[Call], Call]]] = defaultdict(list)
_met: set[type[Dialect]] = set()
_wrapped: set[Call] = set()
_lock = threading.Lock()


def wrap(name: str, around: Callable[[Call], Call]) -> None:
    """Let ``around`` replace the method of this name, in every dialect that connects from now on."""
    if not _wraps:
        event.listen(Engine, "do_connect", _meet)
    _wraps[name].append(around)


def _meet(dialect: Dialect, *_what: object) -> None:
    kind = type(dialect)
    with _lock:
        if kind in _met:
            return
        _met.add(kind)
        for name, arounds in _wraps.items():
            call: Call = getattr(kind, name)
            if call in _wrapped:  # of a class that this one inherits it from
                continue
            for around in arounds:
                call = around(call)
            _wrapped.add(call)
            setattr(kind, name, call)
