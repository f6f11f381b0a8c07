"""A sound twin that is slower by a known share: each request costs so much more processor time.

``SLOWED_APP`` names the application (``module:attribute``), ``SLOWED_BY`` the share.
"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from pkgutil import resolve_name
from typing import Any

APP_VARIABLE = "SLOWED_APP"
SHARE_VARIABLE = "SLOWED_BY"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Slowed:
    """Passes each request on, and afterwards keeps the processor busy for a share of what everything else has used.

    Everything else is the whole process, from its first request on: the server's own code, the driver's and all
    threads, wherever a request costs something. What one request is short of, or has too much, the next makes good.
    """

    def __init__(self, app: App, share: float) -> None:
        self._app, self._share = app, share
        self._began_s: float | None = None
        self._burnt_s = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, and what it costs on top."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._began_s is None:
            self._began_s = time.process_time()
        await self._app(scope, receive, send)
        used_s = time.process_time() - self._began_s - self._burnt_s
        self._burnt_s += burn(self._share * used_s - self._burnt_s)


def burn(seconds: float) -> float:
    """Use so much processor time of this thread, at once, and return how much it was."""
    began_s = time.thread_time()
    while (used_s := time.thread_time() - began_s) < seconds:
        pass
    return used_s


def app_of_environment() -> Slowed:
    """Return the application that the environment names, slowed down as it says."""
    return Slowed(resolve_name(os.environ[APP_VARIABLE]), float(os.environ[SHARE_VARIABLE]))
