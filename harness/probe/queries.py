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
from harness.probe.served import App, Message, Receive, Scope, Send, route_of
from harness.probe.statement_form import name_of

SENT: Kind = ("queries", "statements", ("route", "sent", "values"))
FROM: Kind = ("queries", "sent_from", ("route", "statement", "call_site", "fix"))
MANY_ROWS = 100  # of one statement: from here on, where it was sent from is kept
_OK, _JSON = 200, b"json"


class _Form:
    """The statements of one form that a request has sent: how many, in how many calls, and the rows that came.

    ``call_site`` is of the first that came again, or that brought many rows. Made for every form that a request sends,
    and so of what is quickest made.
    """

    __slots__ = ("call_site", "calls", "executions", "fix", "rows")

    def __init__(self) -> None:
        self.executions = self.calls = self.rows = 0
        self.call_site: Place | None = None
        self.fix = ""


_Asked = dict[str, _Form]  # by the name of the form, in the order in which a request has sent them
_under_way: ContextVar[_Asked | None] = ContextVar("twinbench_asked", default=None)


class _Answer:
    """What a request is answered with, as it passes: how many values it shows, which its rows can't outnumber.

    ``values`` is None where they can't be counted: in an answer that is no JSON, is packed, or is not 200.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._counted = False
        self._commas = 0

    @property
    def values(self) -> int | None:
        return self._commas + 1 if self._counted else None

    async def __call__(self, message: Message) -> None:
        """Pass one message on."""
        if message["type"] == "http.response.start":
            headers = dict(message.get("headers", ()))
            packed = b"content-encoding" in headers
            self._counted = message["status"] == _OK and _JSON in headers.get(b"content-type", b"") and not packed
        elif self._counted:
            self._commas += message.get("body", b"").count(b",")
        await self._send(message)


class QueryProbe:
    """An ASGI application that notes, for each request, its ``statements``, and from where the conspicuous were sent.

    Labels of ``statements``: ``route``; ``sent``, each form of statement in the order of first sending, as
    ``name:calls:rows``; and ``values``, how many an answer to a GET shows at most. An ``executemany`` is one call.
    ``sent_from`` has a ``statement``, by the name of its form, that came again or brought many rows: ``call_site``,
    the call that sent it, and ``fix``, the loader option that spares it.
    """

    def __init__(self, app: App, recorder: Recorder) -> None:
        self.app = app
        self._recorder = recorder
        for name in STATEMENTS:
            wrap(name, self._counting)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        asked: _Asked = {}
        answer = _Answer(send)
        token = _under_way.set(asked)
        try:
            with telling:
                await self.app(scope, receive, answer)
        finally:
            _under_way.reset(token)
            self._tell(scope, asked, answer.values if scope["method"] == "GET" else None)

    def _tell(self, scope: Scope, asked: _Asked, values: int | None) -> None:
        route = route_of(scope)
        sent = " ".join(f"{name}:{form.calls}:{form.rows}" for name, form in asked.items())
        self._recorder.take(SENT, sum(form.executions for form in asked.values()), route, sent, values)
        for name, form in asked.items():
            if form.call_site:
                self._recorder.take(FROM, form.calls, route, name, form.call_site, form.fix)

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
                    _count(asked, statement, len(rest[0]) if several else 1, _rows(cursor), context)
                except Exception as error:  # noqa: BLE001 - whatever it is, the application has nothing to do with it
                    self._recorder.note("queries", "failed", 1, error=f"{type(error).__name__}: {error}")

        return call


def _count(asked: _Asked, statement: str, executions: int, rows: int, context: object) -> None:
    name = name_of(statement)
    form = asked.get(name)
    if form is None:
        form = asked[name] = _Form()
    form.executions += executions
    form.calls += 1
    form.rows += rows
    if form.call_site is None and (form.calls > 1 or rows >= MANY_ROWS):
        form.call_site = place_of(caller())
        form.fix = _fix(context)


def _rows(cursor: Any) -> int:  # noqa: ANN401 - a driver's
    """Say how many rows a statement has brought: none if it only changed some, or if they are still to come."""
    return max(cursor.rowcount, 0) if cursor.description else 0


def _fix(context: object) -> str:
    """Name the loader option that spares a statement by which a relationship is loaded lazily; of any other, nothing.

    What ``ORMExecuteState`` tells by ``lazy_loaded_from`` and ``loader_strategy_path``, without a listener that is
    asked before every statement. An option that is used already loads as well, but for no single object.
    """
    load = getattr(context, "execution_options", {}).get("_sa_orm_load_options")
    if getattr(load, "_lazy_loaded_from", None) is None:
        return ""
    options = getattr(getattr(context, "invoked_statement", None), "_compile_options", None)
    path = getattr(options, "_current_path", None)
    if path is None or path.is_root:
        return ""
    loaded = path[-1]
    return f"{'selectinload' if loaded.uselist else 'joinedload'}({loaded.class_attribute})"
