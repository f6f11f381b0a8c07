"""A probe does an application no harm, and accuses it of nothing that it does not do."""

import asyncio
import gc
import sqlite3
import time
import weakref
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from anyio import to_thread
from sqlalchemy import NullPool, QueuePool, event

from harness.probe import checkouts, waits
from harness.probe.call_site import place_at
from harness.probe.checkouts import CheckoutProbe
from harness.probe.holders import Checkout, Holder, is_checked_out
from harness.probe.request import Followed, Mark, beginning, came, under_way
from harness.probe.sampler import Look, Scheduled
from harness.probe.served import looked_into
from harness.probe.waits import ThreadWaits


class Sampler:
    """Lets a test take the looks."""

    def add(self, look: Look, early_s: float = 0.0) -> Scheduled:
        assert early_s
        self.looks = look
        return Scheduled(look, early_s, time.monotonic())

    def take_one(self) -> None:
        next(self.looks)  # which waits first
        next(self.looks)


class Told:
    """Keeps what is noted of connections in use, and the rest of what was noted last, by metric."""

    def __init__(self) -> None:
        self.in_use: list[tuple[float, dict[str, Any]]] = []
        self.rest: dict[str, tuple[float, dict[str, Any]]] = {}

    def note(self, _probe: str, metric: str, value: float, **labels: Any) -> None:
        if metric == "in_use":
            self.in_use.append((value, labels))
        else:
            self.rest[metric] = (value, labels)


def watched(in_flight: int) -> tuple[CheckoutProbe, Sampler, Told]:
    """A probe that looks at requests that are served by this thread's loop, so many of them."""
    sampler, told = Sampler(), Told()
    probe = CheckoutProbe(told, sampler, lambda: in_flight)  # type: ignore[arg-type]  # stand-ins with what it calls
    probe.start()
    return probe, sampler, told


Listeners = dict[str, Callable[[object, object], None]]


@pytest.fixture
def listeners(monkeypatch: pytest.MonkeyPatch) -> Listeners:
    """Listeners to SQLAlchemy's events, by name; they would stay for all the other tests."""
    known: Listeners = {}
    monkeypatch.setattr(event, "listen", lambda _of, name, listener: known.update({name: listener}))
    return known


async def serve() -> None:
    """An application that waits, and goes on waiting."""
    await asyncio.Event().wait()


async def followed() -> Followed:
    """One that is followed."""
    task = asyncio.current_task()
    assert task
    return Followed(task)


def test_in_a_thread_of_the_applications_own_there_is_no_task_to_look_for() -> None:
    here = asyncio.run(followed())
    here.look_for_its_task()  # raises nothing, though no event loop runs here
    assert not here.handed_on


def test_what_it_did_last_before_its_answer_is_told_too() -> None:
    request = asyncio.run(followed())
    time.sleep(0.02)
    request.answered()
    assert sum(request.told_s) >= 0.02


@pytest.mark.parametrize("part_with", ["close", "detach", "invalidate"])
def test_a_connection_is_held_until_it_is_parted_with(part_with: str) -> None:
    connection = QueuePool(lambda: sqlite3.connect(":memory:")).connect()
    assert is_checked_out(connection)
    getattr(connection, part_with)()
    assert not is_checked_out(connection)


@pytest.mark.usefixtures("listeners")
def test_a_connection_that_nobody_has_any_more_goes_back_to_its_pool() -> None:
    pool = QueuePool(lambda: sqlite3.connect(":memory:"))

    async def look() -> list[float]:
        probe, sampler, told = watched(0)
        probe.checked_out(pool, pool.connect(), None)
        gc.collect()
        sampler.take_one()
        return [value for value, _ in told.in_use]

    assert asyncio.run(look()) == [0]
    assert pool.checkedout() == 0


def test_a_look_keeps_no_task_alive_until_the_next_nor_a_note_after_its_connection(listeners: Listeners) -> None:
    pool = QueuePool(lambda: sqlite3.connect(":memory:"))
    connection = pool.connect()

    async def look() -> tuple[list[float], object, object]:
        probe, sampler, told = watched(1)
        task = asyncio.create_task(serve())
        await asyncio.sleep(0)
        request = Followed(task)
        request.serving = task.get_coro()  # type: ignore[assignment]  # of an async function
        probe.checked_out(pool, connection, request)
        sampler.take_one()
        gone, forgotten = weakref.ref(task), weakref.ref(request)
        task.cancel()
        del task, request
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert forgotten() is not None
        listeners["close"](connection.dbapi_connection, connection)
        return [value for value, _ in told.in_use], gone(), forgotten()

    assert asyncio.run(look()) == ([1], None, None)


@pytest.mark.parametrize("why", ["nothing", "held for long", "waits for a connection", "waits elsewhere"])
def test_a_holder_is_looked_at_closer_if_it_holds_for_long_or_somebody_waits(
    why: str, listeners: Listeners, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = QueuePool(lambda: sqlite3.connect(":memory:"))
    connection = pool.connect()

    async def look() -> list[tuple[float, dict[str, Any]]]:
        in_flight = 3 if why == "waits elsewhere" else 1  # as the loop may be seen to run one of them
        probe, sampler, told = watched(in_flight)
        records = [object() for _ in range(1 if in_flight == 3 else 2)]
        for record in records:
            listeners["connect"](None, record)
        tasks = [asyncio.create_task(serve()) for _ in range(2)]
        await asyncio.sleep(0)
        holds, waits_for_one = map(weakref.ref, tasks)
        await asyncio.to_thread(probe.checked_out, pool, connection, holds)
        if why == "held for long":
            monkeypatch.setattr(checkouts, "BRIEFLY_S", 0.0)
        if why == "waits for a connection":
            monkeypatch.setitem(waits.connecting, 1, (waits_for_one, pool))
        await asyncio.to_thread(sampler.take_one)
        for task in tasks:
            task.cancel()
        return told.in_use

    ((value, labels),) = asyncio.run(look())
    phase, function = ("briefly", None) if why == "nothing" else ("elsewhere", "serve")
    place = labels["call_site"]
    assert (value, labels[phase], place and place[2]) == (1, 1, function)


@pytest.mark.parametrize(
    ("size", "overflow", "taken", "full"), [(1, 0, 1, 1), (1, 1, 1, 0), (1, 1, 2, 1), (2, 0, 1, 0), (1, -1, 3, 0)]
)
@pytest.mark.usefixtures("listeners")
def test_those_who_ask_a_pool_that_has_none_left_are_counted(
    size: int, overflow: int, taken: int, full: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = QueuePool(lambda: sqlite3.connect(":memory:"), pool_size=size, max_overflow=overflow)
    held = [pool.connect() for _ in range(taken)]

    async def look() -> float:
        probe, sampler, told = watched(1)
        request = weakref.ref(task := asyncio.create_task(serve()))
        for connection in held:
            probe.checked_out(pool, connection, request)
        monkeypatch.setitem(waits.connecting, 1, (request, pool))
        monkeypatch.setitem(waits.connecting, 2, (request, NullPool(lambda: sqlite3.connect(":memory:"))))
        await asyncio.to_thread(sampler.take_one)
        task.cancel()
        return float(told.rest["waiting"][1]["full"])

    assert asyncio.run(look()) == full
    held[0].close()
    assert asyncio.run(look()) == 0


@pytest.mark.usefixtures("listeners")
def test_who_asks_for_another_is_told_with_the_line_of_its_first(monkeypatch: pytest.MonkeyPatch) -> None:
    own = (pool := QueuePool(lambda: sqlite3.connect(":memory:"))).connect()
    monkeypatch.setattr(checkouts, "BRIEFLY_S", 0.0)
    code = serve.__code__
    asks_at = place_at(code, code.co_firstlineno)
    monkeypatch.setattr(checkouts, "place_of", lambda _frame: asks_at)
    asks = Holder(Checkout(None, None, code, code.co_firstlineno, 0.0), "connection")
    monkeypatch.setattr(checkouts, "holder_of", lambda _held, _stacks: asks)

    async def look() -> dict[str, Any]:
        probe, sampler, told = watched(1)
        tasks = [asyncio.create_task(serve()) for _ in range(2)]
        request, other = map(weakref.ref, tasks)
        await asyncio.sleep(0)
        looked_into.set(True)
        probe.checked_out(pool, own, request)
        probe.asks(other)  # which has none
        assert not probe._has_at
        probe.asks(request)
        await asyncio.to_thread(sampler.take_one)
        for task in tasks:
            task.cancel()
        return told.in_use[0][1]

    labels = asyncio.run(look())
    assert (labels["another"], labels["has"][2]) == (asks_at, "look")


@pytest.mark.usefixtures("listeners")
def test_where_stacks_are_read_the_loop_is_asked_and_not_again_until_it_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection = (pool := QueuePool(lambda: sqlite3.connect(":memory:"))).connect()
    monkeypatch.setattr(checkouts, "BRIEFLY_S", 0.0)

    async def look() -> list[int]:
        probe, sampler, told = watched(1)
        request = weakref.ref(task := asyncio.create_task(serve()))
        await asyncio.sleep(0)
        probe.checked_out(pool, connection, request)
        asked, original = [], probe._loop.call_soon_threadsafe
        monkeypatch.setattr(probe, "_loop", SimpleNamespace(call_soon_threadsafe=lambda *what: asked.append(what)))
        monkeypatch.setattr(checkouts.CheckoutProbe, "_waiting_elsewhere", lambda *_what: 0)
        counts = []
        for _ in range(2):
            sampler.take_one()
            counts.append(len(asked))
        original(*asked[0])
        await asyncio.sleep(0)
        assert told.rest["late_s"][0] >= 0
        sampler.take_one()
        task.cancel()
        return [*counts, len(asked)]

    assert asyncio.run(look()) == [1, 1, 2]


def test_what_a_request_does_in_threads_and_tasks_of_its_own_is_part_of_it() -> None:
    async def ask() -> list[asyncio.Task[object] | None]:
        beginning(asyncio.get_running_loop())()

        async def in_task() -> Mark:
            return under_way.get()

        known = [under_way.get(), await asyncio.to_thread(under_way.get), await asyncio.create_task(in_task())]
        return [request() if request else None for request in map(came, known)] + [asyncio.current_task()]

    first, *others = asyncio.run(ask())
    assert first is not None
    assert others == [first] * 3


def test_nothing_stands_in_the_way_to_a_thread_unless_a_request_is_followed() -> None:
    original = to_thread.run_sync
    telling = ThreadWaits()
    with telling:
        told = to_thread.run_sync
        with telling:
            assert told is not original
            assert to_thread.run_sync is told
        assert to_thread.run_sync is told
        assert asyncio.run(told(len, "who")) == 3
    assert to_thread.run_sync is original
