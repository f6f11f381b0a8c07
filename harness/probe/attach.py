"""The application under test with probes in front of it, for any ASGI server to import.

``uvicorn harness.probe.attach:app`` serves the application that ``TWINBENCH_APP`` names as
``module:attribute``. The application itself knows nothing of it. Of the probes those run that
``TWINBENCH_PROBES`` names, and note what they see in a file in ``TWINBENCH_SAMPLES``.
"""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from harness.probe import recorder
from harness.probe.loop import LoopProbe
from harness.probe.recorder import Recorder
from harness.probe.request_sampling import RequestSampling
from harness.probe.sampler import Sampler
from harness.probe.served import App, Receive, Scope, Send, Served

APP_VARIABLE = "TWINBENCH_APP"
PROBES_VARIABLE = "TWINBENCH_PROBES"
GAUGES_VARIABLE = "TWINBENCH_GAUGES"


class Starting:
    """Starts probes in the server's loop before anything else is done there, and makes room for the application."""

    def __init__(self, served: Served, starts: Sequence[Callable[[], None]]) -> None:
        self._served, self._app, self._looked_into = served, served.app, served.looked_into
        self._starts = starts

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve the first connection event, which is the server's own, at its start."""
        self._served.app, self._served.looked_into = self._app, self._looked_into
        for start in self._starts:
            start()
        return self._app(scope, receive, send)


def load(name: str) -> App:
    """Import ``module:attribute``."""
    module, _, attribute = name.partition(":")
    app: App = getattr(importlib.import_module(module), attribute)
    return app


served = Served(load(os.environ[APP_VARIABLE]))
# What needs SQLAlchemy is imported where it is asked for: an application may not have it.
if folder := os.environ.get(GAUGES_VARIABLE):
    from harness.probe.pool import PoolGauge

    PoolGauge(Path(folder))
if names := os.environ.get(PROBES_VARIABLE, "").split():
    told, sampler = Recorder(Path(os.environ[recorder.FOLDER_VARIABLE])), Sampler()
    starts: list[Callable[[], None]] = []
    served.sampling = RequestSampling()
    if "queries" in names:
        from harness.probe.queries import QueryProbe

        served.looked_into = QueryProbe(served.looked_into, told)
    checkouts = None
    if "pool" in names:
        from harness.probe.checkouts import CheckoutProbe
        from harness.probe.request import beginning

        checkouts = CheckoutProbe(told, sampler, served.in_flight)

        def _know_requests() -> None:
            served.begins = beginning(asyncio.get_running_loop())

        starts += [checkouts.start, _know_requests]
    if {"requests", "pool"} & set(names):
        from harness.probe.waits import tell_connections

        tell_connections(told, checkouts.checked_out if checkouts else None)
    if "requests" in names:
        from harness.probe.phases import PhaseProbe
        from harness.probe.waits import tell_database

        tell_database()
        served.looked_into = PhaseProbe(served.looked_into, told, served.in_flight)
    if "loop" in names:
        loop = LoopProbe(told, sampler)
        starts.append(loop.start)
        served.beats = loop.beat
    if starts:
        served.app = served.looked_into = Starting(served, starts)
app: App = served
