"""Count the requests that really reached the application: a client that re-sends in secret is found out.

Standard library only, so it can stand in front of any ASGI application. It costs two additions a request.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

PATH = "/-/twinbench/served"

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Served:
    """An ASGI application that passes everything on, and tells at ``PATH`` how many requests it passed."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.requests = self.ended = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event."""
        if scope["type"] == "http":
            if scope["path"] == PATH:
                await self._tell(send)
                return
            self.requests += 1
            try:
                await self.app(scope, receive, send)
            finally:
                self.ended += 1
            return
        await self.app(scope, receive, send)

    def in_flight(self) -> int:
        """Say how many requests are under way."""
        return self.requests - self.ended

    async def _tell(self, send: Send) -> None:
        body = json.dumps({"requests": self.requests}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
