"""Calls of SQLAlchemy's dialects to their drivers, as they are made: statements, commits and rollbacks.

A listener to an engine's events that does nothing adds a seventh to the time that reading a row from SQLite takes, and
of a commit there is none afterwards. So the dialects' own methods are wrapped, only while a request is looked into: in
each dialect that has opened a connection, as its own attributes, since to change its class makes every look at anything
of it slower for a while. A request that nobody looks into pays for a call more while another one is, and nothing else.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from types import CodeType, MethodType
from typing import Any, Self
from weakref import WeakSet

from sqlalchemy import Engine, Pool, event
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.default import DefaultDialect

from harness.probe.served import looked_into

STATEMENTS = ("do_execute", "do_executemany", "do_execute_no_params")
ENDS = ("do_commit", "do_rollback")
OPENS = "connect"

Call = Callable[..., Any]

# Of all that waits for a database, to know it on a stack.
asking: set[CodeType] = set()

_wraps: dict[str, list[Callable[[Call], Call]]] = defaultdict(list)
_told: dict[type[Dialect], dict[str, Call]] = {}  # by kind of dialect, its calls as they are while they are told
_known: WeakSet[Dialect] = WeakSet()
_lock = threading.Lock()


def meet() -> None:
    """Keep the code of the calls of every dialect that connects from now on."""
    if not event.contains(Engine, "do_connect", _meet):
        event.listen(Engine, "do_connect", _meet)
        event.listen(Pool, "connect", _meet_by_pool)  # one that the application opens itself tells of no other


def wrap(name: str, around: Callable[[Call], Call]) -> None:
    """Let ``around`` replace the method of this name in requests that are looked into, in every dialect from now on."""
    meet()
    _wraps[name].append(around)
    for kind in _told:  # one that has connected already, as where an application makes its tables while it is imported
        _told[kind] = _calls_of(kind)


class Telling:
    """Has the calls of dialects told: within, at least one request is looked into."""

    def __init__(self) -> None:
        self._under_way = 0

    def __enter__(self) -> Self:
        """Begin with one request more."""
        with _lock:
            self._under_way += 1
            if self._under_way == 1:
                for dialect in _known:
                    self.begin(dialect)
        return self

    def __exit__(self, *_error: object) -> None:
        """End with one of them."""
        with _lock:
            self._under_way -= 1
            if not self._under_way:
                for dialect in _known:
                    for name in _told[type(dialect)]:
                        delattr(dialect, name)

    def begin(self, dialect: Dialect) -> None:
        """Have the calls of one dialect told, if any are at this moment."""
        if self._under_way:
            for name, call in _told[type(dialect)].items():
                setattr(dialect, name, MethodType(call, dialect))


telling = Telling()


def _meet(dialect: Dialect, *_what: object) -> None:
    with _lock:
        if dialect in _known:
            return
        kind = type(dialect)
        if kind not in _told:
            _told[kind] = _calls_of(kind)
        if not _told[kind].keys() & vars(dialect).keys():  # what the application has put there itself stays
            _known.add(dialect)
            telling.begin(dialect)


def _meet_by_pool(_connection: object, record: object) -> None:
    pool = getattr(record, "_ConnectionRecord__pool", None)
    dialect = getattr(pool, "_dialect", None)
    if isinstance(dialect, DefaultDialect):  # without an engine, a pool has one that can't do anything
        _meet(dialect)


def _calls_of(kind: type[Dialect]) -> dict[str, Call]:
    told: dict[str, Call] = {}
    for name in (*STATEMENTS, *ENDS, OPENS):
        original: Call = getattr(kind, name)
        if code := getattr(original, "__code__", None):  # of a partial there is none
            asking.add(code)
        if name in _wraps:
            told[name] = _if_looked_into(original, _wraps[name])
    return told


def _if_looked_into(original: Call, arounds: list[Callable[[Call], Call]]) -> Call:
    told = original
    for around in arounds:
        told = around(told)

    @wraps(original)
    def call(*args: Any, **named: Any) -> None:  # noqa: ANN401 - as SQLAlchemy's
        (told if looked_into.get() else original)(*args, **named)

    return call
