"""Requests whose parts are known, served behind the probe: ``python plant_phases.py FOLDER`` prints what was planted.

With a word more, the probe is asked not to tell of them. In a process of its own, since the probe stays where it has
been put.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import anyio
from anyio import CapacityLimiter, to_thread
from sqlalchemy import QueuePool, create_engine, event, text

from harness.probe.phases import PhaseProbe
from harness.probe.recorder import Recorder
from harness.probe.request_sampling import RequestSampling
from harness.probe.served import Send, Served
from harness.probe.waits import tell_connections, tell_database

TIMES = 5
PART_S = 0.02
BODY = (b"so", b" be it")

engine = create_engine(
    "sqlite://", poolclass=QueuePool, pool_size=1, max_overflow=0, connect_args={"check_same_thread": False}
)
event.listen(engine, "connect", lambda connection, _record: connection.create_function("wait", 1, time.sleep))


def ask(planted: Counter[str]) -> None:
    """Wait for the one connection, ask the database for something that takes time, and keep busy."""
    began_s = time.perf_counter()
    with engine.connect() as connection:
        connected_s = time.perf_counter()
        planted["connection"] += connected_s - began_s
        connection.execute(text("SELECT wait(:s)"), {"s": PART_S})
        answered_s = time.perf_counter()
        planted["database"] += answered_s - connected_s
        keep_busy()
        planted["python"] += time.perf_counter() - answered_s


def keep_busy() -> None:
    """Use the processor."""
    until_s = time.perf_counter() + PART_S
    while time.perf_counter() < until_s:
        pass


async def app(scope: dict[str, Any], _receive: object, send: Send) -> None:
    """Serve one request, of parts that it measures itself."""
    planted = scope["planted"]
    began_s = time.perf_counter()
    keep_busy()
    busy_s = time.perf_counter()
    await asyncio.sleep(PART_S)
    waited_s = time.perf_counter()
    planted["python"] += busy_s - began_s
    planted["elsewhere"] += waited_s - busy_s

    def begun() -> None:
        planted["thread"] += time.perf_counter() - waited_s
        ask(planted)

    await to_thread.run_sync(begun, limiter=scope["limiter"])
    for part in BODY:
        await send({"type": "http.response.body", "body": part, "more_body": part != BODY[-1]})
    await asyncio.sleep(PART_S)  # its client has its answer, and waits no more


async def drop(_message: object) -> None:
    """Take an answer."""


async def serve(folder: Path) -> list[Counter[str]]:
    """Serve a few at a time that meet on one thread, and a few that meet on one connection."""
    probed = Served(app)  # type: ignore[arg-type]  # an application that only the probe calls
    recorder = Recorder(folder)
    tell_connections(recorder)
    tell_database()
    told = len(sys.argv) == 2
    if told:
        probed.sampling = RequestSampling()
        probed.looked_into = PhaseProbe(probed.app, recorder, probed.in_flight)
    planted = []

    async def arrive(parts: Counter[str], limiter: CapacityLimiter) -> None:
        sent_ns = time.monotonic_ns()
        await asyncio.sleep(PART_S)
        parts["queue"] += (time.monotonic_ns() - sent_ns) / 1e9
        headers = [(b"host", b"localhost"), (b"x-request-start", str(sent_ns).encode())]
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "planted": parts, "limiter": limiter}
        await probed(scope, None, drop)  # type: ignore[arg-type]  # the application receives nothing

    for limiter in (CapacityLimiter(1), CapacityLimiter(3)):
        for _ in range(TIMES if told else 1):
            async with anyio.create_task_group() as group:
                for _ in range(3):
                    parts: Counter[str] = Counter()
                    planted.append(parts)
                    group.start_soon(arrive, parts, limiter)
    return planted


print(json.dumps(asyncio.run(serve(Path(sys.argv[1])))))  # noqa: T201 - the answer
