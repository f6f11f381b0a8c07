"""The phases of each request, and the time that it spends in each.

A request is in one phase at a time, so that the parts of its time add up to the whole. Before the first it was in a
queue: under way from its client, in the server's sockets, waiting for the event loop. What it waits for, those say that
it asks (``waits.py``); where nobody says anything, it waits elsewhere: the application's coroutine is driven step by
step to see that.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from harness.probe.dialects import telling
from harness.probe.recorder import Kind, Recorder
from harness.probe.request import ELSEWHERE, PHASES, PYTHON, Followed, under_way
from harness.probe.served import App, Message, Receive, Scope, Send, route_of
from harness.probe.unawaited import DEPTH
from harness.probe.waits import ThreadWaits

TOOK: Kind = ("requests", "took_s", ("route", "handed_on", "queue", "bytes", "in_flight", *PHASES))
# What a client, or a proxy in front, says of when it sent a request: nanoseconds of this machine's monotonic clock.
SENT_HEADER = b"x-request-start"
LONGEST_QUEUE_S = 600.0  # a number beyond is of another clock


class _Stepped:
    """Drives a coroutine as ``await`` does, and tells its request when it runs and when it waits.

    Meanwhile Python keeps where coroutines are made: not in all requests, as that takes 0.4 µs for each.
    """

    def __init__(self, request: Followed) -> None:
        self._request = request

    def __await__(self) -> Generator[Any, Any, None]:
        request = self._request
        inner = request.serving.__await__()
        step: Callable[[Any], Any] = inner.send
        value: Any = None
        depth = sys.get_coroutine_origin_tracking_depth()
        while True:
            if request.phase == ELSEWHERE:
                request.phase = PYTHON
            sys.set_coroutine_origin_tracking_depth(max(depth, DEPTH))
            try:
                asked = step(value)
            except StopIteration:
                return
            finally:
                sys.set_coroutine_origin_tracking_depth(depth)
            if request.phase == PYTHON:
                request.phase = ELSEWHERE
            try:
                value = yield asked
                step = inner.send
            except BaseException as error:  # noqa: BLE001 - a cancellation as well is the application's to see
                step, value = inner.throw, error


STEPPED = _Stepped.__await__.__code__  # of whose calls the request is a variable, to follow it further inwards


class PhaseProbe:
    """An ASGI application that notes what requests ``took_s``, up to the last of their answers.

    Each is noted with these labels: the seconds of every phase, and before them those in ``queue``, None if its client
    did not say when it was sent; ``route``; ``bytes`` of the answer's body; ``in_flight``, how many others were under
    way when it ended; and ``handed_on``, where the task that it came in waits for another one that serves it, if it was
    seen to be handed on: Starlette's ``BaseHTTPMiddleware`` does so.
    """

    def __init__(self, app: App, recorder: Recorder, in_flight: Callable[[], int]) -> None:
        self.app = app
        self._in_flight = in_flight
        self._threads = ThreadWaits()
        self._recorder = recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        def count(message: Message) -> Awaitable[None]:
            body = message.get("body")
            if body:
                request.sent_bytes += len(body)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                request.answered()
            return send(message)

        queued_s = _queued_s(scope)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - this is a coroutine
        request = Followed(task)
        request.serving = self.app(scope, receive, count)  # type: ignore[assignment]  # of an async function
        token = under_way.set(request)
        try:
            with self._threads, telling:
                await _Stepped(request)
        finally:
            under_way.reset(token)
            request.answered()  # where there was no whole answer
            self._recorder.take(
                TOOK,
                sum(request.told_s),
                route_of(scope),
                request.handed_on,
                queued_s,
                request.sent_bytes,
                self._in_flight() - 1,
                *request.told_s,
            )


def _queued_s(scope: Scope) -> float | None:
    for name, value in scope["headers"]:
        if name == SENT_HEADER and value.isdigit():
            queued_s = (time.monotonic_ns() - int(value)) / 1e9
            return queued_s if 0 <= queued_s <= LONGEST_QUEUE_S else None
    return None
