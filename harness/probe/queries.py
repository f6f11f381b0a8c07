"""The statements that each request sends to the database, those that it repeats, and from where.

A request is told apart by a context variable, which goes along into coroutines and into the threads of the framework.
A statement is counted when the driver has carried it out: one that fails is not, as ``pg_stat_statements`` counts.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from harness.probe.asked import Asked, by_dialect, under_way
from harness.probe.call_site import FRAMEWORK, place_of_function
from harness.probe.dialects import STATEMENTS, Call, telling, wrap
from harness.probe.drivers import Drivers
from harness.probe.recorder import Kind, Recorder
from harness.probe.served import App, Message, Receive, Scope, Send, looked_into, route_of
from harness.probe.streams import tell_streams
from harness.probe.threads import go_along

SENT: Kind = ("queries", "statements", ("route", "sent", "values"))
FROM: Kind = ("queries", "sent_from", ("route", "statement", "call_site", "fix"))
_OK, _JSON = 200, b"json"


class _Answer:
    """What a request is answered with, as it passes: how many values it shows, which its rows can't outnumber.

    ``values`` is None where they can't be counted: in an answer that is no JSON, is packed, or is not 200.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._counted = False
        self._separators = 0

    @property
    def values(self) -> int | None:
        return self._separators + 1 if self._counted else None

    async def __call__(self, message: Message) -> None:
        """Pass one message on."""
        if message["type"] == "http.response.start":
            headers = dict(message.get("headers", ()))
            packed = b"content-encoding" in headers
            self._counted = message["status"] == _OK and _JSON in headers.get(b"content-type", b"") and not packed
        elif self._counted:
            body = message.get("body", b"")
            self._separators += body.count(b",") + body.count(b"\n")  # a line of its own for each, as of NDJSON
        await self._send(message)


class QueryProbe:
    """An ASGI application that notes, for each request, its ``statements``, and from where the conspicuous were sent.

    Labels of ``statements``: ``route``; ``sent``, each form of statement in the order of first sending, as
    ``name:calls:rows:known``; and ``values``, how many an answer to a GET shows at most. An ``executemany`` is a call.
    ``sent_from`` has a ``statement``, by the name of its form, that came again or brought many rows: ``call_site``,
    the call that sent it, and ``fix``, the loader option that spares it.
    """

    def __init__(self, app: App, recorder: Recorder) -> None:
        self.app = app
        self._recorder = recorder
        for name in STATEMENTS:
            wrap(name, self._counting)
        tell_streams()
        go_along((looked_into, under_way))
        self._drivers = Drivers(self._failed)
        self._drivers.meet()  # before the application connects

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        self._drivers.meet()
        asked = Asked()
        answer = _Answer(send)
        token = under_way.set(asked)
        try:
            with telling:
                await self.app(scope, receive, answer)
        finally:
            under_way.reset(token)
            self._tell(scope, asked, answer.values if scope["method"] == "GET" else None)

    def _tell(self, scope: Scope, asked: Asked, values: int | None) -> None:
        route = route_of(scope)
        forms = dict(asked.forms)  # a task of its own may go on
        sent = " ".join(f"{name}:{form.calls}:{form.rows}:{form.known}" for name, form in forms.items())
        self._recorder.take(SENT, sum(form.executions for form in forms.values()), route, sent, values)
        for name, form in forms.items():
            place = form.call_site
            if place == FRAMEWORK:  # as where an answer is made of objects that load what is asked of them
                place = place_of_function(getattr(scope.get("route"), "endpoint", None)) or FRAMEWORK
            if place:
                self._recorder.take(FROM, form.calls, route, name, place, form.fix)

    def _counting(self, original: Call) -> Call:
        """Count what is carried out; what goes wrong in doing so is kept from the application, and told."""
        several = original.__name__ == "do_executemany"

        @wraps(original)
        def call(dialect: object, cursor: Any, statement: str, *rest: Any, **named: Any) -> None:  # noqa: ANN401 - as SQLAlchemy's
            token = by_dialect.set(True)
            try:
                original(dialect, cursor, statement, *rest, **named)
            finally:
                by_dialect.reset(token)
            asked = under_way.get()
            if asked is not None:
                try:
                    context = named.get("context", rest[-1] if rest else None)
                    stream = cursor if cursor.rowcount < 0 else None
                    asked.count(statement, len(rest[0]) if several else 1, _rows(cursor), context, stream=stream)
                except Exception as error:  # noqa: BLE001 - whatever it is, the application has nothing to do with it
                    self._failed(error)

        return call

    def _failed(self, error: Exception) -> None:
        self._recorder.note("queries", "failed", 1, error=f"{type(error).__name__}: {error}")


def _rows(cursor: Any) -> int:  # noqa: ANN401 - a driver's
    """Say how many rows a statement has brought: none if it only changed some, or if they are still to come."""
    return max(cursor.rowcount, 0) if cursor.description else 0
