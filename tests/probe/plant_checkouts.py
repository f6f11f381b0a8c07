"""Requests that stand still, under the eyes of the probe: ``python plant_checkouts.py FOLDER PATH HOW CASE...``.

One case after the other, and what is printed is until when each stood still; HOW is whether each request is
``followed`` as well, or only ``seen``. In a process of its own, since the probe stays where it has been put.
"""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread
from sqlalchemy import Connection, QueuePool, create_engine

from harness.probe import request
from harness.probe.checkouts import LOOK_EVERY_S, CheckoutProbe
from harness.probe.phases import PhaseProbe
from harness.probe.recorder import FLUSH_S, Recorder
from harness.probe.request_sampling import RequestSampling
from harness.probe.sampler import Sampler
from harness.probe.served import Served
from harness.probe.waits import tell_connections

SIZE = 1 if "wants" in sys.argv else 3
engine = create_engine(
    "sqlite://", poolclass=QueuePool, pool_size=SIZE, max_overflow=0, connect_args={"check_same_thread": False}
)
released = threading.Event()
thread_taken, ended = asyncio.Event(), asyncio.Event()


def check_out() -> Connection:
    """Take a connection, and leave the thread."""
    return engine.connect()


def check_out_and_in() -> None:
    """Take a connection, and give it back."""
    engine.connect().close()


def check_out_and_stay() -> None:
    """Take a connection, and go on in the thread."""
    with engine.connect():
        released.wait()


def stay() -> None:
    """Keep the thread."""
    released.wait()


async def holds_and_waits_for_a_thread() -> None:
    """Hold a connection, and ask for the thread that another one has."""
    with await to_thread.run_sync(check_out):
        await thread_taken.wait()
        await to_thread.run_sync(stay)


async def holds_in_a_thread() -> None:
    """Hold a connection, in the thread."""
    await to_thread.run_sync(check_out_and_stay)


async def holds_beside_a_thread() -> None:
    """Hold a connection that was not checked out in the thread that works for it now."""
    with engine.connect():
        await to_thread.run_sync(stay)


async def holds_and_waits_elsewhere() -> None:
    """Hold a connection, and wait for something that nobody tells of."""
    with await to_thread.run_sync(check_out):
        await ended.wait()


def go_on() -> None:
    """Go on in a thread with what another one has begun."""
    released.wait()


async def holds_and_moves_to_another_thread() -> None:
    """Hold a connection, and go on in another thread than the one that checked it out, which somebody else has now."""
    with await to_thread.run_sync(check_out):
        await thread_taken.wait()
        await to_thread.run_sync(go_on)


async def has_a_thread() -> None:
    """Have the thread, or wait for it."""
    await to_thread.run_sync(stay)


async def waits_elsewhere() -> None:
    """Have nothing, and wait for something that nobody tells of."""
    await ended.wait()


def ask_for_another() -> None:
    """Ask for the connection that another one has."""
    engine.connect().close()


async def wants_a_connection() -> None:
    """Have the thread, and wait in it for a connection."""
    await to_thread.run_sync(ask_for_another)


Serves = Callable[[], Awaitable[None]]
CASES: dict[str, list[Serves]] = {
    "waits": [holds_and_waits_for_a_thread, has_a_thread, has_a_thread, has_a_thread],
    "runs": [holds_in_a_thread, has_a_thread],
    "moves": [holds_and_moves_to_another_thread, has_a_thread],
    "beside": [holds_beside_a_thread, has_a_thread],
    "elsewhere": [holds_and_waits_elsewhere, has_a_thread, waits_elsewhere],
    "background": [has_a_thread],
    "wants": [holds_and_waits_elsewhere, wants_a_connection],
}


async def app(scope: dict[str, Any], _receive: object, _send: object) -> None:
    """Serve a request, or hand it on to a task of its own as some middleware does, perhaps after work of its own."""
    if scope["path"] == "/handed-on-later":
        await to_thread.run_sync(check_out_and_in, limiter=anyio.CapacityLimiter(1))
    if scope["path"] != "/":
        async with anyio.create_task_group() as group:
            group.start_soon(scope["serve"])
    else:
        await scope["serve"]()


async def stand_still(case: str, path: str, served: Served) -> int:
    """Let one after the other come to where it stands still, and go on once they have been looked at.

    Returned is until when they stood, by the monotonic clock.
    """
    for event in (released, thread_taken, ended):
        event.clear()
    to_thread.current_default_thread_limiter().total_tokens = 2 if case == "moves" else 1
    tasks = []
    # A job that is of no request, with a pool of a kind that has a way of its own to connect.
    job = create_engine("sqlite://").connect() if case == "background" else None
    for serves in CASES[case]:
        scope = {"type": "http", "method": "GET", "path": path, "headers": [], "serve": serves}
        tasks.append(asyncio.create_task(served(scope, None, None)))  # type: ignore[arg-type]  # the same
        await asyncio.sleep(0.1)
    thread_taken.set()
    await asyncio.sleep(6 * LOOK_EVERY_S)
    until_ns = time.monotonic_ns()
    released.set()
    ended.set()
    await asyncio.gather(*tasks)
    if job:
        job.close()
        job.engine.dispose()
    return until_ns


async def serve(folder: Path, path: str, how: str, cases: list[str]) -> dict[str, int]:
    """Serve the requests of all cases, and tell until when those of each stood still."""
    served, recorder = Served(app), Recorder(folder)  # type: ignore[arg-type]  # an application that only the probe calls
    checkouts = CheckoutProbe(recorder, Sampler(), served.in_flight)
    tell_connections(recorder, checkouts)
    served.begins = request.beginning(asyncio.get_running_loop())
    if how == "followed":
        served.sampling = RequestSampling()
        served.looked_into = PhaseProbe(served.app, recorder, served.in_flight)
    checkouts.start()
    until_ns = {case: await stand_still(case, path, served) for case in cases}
    await asyncio.sleep(2 * FLUSH_S)
    return until_ns


print(json.dumps(asyncio.run(serve(Path(sys.argv[1]), *sys.argv[2:4], sys.argv[4:]))))  # noqa: T201 - the answer
