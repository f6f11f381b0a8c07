"""The application under test with probes in front of it, for any ASGI server to import.

``uvicorn harness.probe.attach:app`` serves the application that ``TWINBENCH_APP`` names as
``module:attribute``. The application itself knows nothing of it.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path

from harness.probe import pool, recorder
from harness.probe.loop import LoopProbe
from harness.probe.served import App, Receive, Scope, Send, Served

APP_VARIABLE = "TWINBENCH_APP"


class Started:
    """An ASGI application that starts probes in its server's loop, before anything else is done there."""

    def __init__(self, app: App, starts: list[Callable[[], None]]) -> None:
        self.app = app
        self._starts = starts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event; the first one is the server's own, at its start."""
        while self._starts:
            self._starts.pop()()
        await self.app(scope, receive, send)


def load(name: str) -> App:
    """Import ``module:attribute``."""
    module, _, attribute = name.partition(":")
    app: App = getattr(importlib.import_module(module), attribute)
    return app


app: App = Served(load(os.environ[APP_VARIABLE]))
if pool.FOLDER_VARIABLE in os.environ:
    pool.PoolGauge(Path(os.environ[pool.FOLDER_VARIABLE]))
if recorder.FOLDER_VARIABLE in os.environ:
    app = Started(app, [LoopProbe(recorder.Recorder(Path(os.environ[recorder.FOLDER_VARIABLE]))).start])
