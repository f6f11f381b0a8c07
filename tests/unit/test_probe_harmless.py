"""A probe does an application no harm, and accuses it of nothing that it does not do."""

import asyncio
import gc
import os
import sqlite3
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from anyio import to_thread
from sqlalchemy import QueuePool, event

from harness.probe import checkouts, waits
from harness.probe.checkouts import CheckoutProbe
from harness.probe.holders import NOBODYS, OVER, Checkout, Stacks, holder_of, is_checked_out, place_of_longest
from harness.probe.request import Came, Followed, Mark, beginning, came, under_way
from harness.probe.sampler import Look, Scheduled
from harness.probe.waits import ThreadWaits
from harness.probe.workers import IDLE, AtWork


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
    """Keeps what is noted of connections in use."""

    def __init__(self) -> None:
        self.in_use: list[tuple[float, dict[str, Any]]] = []

    def note(self, _probe: str, metric: str, value: float, **labels: Any) -> None:
        if metric == "in_use":
            self.in_use.append((value, labels))


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


async def other() -> None:
    """Another that does."""
    await asyncio.Event().wait()


async def ended() -> None:
    """An application that has nothing to do."""


async def followed() -> Followed:
    """One that is followed."""
    task = asyncio.current_task()
    assert task
    return Followed(task)


def over() -> Came:
    """One that is served: its task may be gone, too."""

    async def make() -> Came:
        task = asyncio.create_task(ended())
        await task
        return weakref.ref(task)

    return asyncio.run(make())


def test_in_a_thread_of_the_applications_own_there_is_no_task_to_look_for() -> None:
    here = asyncio.run(followed())
    here.look_for_its_task()  # raises nothing, though no event loop runs here
    assert not here.handed_on


def held(request: Mark, code: CodeType | None = serve.__code__, since_s: float = 0.0) -> Checkout:
    """A connection that is checked out."""
    return Checkout(request, None, code, serve.__code__.co_firstlineno, since_s)


def phase(request: Mark, work: AtWork = IDLE) -> str:
    """What its holder is seen to do by somebody in the loop's thread."""
    return holder_of(held(request), Stacks(work, {}, sys._getframe())).phase


def test_what_it_did_last_before_its_answer_is_told_too() -> None:
    request = asyncio.run(followed())
    time.sleep(0.02)
    request.answered()
    assert sum(request.told_s) >= 0.02


def test_a_connection_that_no_request_has_checked_out_has_not_leaked() -> None:
    assert phase(None) == NOBODYS
    assert phase(over()) == OVER


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


def test_a_request_waits_elsewhere_if_nothing_of_it_runs_and_it_waits_for_no_thread() -> None:
    async def look() -> list[str]:
        task, other = asyncio.create_task(serve()), asyncio.create_task(serve())
        await asyncio.sleep(0)
        one = weakref.ref(task)
        at = [IDLE, *(IDLE._replace(**{name: (task,)}) for name in ("having", "waiting"))]
        phases = [phase(one, work) for work in at]
        phases.append(phase(one, IDLE._replace(having=(other,), waiting=(other,), parents={id(other): id(task)})))
        phases.append(phase(one, IDLE._replace(waiting=(other,), children={id(task): [other]})))
        task.cancel()
        other.cancel()
        await asyncio.sleep(0)
        return [*phases, phase(one, IDLE._replace(having=(task,)))]

    assert asyncio.run(look()) == ["elsewhere", "python", "thread", "elsewhere", "thread", OVER]


def test_what_a_task_has_asked_for_that_has_ended_its_request_goes_on_with() -> None:
    async def look() -> list[str]:
        request, asks, has_asked = (asyncio.create_task(one()) for one in (serve, other, ended))
        await has_asked
        stacks = Stacks(IDLE, {}, sys._getframe())
        held = [Checkout(weakref.ref(request), weakref.ref(one), None, 0, 0.0) for one in (asks, has_asked)]
        places = [holder_of(one, stacks).place for one in held]
        request.cancel()
        asks.cancel()
        return [place[2] for place in places if place]

    assert asyncio.run(look()) == ["other", "serve"]


def test_a_request_runs_while_its_coroutine_does() -> None:
    async def look() -> str:
        beginning(asyncio.get_running_loop())()
        return phase(under_way.get())

    assert asyncio.run(look()) == "python"


def test_a_task_leads_back_to_the_first_and_a_number_that_is_used_again_leads_nowhere_for_ever() -> None:
    async def look() -> None:
        tasks = [asyncio.create_task(ended()) for _ in range(3)]
        first, second, third = tasks
        work = IDLE._replace(
            parents={id(third): id(second), id(second): id(first)},
            children={id(first): [second], id(second): [third]},
        )
        ring = IDLE._replace(
            parents={id(first): id(second), id(second): id(first)},
            children={id(first): [second], id(second): [first]},
        )
        assert [work.root(task) for task in tasks] == [id(first)] * 3
        assert work.family(first) == tasks
        assert ring.family(first) == [first, second]
        assert ring.root(first) in {id(first), id(second)}

    asyncio.run(look())


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


def test_a_leak_is_named_by_the_oldest_of_which_it_is_known_where_it_was_checked_out() -> None:
    unknown, known, later = (
        holder_of(held(over(), code, since_s), None)
        for code, since_s in ((None, 1.0), (serve.__code__, 2.0), (serve.__code__, 3.0))
    )
    line = serve.__code__.co_firstlineno
    assert place_of_longest([unknown, later, known]) == known.place == ("test_probe_harmless.py", line, "serve")
    assert not place_of_longest([unknown])


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


def test_an_application_that_has_no_sqlalchemy_can_be_looked_into(tmp_path: Path) -> None:
    without = "import sys; sys.modules['sqlalchemy'] = None; import harness.probe.attach"
    (tmp_path / "plain.py").write_text("app = None")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(tmp_path), *sys.path)),
        "TWINBENCH_APP": "plain:app",
        "TWINBENCH_PROBES": "loop",
        "TWINBENCH_SAMPLES": str(tmp_path),
    }
    subprocess.run([sys.executable, "-c", without], env=environment, check=True)
