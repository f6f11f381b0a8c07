"""Count the requests that really reached the application: a client that re-sends in secret is found out.

It costs two additions a request. It is also where probes get at requests: with three layers of theirs that each request
had to pass, pings were 0.941 of those without; with none, 0.964.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any

from harness.probe.request_sampling import RequestSampling

PATH = "/-/twinbench/served"

# Whether this is part of a request that is looked into.
looked_into: ContextVar[bool] = ContextVar("twinbench_looked_into", default=False)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Collections:
    """Counts Python's garbage collections by generation, and the processor time that they take, in seconds.

    By the clock of the thread that collects: what others get done or the machine takes meanwhile does not count. It
    costs two calls a collection, of which there is one in some 700 allocations.
    """

    def __init__(self) -> None:
        self.count = [0, 0, 0]
        self.processor_s = [0.0, 0.0, 0.0]
        self._began_s = 0.0
        gc.callbacks.append(self._note)

    def _note(self, phase: str, info: Mapping[str, int]) -> None:
        now_s = time.thread_time()
        if phase == "start":
            self._began_s = now_s
            return
        generation, took_s = info["generation"], now_s - self._began_s
        self.count[generation] += 1
        self.processor_s[generation] += took_s


class Served:
    """An ASGI application that passes everything on, and tells at ``PATH`` how many requests it passed.

    Those that ``sampling`` falls on, if there is any, are passed to ``looked_into``; the others go straight to ``app``.
    ``begins``, if there is any, is called for each, and ``beats`` as often as the sampling decides: for one in
    ``harness.probe.request_sampling.LOOK_EVERY`` at least.
    """

    sampling: RequestSampling | None = None
    begins: Callable[[], object] | None = None
    beats: Callable[[], object] | None = None

    def __init__(self, app: App) -> None:
        self.app = self.looked_into = app
        self.requests = self.ended = 0
        self.collections = Collections()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        app, sampling, falls = self.app, self.sampling, False
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        if scope["path"] == PATH:
            await self._tell(send)
            return
        self.requests += 1
        if self.begins is not None:
            self.begins()
        if sampling is not None:
            sampling.left -= 1
            if sampling.left < 0:
                falls = sampling.decide()
                if falls:
                    app = self.looked_into
                    looked_into.set(True)
                if self.beats is not None:
                    self.beats()
        try:
            await app(scope, receive, send)
        finally:
            self.ended += 1
            if falls:
                looked_into.set(False)

    def in_flight(self) -> int:
        """Say how many requests are under way."""
        return self.requests - self.ended

    async def _tell(self, send: Send) -> None:
        told = {
            "requests": self.requests,
            "collections": self.collections.count,
            "collections_s": self.collections.processor_s,
        }
        body = json.dumps(told).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def route_of(scope: Scope) -> str:
    """Name the route, as ``GET /api/v1/users/{user_id}``; without a router, the path itself.

    A router that is mounted under a prefix knows its own part only: what stands before it in the path is taken
    from there.
    """
    path: str = scope["path"]
    template = getattr(scope.get("route"), "path", None)
    if template is None:
        return f"{scope['method']} {path}"
    before = path.rsplit("/", template.count("/"))[0]
    return f"{scope['method']} {before}{template}"
