"""Statements that an application sends by a driver's own calls, past SQLAlchemy.

No driver has an event for them, so what sends one is wrapped, once its module has been imported. Those that SQLAlchemy
sends by the same calls are its dialect's to tell, and what begins and ends a transaction is no statement here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Coroutine, Generator, Mapping
from functools import wraps
from operator import attrgetter
from types import FrameType
from typing import Any, NamedTuple

from harness.probe.asked import Asked, by_dialect, under_way
from harness.probe.dialects import asking
from harness.probe.served import looked_into

Call = Callable[..., Any]


def _given(_sender: object, *args: Any, **named: Any) -> Any:  # noqa: ANN401 - as a driver's
    """Return the first argument of a call, by whichever name."""
    return args[0] if args else next(iter(named.values()))


def _own(sender: Any, *_args: object, **_named: object) -> Any:  # noqa: ANN401 - the same
    return sender._query  # noqa: SLF001 - of asyncpg's statements, and told by nothing else before they are prepared


def _fetched(_sender: object, result: Any) -> int:  # noqa: ANN401 - rows, or a tuple that begins with them
    return len((result[0] if isinstance(result, tuple) else result) or ())


def _counted(cursor: Any, _result: object) -> int:  # noqa: ANN401 - a driver's
    return max(cursor.rowcount, 0) if cursor.description else 0


def _none(_sender: object, _result: object) -> int:
    return 0


class Sends(NamedTuple):
    """What sends a statement: where its text is, and how many rows it has brought; of a part of them, no text."""

    name: str
    text: Call | None
    rows: Callable[[Any, Any], int]


# By the module that it is in.
DRIVERS: Mapping[str, tuple[Sends, ...]] = {
    "asyncpg.connection": (
        Sends("Connection._execute", _given, _fetched),
        Sends("Connection._executemany", _given, _none),
    ),
    "asyncpg.prepared_stmt": (
        Sends("PreparedStatement._PreparedStatement__bind_execute", _own, _fetched),
        Sends("PreparedStatement.executemany", _own, _none),
    ),
    "asyncpg.cursor": (
        Sends("BaseCursor._bind", _own, _none),
        Sends("BaseCursor._bind_exec", _own, _fetched),
        Sends("BaseCursor._exec", None, _fetched),
    ),
    "psycopg.cursor": (Sends("Cursor.execute", _given, _counted), Sends("Cursor.executemany", _given, _none)),
    "psycopg.cursor_async": (
        Sends("AsyncCursor.execute", _given, _counted),
        Sends("AsyncCursor.executemany", _given, _none),
    ),
    "psycopg._server_cursor": (Sends("ServerCursor.execute", _given, _none),),
    "psycopg._server_cursor_async": (Sends("AsyncServerCursor.execute", _given, _none),),
    "psycopg._server_cursor_base": (Sends("ServerCursorMixin._fetch_gen", None, _fetched),),
    "psycopg2.extras": tuple(
        Sends(f"{kind}.execute", _given, _counted) for kind in ("DictCursor", "RealDictCursor", "NamedTupleCursor")
    ),
}
_OF_PSYCOPG2 = Sends("execute", _given, _counted)
_PSYCOPG2 = "psycopg2"
_OF_DRIVERS = {"asyncpg", "psycopg", "psycopg_pool", _PSYCOPG2, "harness"}
_OF_DIALECTS = "sqlalchemy"
_TRANSACTION = re.compile(r"\s*(?:(?:BEGIN|START|COMMIT|END|ROLLBACK|ABORT|SAVEPOINT|RELEASE)\b|;?\s*$)", re.IGNORECASE)


class Drivers:
    """Counts what requests that are looked into send past SQLAlchemy; ``failed`` is told of what goes wrong in it."""

    def __init__(self, failed: Callable[[Exception], object]) -> None:
        self._failed = failed
        self._unmet = {*DRIVERS, _PSYCOPG2}
        self._kinds: set[type] = set()  # of psycopg2's cursors, those that count

    def meet(self) -> None:
        """Wrap what has been imported since the last time."""
        for module in [name for name in self._unmet if name in sys.modules]:
            self._unmet.discard(module)
            for sends in DRIVERS.get(module, ()):
                *owners, name = sends.name.split(".")
                owner = attrgetter(".".join(owners))(sys.modules[module])
                if original := getattr(owner, name, None):
                    setattr(owner, name, self._counting(original, sends))
                    self._kinds.add(owner)
            if module == _PSYCOPG2:
                self._count_by_connections(sys.modules[module])

    def _counting(self, original: Call, sends: Sends) -> Call:
        @wraps(original)
        def call(sender: Any, *args: Any, **named: Any) -> Any:  # noqa: ANN401 - as the driver's
            result = original(sender, *args, **named)
            if not looked_into.get():
                return result
            text = sends.text(sender, *args, **named) if sends.text else None
            if isinstance(result, Coroutine):
                return self._when_awaited(result, sends, sender, text)
            if isinstance(result, Generator):
                return self._when_driven(result, sends, sender, text)
            self._count(sends, sender, text, result)
            return result

        asking.add(call.__code__)  # type: ignore[attr-defined]  # a function; also where what it wraps is C's
        return call

    async def _when_awaited(self, sent: Coroutine[Any, Any, Any], sends: Sends, sender: Any, text: Any) -> Any:  # noqa: ANN401 - as the driver's
        result = await sent
        self._count(sends, sender, text, result)
        return result

    def _when_driven(self, sent: Generator[Any, Any, Any], sends: Sends, sender: Any, text: Any) -> Any:  # noqa: ANN401 - as the driver's
        result = yield from sent
        self._count(sends, sender, text, result)
        return result

    def _count(self, sends: Sends, sender: Any, text: Any, result: Any) -> None:  # noqa: ANN401 - the same
        """Count what was carried out; what goes wrong in doing so is kept from the application, and told."""
        asked = under_way.get()
        if asked is None or by_dialect.get() or _of_dialect(sys._getframe()):  # noqa: SLF001 - documented for this purpose
            return
        try:
            if sends.text is None:
                asked.brought(sender, sends.rows(sender, result))
            else:
                _count(asked, sender, text, sends.rows(sender, result))
        except Exception as error:  # noqa: BLE001 - whatever it is, the application has nothing to do with it
            self._failed(error)

    def _count_by_connections(self, psycopg2: Any) -> None:  # noqa: ANN401 - a module that may not be there
        """Have psycopg2's connections make cursors that count: plain ones are C's, and those of other kinds are met."""
        plain, base = psycopg2.extensions.connection, psycopg2.extensions.cursor
        counting = self._counting(base.execute, _OF_PSYCOPG2)
        cursor = type("cursor", (base,), {"__module__": base.__module__, "execute": counting})
        self._kinds.add(cursor)

        def meeting(original: Call) -> Call:
            @wraps(original)
            def connect(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - as the driver's
                connection = original(*args, **named)
                kind = connection.cursor_factory
                if kind is base or (kind is None and type(connection).cursor is plain.cursor):
                    connection.cursor_factory = cursor
                elif isinstance(kind, type) and not self._kinds.intersection(kind.__mro__):
                    self._kinds.add(kind)
                    kind.execute = self._counting(kind.execute, _OF_PSYCOPG2)  # type: ignore[attr-defined]  # a cursor
                return connection

            return connect

        # the second gives a connection its kind of cursors when the first has made it
        for name in ("_connect", "connect"):
            setattr(psycopg2, name, meeting(getattr(psycopg2, name)))


def _of_dialect(frame: FrameType | None) -> bool:
    """Say whether the innermost call that is no driver's is SQLAlchemy's, as where it looks at a new connection."""
    while frame is not None:
        package = frame.f_globals.get("__name__", "").partition(".")[0]
        if package not in _OF_DRIVERS:
            return bool(package == _OF_DIALECTS)
        frame = frame.f_back
    return False


def _count(asked: Asked, sender: Any, text: Any, rows: int) -> None:  # noqa: ANN401 - a driver's
    statement = _text_of(text, sender)
    if not _TRANSACTION.match(statement):
        connection = getattr(sender, "connection", None)
        in_pipeline = getattr(getattr(connection, "pgconn", None), "pipeline_status", 0)
        asked.count(statement, 1, rows, stream=sender, with_others=bool(in_pipeline))


def _text_of(statement: Any, sender: Any) -> str:  # noqa: ANN401 - a text, its bytes, or what psycopg composes
    if isinstance(statement, bytes):
        return statement.decode(errors="replace")
    composed = getattr(statement, "as_string", None)
    return str(composed(sender) if composed else statement)
