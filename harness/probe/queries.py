"""Which statements each request sends to the database, which of them it sends again and again, and from where.

A request is told apart by a context variable, which goes along into coroutines and into the threads of the framework.
A statement is counted when the driver has carried it out: one that fails is not, as ``pg_stat_statements`` counts. What
opens and ends a transaction is the driver's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sized
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExecutionContext
from sqlalchemy.engine.interfaces import DBAPICursor, ExecuteStyle
from sqlalchemy.orm import ORMExecuteState, Session

from harness.probe.culprit import caller, name_of
from harness.probe.recorder import Kind, Recorder
from harness.probe.route import route_of
from harness.probe.served import App, Receive, Scope, Send

P = ParamSpec("P")

STATEMENTS: Kind = ("queries", "statements", ("route", "rows", "repeated", "culprit", "mend"))


class _Request:
    """What a request has asked of the database so far: ``[executions, rows]`` by statement.

    ``culprit`` is of the first statement that came again. Made for every request, and so of what is quickest made.
    """

    __slots__ = ("asked", "culprit", "loading", "mend")

    def __init__(self) -> None:
        self.asked: dict[str, list[int]] = {}
        self.loading = self.culprit = self.mend = ""


_under_way: ContextVar[_Request | None] = ContextVar("twinbench_request", default=None)


class QueryProbe:
    """An ASGI application that notes, for each request, ``statements`` by route, and what is known of a repeated one.

    Labels: ``route``; ``rows`` that came of statements sent once; ``repeated``, how often the most frequent statement
    was sent; and of the first that came again ``culprit``, the call that sent it, and ``mend``, the loader option
    that spares it.
    """

    def __init__(self, app: App, recorder: Recorder) -> None:
        self.app = app
        self._recorder = recorder
        event.listen(Session, "do_orm_execute", self._unharmed(_remember_what_loads))
        event.listen(Engine, "after_cursor_execute", self._unharmed(_count))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = _Request()
        token = _under_way.set(request)
        try:
            await self.app(scope, receive, send)
        finally:
            _under_way.reset(token)
            self._tell(scope, request)

    def _tell(self, scope: Scope, request: _Request) -> None:
        statements = rows = repeated = 0
        for executions, returned in request.asked.values():
            statements += executions
            repeated = max(repeated, executions)
            rows += returned if executions == 1 else 0
        self._recorder.take(STATEMENTS, statements, route_of(scope), rows, repeated, request.culprit, request.mend)

    def _unharmed(self, function: Callable[P, None]) -> Callable[P, None]:
        """Keep what goes wrong in a probe from the application, and tell of it."""

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                function(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - whatever it is, the application has nothing to do with it
                self._recorder.note("queries", "failed", 1, error=f"{type(error).__name__}: {error}")

        return call


def _remember_what_loads(state: ORMExecuteState) -> None:
    """Note the relationship that is about to be loaded, if it is one."""
    request = _under_way.get()
    if request is None:
        return
    request.loading = ""
    path = state.loader_strategy_path if state.is_relationship_load else None
    if path is not None:
        loaded: Any = path[-1]
        option = "selectinload" if loaded.uselist else "joinedload"
        request.loading = f"{option}({loaded.class_attribute})"


def _count(
    _connection: object,
    cursor: DBAPICursor,
    statement: str,
    parameters: Sized,
    context: ExecutionContext,
    executemany: bool,  # noqa: FBT001 - the same
) -> None:
    request = _under_way.get()
    if request is None:
        return
    several = executemany and context.execute_style is not ExecuteStyle.INSERTMANYVALUES
    asked = request.asked.setdefault(statement, [0, 0])
    asked[0] += len(parameters) if several else 1
    asked[1] += max(cursor.rowcount, 0)
    if asked[0] > 1 and not request.culprit:
        request.culprit = name_of(caller())
        request.mend = request.loading
