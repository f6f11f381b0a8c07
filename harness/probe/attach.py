"""The application under test with probes in front of it, for any ASGI server to import.

``uvicorn harness.probe.attach:app`` serves the application that ``TWINBENCH_APP`` names as
``module:attribute``. The application itself knows nothing of it. Of the probes those run that
``TWINBENCH_PROBES`` names, and note what they see in a file in ``TWINBENCH_SAMPLES``.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from harness.probe import pool, recorder
from harness.probe.looker import Looker
from harness.probe.loop import LoopProbe
from harness.probe.recorder import Recorder
from harness.probe.served import App, Receive, Scope, Send, Served

APP_VARIABLE = "TWINBENCH_APP"
PROBES_VARIABLE = "TWINBENCH_PROBES"


class Starting:
    """Starts a probe in the server's loop before anything else is done there, and makes room for the application."""

    def __init__(self, served: Served, start: Callable[[], None]) -> None:
        self._served, self._app = served, served.app
        self._start = start

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve the first connection event, which is the server's own, at its start."""
        self._served.app = self._app
        self._start()
        return self._app(scope, receive, send)


def load(name: str) -> App:
    """Import ``module:attribute``."""
    module, _, attribute = name.partition(":")
    app: App = getattr(importlib.import_module(module), attribute)
    return app


served = Served(load(os.environ[APP_VARIABLE]))
if pool.FOLDER_VARIABLE in os.environ:
    pool.PoolGauge(Path(os.environ[pool.FOLDER_VARIABLE]))
if names := os.environ.get(PROBES_VARIABLE, "").split():
    told, looker = Recorder(Path(os.environ[recorder.FOLDER_VARIABLE])), Looker()
    if "queries" in names:
        from harness.probe.queries import QueryProbe  # what it needs of SQLAlchemy, an application may not have

        served.app = QueryProbe(served.app, told)
    if {"requests", "pool"} & set(names):
        from harness.probe.holders import HolderProbe  # the same
        from harness.probe.phases import PhaseProbe

        phases = PhaseProbe(served.app, told, served.in_flight, tells="requests" in names, knows_all="pool" in names)
        served.app = phases
        if "pool" in names:
            HolderProbe(phases, told, looker)
    if "loop" in names:
        served.app = Starting(served, LoopProbe(told, looker).start)
app: App = served
