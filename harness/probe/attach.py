"""The application that ``TWINBENCH_APP`` names (``module:attribute``) with probes in front of it.

Any ASGI server imports it: ``uvicorn harness.probe.attach:app``. The application knows nothing of it. Those probes run
that ``TWINBENCH_PROBES`` names, and note what they see in a file in ``TWINBENCH_SAMPLES``.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from pkgutil import resolve_name

from harness.probe import call_site, recorder
from harness.probe.loop import LoopProbe
from harness.probe.recorder import Recorder
from harness.probe.request_sampling import RequestSampling
from harness.probe.sampler import Sampler
from harness.probe.served import App, Receive, Scope, Send, Served

APP_VARIABLE = "TWINBENCH_APP"
PROBES_VARIABLE = "TWINBENCH_PROBES"
GAUGES_VARIABLE = "TWINBENCH_GAUGES"


def starting(served: Served, starts: Sequence[Callable[[], None]]) -> App:
    """Start probes in the server's loop with its first event, which is its own, and make room for the application."""
    app, looked_into = served.app, served.looked_into

    def start_first(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        served.app, served.looked_into = app, looked_into
        for start in starts:
            start()
        return app(scope, receive, send)

    return start_first


call_site.serve(os.environ[APP_VARIABLE])
names = os.environ.get(PROBES_VARIABLE, "").split()
# What needs SQLAlchemy is imported where it is asked for: an application may not have it.
engines = None
if "pool" in names:
    from harness.probe.engines import Engines

    engines = Engines()
    engines.watch()  # before the application is imported, which may make its engine at once
if {"queries", "requests"} & set(names):
    from harness.probe import dialects

    dialects.meet()  # the same, and may connect as well
served = Served(resolve_name(os.environ[APP_VARIABLE]))
call_site.serve_routes(served.app)
if folder := os.environ.get(GAUGES_VARIABLE):
    from harness.probe.pool import PoolGauge

    PoolGauge(Path(folder))
if names:
    told, sampler = Recorder(Path(os.environ[recorder.FOLDER_VARIABLE])), Sampler()
    starts: list[Callable[[], None]] = []
    served.sampling = RequestSampling()
    if "queries" in names:
        from harness.probe.queries import QueryProbe

        served.looked_into = QueryProbe(served.looked_into, told)
    checkouts = None
    if engines is not None:
        from harness.probe.checkouts import CheckoutProbe

        checkouts = CheckoutProbe(told, sampler, served.in_flight, engines)
        starts.append(checkouts.start)
    if {"requests", "pool"} & set(names):
        from harness.probe.request import beginning
        from harness.probe.waits import tell_connections

        def _know_requests() -> None:
            served.begins = beginning(asyncio.get_running_loop())

        starts.append(_know_requests)
        tell_connections(told, checkouts)
    if "requests" in names:
        from harness.probe.phases import PhaseProbe
        from harness.probe.turns import TurnProbe
        from harness.probe.unawaited import tell_unawaited
        from harness.probe.waits import tell_database

        tell_database()
        tell_unawaited(told)
        turns = TurnProbe(told, sampler, served.in_flight)
        if checkouts:
            turns.holding = checkouts.holding
        starts.append(turns.start)
        served.looked_into = PhaseProbe(served.looked_into, told, served.in_flight)
    if "loop" in names:
        loop = LoopProbe(told, sampler, lambda: served.ended)
        starts.append(loop.start)
        if {"requests", "queries"} & set(names):  # by which calls to the database are told
            from harness.probe.blocking import BlockingCalls

            starts.append(BlockingCalls(told).start)
        served.beats = loop.beat
    if starts:
        served.app = served.looked_into = starting(served, starts)
app: App = served
