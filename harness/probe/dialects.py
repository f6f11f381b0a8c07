"""Calls of SQLAlchemy's dialects to their drivers, as they are made: statements, commits and rollbacks.

Engines have events before and after a statement, but a listener to them that does nothing adds a seventh to the time
that reading a row from SQLite takes; and of a commit they tell before, not after. So the dialects' own methods are
wrapped, in the class of each dialect as it opens its first connection. Who is not looked into pays for a single call
more, however many want to know.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from types import CodeType
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import Dialect

from harness.probe.served import looked_into

STATEMENTS = ("do_execute", "do_executemany", "do_execute_no_params")
ENDS = ("do_commit", "do_rollback")
OPENS = "connect"

Call = Callable[..., Any]

# Of all that waits for a database, to know it on a stack.
asking: set[CodeType] = set()

_wraps: dict[str, list[Callable[[Call], Call]]] = defaultdict(list)
_met: set[type[Dialect]] = set()
_wrapped: set[Call] = set()
_lock = threading.Lock()


def meet() -> None:
    """Know the calls of every dialect that connects from now on by their code."""
    if not event.contains(Engine, "do_connect", _meet):
        event.listen(Engine, "do_connect", _meet)


def wrap(name: str, around: Callable[[Call], Call]) -> None:
    """Let ``around`` replace the method of this name in requests that are looked into, in every dialect from now on."""
    meet()
    _wraps[name].append(around)


def _meet(dialect: Dialect, *_what: object) -> None:
    kind = type(dialect)
    with _lock:
        if kind in _met:
            return
        _met.add(kind)
        for name in (*STATEMENTS, *ENDS, OPENS):
            call: Call = getattr(kind, name)
            if call in _wrapped:  # of a class that this one inherits it from
                continue
            if code := getattr(call, "__code__", None):  # of a partial there is none
                asking.add(code)
            if name in _wraps:
                call = _told(call, _wraps[name])
                _wrapped.add(call)
                setattr(kind, name, call)


def _told(original: Call, arounds: list[Callable[[Call], Call]]) -> Call:
    told = original
    for around in arounds:
        told = around(told)

    @wraps(original)
    def call(*args: Any, **named: Any) -> None:  # noqa: ANN401 - as SQLAlchemy's
        (told if looked_into.get() else original)(*args, **named)

    return call
