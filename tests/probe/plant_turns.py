"""Requests that wait, under the eyes of the probe: ``python -m tests.probe.plant_turns FOLDER seen|followed CASE...``.

One case after the other, and what is printed is until when each stood still. In a process of its own, since the probe
stays where it has been put.
"""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop

from harness.probe import request
from harness.probe.phases import PhaseProbe
from harness.probe.recorder import FLUSH_S, Recorder
from harness.probe.request_sampling import RequestSampling
from harness.probe.sampler import Sampler
from harness.probe.served import Served
from harness.probe.turns import LOOK_EVERY_S, TurnProbe
from tests.probe.waiting_requests import (
    CASES,
    TOGETHER,
    clients,
    ended,
    known,
    pending,
    released,
    signals_the_events,
    work_for_the_queue,
    works_for_a_state,
    works_for_the_queue,
)


async def app(scope: dict[str, Any], _receive: object, _send: object) -> None:
    """Serve a request, or live as long as the application does, which is no request."""
    await scope["serve"]()


async def stand_still(serves: Callable[[], Awaitable[object]], served: Served) -> tuple[int, int]:
    """Let requests come to where they stand still, and go on once they are looked at; return from and until when."""
    released.clear()
    ended.clear()
    tasks = []
    for _ in range(TOGETHER):
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "serve": serves}
        tasks.append(asyncio.create_task(served(scope, None, None)))  # type: ignore[arg-type]  # nobody calls them
    await asyncio.sleep(0.1)
    since_ns = time.monotonic_ns()
    await asyncio.sleep(3 * LOOK_EVERY_S)
    until_ns = time.monotonic_ns()
    released.set()
    ended.set()
    for done in pending.values():
        done.set_result(None)
    pending.clear()
    await asyncio.gather(*tasks)
    return since_ns, until_ns


async def serve(folder: Path, how: str, cases: list[str]) -> dict[str, tuple[int, int]]:
    """Serve the requests of all cases, and tell from and until when those of each stood still."""
    served, recorder = Served(app), Recorder(folder)  # type: ignore[arg-type]  # an application that only the probe calls
    turns = TurnProbe(recorder, Sampler(), served.in_flight)
    served.begins = request.beginning(asyncio.get_running_loop())
    if how == "followed":
        served.sampling = RequestSampling()
        served.looked_into = PhaseProbe(served.app, recorder, served.in_flight)
    turns.start()
    clients.put_nowait(1)
    workers = [
        asyncio.create_task(one) for one in (works_for_the_queue(), works_for_a_state(known), signals_the_events())
    ]
    lives = {"type": "lifespan", "serve": asyncio.Event().wait}
    workers.append(asyncio.create_task(served(lives, None, None)))  # type: ignore[arg-type]  # nobody calls them
    threading.Thread(target=work_for_the_queue, daemon=True).start()
    told = {case: await stand_still(CASES[case], served) for case in cases}
    await asyncio.sleep(2 * FLUSH_S)
    for worker in workers:
        worker.cancel()
    return told


# The server's loop is uvloop's, and anyone's may be Python's own.
run = uvloop.run if sys.argv[2] == "seen" else asyncio.run
print(json.dumps(run(serve(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))))  # noqa: T201 - the answer
