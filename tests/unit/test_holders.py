"""What the holder of a connection is seen to do, and where."""

import asyncio
import sys
import weakref
from collections.abc import Callable, Coroutine
from types import CodeType, FunctionType
from typing import Any

import pytest

from harness.probe import holders
from harness.probe.holders import NOBODYS, OVER, Checkout, Stacks, holder_of, place_of_longest
from harness.probe.request import Came, Mark, beginning, under_way
from harness.probe.workers import IDLE, AtWork


async def serve() -> None:
    """An application that waits, and goes on waiting."""
    await asyncio.Event().wait()


async def other() -> None:
    """Another that does."""
    await asyncio.Event().wait()


async def ended() -> None:
    """An application that has nothing to do."""


def over() -> Came:
    """One that is served: its task may be gone, too."""

    async def make() -> Came:
        task = asyncio.create_task(ended())
        await task
        return weakref.ref(task)

    return asyncio.run(make())


def held(request: Mark, code: CodeType | None = serve.__code__, since_s: float = 0.0) -> Checkout:
    """A connection that is checked out."""
    return Checkout(request, None, code, serve.__code__.co_firstlineno, since_s)


def phase(request: Mark, work: AtWork = IDLE) -> str:
    """What its holder is seen to do by somebody in the loop's thread."""
    return holder_of(held(request), Stacks(work, {}, sys._getframe())).phase


def test_a_connection_that_no_request_has_checked_out_has_not_leaked() -> None:
    assert phase(None) == NOBODYS
    assert phase(over()) == OVER


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


def test_what_outlives_its_request_holds_its_connection_by_itself_until_it_ends() -> None:
    async def look() -> list[str]:
        request, outlives = (asyncio.create_task(one()) for one in (ended, serve))
        await request
        held = Checkout(weakref.ref(request), weakref.ref(outlives), None, 0, 0.0)
        phases = [holder_of(held, None).phase]
        outlives.cancel()
        await asyncio.sleep(0)
        return [*phases, holder_of(held, None).phase]

    assert asyncio.run(look()) == [NOBODYS, OVER]


def of_driver(
    function: Callable[[], Coroutine[Any, Any, None]], package: str = "asyncpg"
) -> Callable[[], Coroutine[Any, Any, None]]:
    """A coroutine function as a driver has it."""
    code = function.__code__.replace(co_filename=f"<{package}>")
    return FunctionType(code, {**function.__globals__, "__package__": package})


acquire, execute, execute_by_psycopg = of_driver(serve), of_driver(other), of_driver(other, "psycopg")


async def gathers() -> None:
    """Wait for two tasks of its own."""
    await asyncio.gather(execute(), acquire())


async def groups() -> None:
    """Wait for tasks of a group."""
    async with asyncio.TaskGroup() as group:
        group.create_task(execute())
        group.create_task(acquire())


async def leaves() -> None:
    """Leave a task to itself, and wait for something else."""
    left.append(asyncio.create_task(acquire()))
    await asyncio.Event().wait()


left: list[asyncio.Task[None]] = []


@pytest.mark.parametrize(
    ("application", "seen"),
    [
        (acquire, "connection"),
        (execute, "database"),
        (execute_by_psycopg, "database"),
        (gathers, "connection"),
        (groups, "connection"),
        (leaves, "elsewhere"),
    ],
)
def test_who_waits_for_what_waits_for_a_connection_waits_for_one(
    application: Callable[[], Coroutine[Any, Any, None]], seen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holders, "connecting", {acquire.__code__})

    async def look() -> str:
        task = asyncio.create_task(application())
        for _ in range(3):
            await asyncio.sleep(0)
        found = phase(weakref.ref(task))
        for one in (task, *left):
            one.cancel()
        return found

    assert asyncio.run(look()) == seen


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


def test_a_leak_is_named_by_the_oldest_of_which_it_is_known_where_it_was_checked_out() -> None:
    unknown, known, later = (
        holder_of(held(over(), code, since_s), None)
        for code, since_s in ((None, 1.0), (serve.__code__, 2.0), (serve.__code__, 3.0))
    )
    line = serve.__code__.co_firstlineno
    assert place_of_longest([unknown, later, known]) == known.place == ("test_holders.py", line, "serve")
    assert not place_of_longest([unknown])
