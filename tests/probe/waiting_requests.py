"""Requests that wait, for one another or not, by all that Python and AnyIO have for it."""

import asyncio
import concurrent.futures
import os
import queue
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace

import anyio
from anyio import to_thread
from starlette.datastructures import State

TOGETHER = 5
released = threading.Event()
ended = asyncio.Event()
lock, semaphore, condition = asyncio.Lock(), asyncio.Semaphore(2), asyncio.Condition()
wide = asyncio.Semaphore(TOGETHER)
anyio_lock, anyio_semaphore, limiter = anyio.Lock(), anyio.Semaphore(1), anyio.CapacityLimiter(1)
thread_lock, thread_semaphore, thread_condition = threading.RLock(), threading.Semaphore(2), threading.Condition()
locks = {"one": threading.Lock()}
jobs: asyncio.Queue[tuple[str, asyncio.Future[None]]] = asyncio.Queue()
events: asyncio.Queue[dict[str, asyncio.Event]] = asyncio.Queue()
thread_jobs: queue.Queue[concurrent.futures.Future[None]] = queue.Queue()
clients: asyncio.Queue[int] = asyncio.Queue()
small: asyncio.Queue[int] = asyncio.Queue(1)
executor, set_by_us = concurrent.futures.ThreadPoolExecutor(1), concurrent.futures.ThreadPoolExecutor(2)
os.cpu_count = lambda: -3  # so that an executor which nobody has given a size has one thread
by_default = concurrent.futures.ThreadPoolExecutor()
known = SimpleNamespace(app=SimpleNamespace(state=State({"orders": asyncio.Queue()})))
busy = False


async def stand() -> None:
    """Hold what is held, until all is looked at."""
    await ended.wait()


async def holds_a_lock() -> None:
    """Hold a lock across what takes long."""
    async with lock:
        await stand()


async def acquires_in_time() -> None:
    """Wait for a lock no longer than some time."""
    await asyncio.wait_for(lock.acquire(), 60)
    await stand()
    lock.release()


@asynccontextmanager
async def locked() -> AsyncIterator[None]:
    """Hold a lock from within an async generator, as a dependency does."""
    async with lock:
        yield


async def depends_on_a_lock() -> None:
    """Have what holds a lock."""
    async with locked():
        await stand()


async def enters_a_semaphore() -> None:
    """Be one of two."""
    async with semaphore:
        await stand()


async def waits_at_a_condition() -> None:
    """Wait until nobody else is busy."""
    global busy  # noqa: PLW0603 - the application's state
    async with condition:
        await condition.wait_for(lambda: not busy)
        busy = True
    await stand()
    async with condition:
        busy = False
        condition.notify()


async def holds_anyios_lock() -> None:
    """Hold one of AnyIO's."""
    async with anyio_lock:
        await stand()


async def enters_anyios_semaphore() -> None:
    """Be the only one."""
    async with anyio_semaphore:
        await stand()


async def works_for_the_queue() -> None:
    """Do one job after the other."""
    while True:
        _, done = await jobs.get()
        await stand()
        done.set_result(None)


async def asks_a_worker(of_it: asyncio.Queue[tuple[str, asyncio.Future[None]]] = jobs) -> None:
    """Have a worker do it."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    of_it.put_nowait(("job", done))
    await done


async def works_for_a_state(state: SimpleNamespace) -> None:
    """Do one job after the other, of a queue that is kept in the state of an application."""
    while True:
        _, done = await state.app.state.orders.get()
        await stand()
        done.set_result(None)


async def signals_the_events() -> None:
    """Do one job after the other, and signal its end by an event."""
    while True:
        job = await events.get()
        await stand()
        job["done"].set()


async def asks_by_an_event() -> None:
    """Have a worker do it that signals the end by an event."""
    done = asyncio.Event()
    events.put_nowait({"done": done})
    await asyncio.wait_for(done.wait(), 60)


async def takes_a_client() -> None:
    """Take the one client out of a queue, and put it back."""
    client = await clients.get()
    await stand()
    clients.put_nowait(client)


async def puts_into_a_full_queue() -> None:
    """Wait for room in a queue."""
    await small.put(1)
    await stand()
    small.get_nowait()


async def runs_in_an_executor() -> None:
    """Have the one thread of an executor do it."""
    await asyncio.get_running_loop().run_in_executor(executor, released.wait)


async def runs_in_the_loops_executor(of_it: concurrent.futures.ThreadPoolExecutor = by_default) -> None:
    """Have one of the threads that the event loop has do it, by default or as it was set."""
    asyncio.get_running_loop().set_default_executor(of_it)
    await asyncio.to_thread(released.wait)


async def has_few_threads() -> None:
    """Have one of few threads of its own do it."""
    await to_thread.run_sync(released.wait, limiter=limiter)


def enter_a_lock() -> None:
    """Hold a lock of threads."""
    with thread_lock:
        released.wait()


def acquire_a_lock() -> None:
    """Hold a lock of threads that has a name, and not by a ``with``."""
    locks["one"].acquire(timeout=60)
    released.wait()
    locks["one"].release()


def enter_a_semaphore() -> None:
    """Be one of two threads."""
    with thread_semaphore:
        released.wait()


def work_for_the_queue() -> None:
    """Do one job after the other, in a thread."""
    while True:
        job = thread_jobs.get()
        released.wait()
        job.set_result(None)


def ask_a_thread() -> None:
    """Have a thread do it."""
    job: concurrent.futures.Future[None] = concurrent.futures.Future()
    thread_jobs.put(job)
    job.result()


def in_threads(function: Callable[[], object]) -> Callable[[], Awaitable[object]]:
    """Serve in AnyIO's threads, as Starlette does it."""
    return lambda: to_thread.run_sync(function)


async def is_wide_enough() -> None:
    """Be one of as many as there are."""
    async with wide:
        await stand()


async def gathers() -> None:
    """Wait for questions of its own, each behind a limit of its own."""
    mine = asyncio.Semaphore(1)

    async def ask() -> None:
        async with mine:
            await asyncio.sleep(0.02)

    while not ended.is_set():
        await asyncio.gather(ask(), ask(), ask())


async def waits_for_news() -> None:
    """Wait for a message in a queue of its own."""
    mine: asyncio.Queue[int] = asyncio.Queue()
    asyncio.get_running_loop().create_task(tell(mine))
    await mine.get()


async def tell(mine: asyncio.Queue[int]) -> None:
    """Send a message in the end."""
    await ended.wait()
    mine.put_nowait(1)


async def waits_for_anyone() -> None:
    """Wait for a future that is in nobody's queue, as that of a connection with many requests under way."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    pending[id(done)] = done
    await done


pending: dict[int, asyncio.Future[None]] = {}


def sleep_in_a_thread() -> None:
    """Wait in a thread for something that takes its time."""
    while not released.is_set():
        time.sleep(0.01)


def join_a_thread() -> None:
    """Wait for a thread of its own to end."""
    mine = threading.Thread(target=released.wait)
    mine.start()
    mine.join()


def count_in_a_thread() -> None:
    """Hold a lock for a moment, over and over."""
    counts: dict[int, int] = {}
    while not released.is_set():
        time.sleep(0.002)
        with locks["one"]:
            counts[1] = counts.get(1, 0) + 1


CASES: dict[str, Callable[[], Awaitable[object]]] = {
    "lock": holds_a_lock,
    "lock_in_time": acquires_in_time,
    "lock_in_a_generator": depends_on_a_lock,
    "semaphore": enters_a_semaphore,
    "condition": waits_at_a_condition,
    "anyio_lock": holds_anyios_lock,
    "anyio_semaphore": enters_anyios_semaphore,
    "limiter": has_few_threads,
    "queue": asks_a_worker,
    "queue_of_a_state": lambda: asks_a_worker(known.app.state.orders),
    "queue_of_events": asks_by_an_event,
    "queue_of_clients": takes_a_client,
    "full_queue": puts_into_a_full_queue,
    "executor": runs_in_an_executor,
    "set_executor": lambda: runs_in_the_loops_executor(set_by_us),
    "thread_lock": in_threads(enter_a_lock),
    "named_lock": in_threads(acquire_a_lock),
    "thread_semaphore": in_threads(enter_a_semaphore),
    "thread_queue": in_threads(ask_a_thread),
    "default_executor": runs_in_the_loops_executor,
    "wide_semaphore": is_wide_enough,
    "gather": gathers,
    "own_queue": waits_for_news,
    "future": waits_for_anyone,
    "sleep": in_threads(sleep_in_a_thread),
    "join": in_threads(join_a_thread),
    "short_lock": in_threads(count_in_a_thread),
}
