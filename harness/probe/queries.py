"""The statements that each request sends to the database, those that it repeats, and from where.

A request is told apart by a context variable, which goes along into coroutines and into the threads of the framework.
A statement is counted when the driver has carried it out: one that fails is not, as ``pg_stat_statements`` counts.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import wraps
from typing import Any

from harness.probe.call_site import Place, caller, place_of
from harness.probe.dialects import STATEMENTS, Call, telling, wrap
from harness.probe.recorder import Kind, Recorder
from harness.probe.served import App, Receive, Scope, Send, route_of

SENT: Kind = ("queries", "statements", ("route", "rows", "repeated", "call_site", "fix"))


class _Asked:
    """The statements that a request has asked of the database so far: ``[executions, rows]`` by statement.

    ``call_site`` is of the first statement that came again. Made for every request that asks, and so of what is
    quickest made.
    """

    __slots__ = ("by_statement", "call_site", "fix")

    def __init__(self) -> None:
        self.by_statement: dict[str, list[int]] = {}
        self.call_site: Place | None = None
        self.fix = ""


_under_way: ContextVar[list[_Asked] | None] = ContextVar("twinbench_asked", default=None)
_NOTHING = _Asked()


class QueryProbe:
    """An ASGI application that notes, for each request, ``statements`` by route, and what is known of a repeated one.

    Labels: ``route``; ``rows`` that came of statements sent once; ``repeated``, how often the most frequent statement
    was sent; and of the first that came again ``call_site``, the call that sent it, and ``fix``, the loader option
    that spares it.
    """

    def __init__(self, app: App, recorder: Recorder) -> None:
        self.app = app
        self._recorder = recorder
        for name in STATEMENTS:
            wrap(name, self._counting)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        asked: list[_Asked] = []
        token = _under_way.set(asked)
        try:
            with telling:
                await self.app(scope, receive, send)
        finally:
            _under_way.reset(token)
            self._tell(scope, asked[0] if asked else _NOTHING)

    def _tell(self, scope: Scope, asked: _Asked) -> None:
        statements = rows = repeated = 0
        for executions, returned in asked.by_statement.values():
            statements += executions
            repeated = max(repeated, executions)
            rows += returned if executions == 1 else 0
        self._recorder.take(SENT, statements, route_of(scope), rows, repeated, asked.call_site, asked.fix)

    def _counting(self, original: Call) -> Call:
        """Count what is carried out; what goes wrong in doing so is kept from the application, and told."""
        several = original.__name__ == "do_executemany"

        @wraps(original)
        def call(dialect: object, cursor: Any, statement: str, *rest: Any, **named: Any) -> None:  # noqa: ANN401 - as SQLAlchemy's
            original(dialect, cursor, statement, *rest, **named)
            asked = _under_way.get()
            if asked is not None:
                try:
                    context = named.get("context", rest[-1] if rest else None)
                    _count(asked, statement, len(rest[0]) if several else 1, cursor.rowcount, context)
                except Exception as error:  # noqa: BLE001 - whatever it is, the application has nothing to do with it
                    self._recorder.note("queries", "failed", 1, error=f"{type(error).__name__}: {error}")

        return call


def _count(asked: list[_Asked], statement: str, executions: int, rows: int, context: object) -> None:
    if not asked:
        asked.append(_Asked())
    request = asked[0]
    known = request.by_statement.get(statement)
    if known is None:
        known = request.by_statement[statement] = [0, 0]
    known[0] += executions
    known[1] += max(rows, 0)
    if known[0] > 1 and not request.call_site:
        request.call_site = place_of(caller())
        request.fix = _fix(context)


def _fix(context: object) -> str:
    """Name the loader option that spares a relationship's statement; nothing if it is of none.

    What ``ORMExecuteState.loader_strategy_path`` tells, without a listener that is asked before every statement.
    """
    options = getattr(getattr(context, "invoked_statement", None), "_compile_options", None)
    path = getattr(options, "_current_path", None)
    if path is None or path.is_root:
        return ""
    loaded = path[-1]
    return f"{'selectinload' if loaded.uselist else 'joinedload'}({loaded.class_attribute})"
