"""A probe does an application no harm, and accuses it of nothing that it does not do."""

import asyncio

import pytest

from harness.probe.holders import NOBODYS, OVER, _Held, _phase, _place_of_longest
from harness.probe.request import DATABASE, Followed, Request, here, under_way


async def serve() -> None:
    """An application that waits, and goes on waiting."""
    await asyncio.Event().wait()


async def ended() -> None:
    """An application that has nothing to do."""


async def followed() -> Followed:
    """One that is followed."""
    task = asyncio.current_task()
    assert task
    return Followed(task)


def over() -> Request:
    """One that is served: its task may be gone, too."""

    async def make() -> Request:
        task = asyncio.create_task(ended())
        await task
        return Request(task)

    return asyncio.run(make())


def test_in_a_thread_of_the_applications_own_there_is_no_task_to_look_for() -> None:
    here = asyncio.run(followed())
    here.look_for_its_task()  # raises nothing, though no event loop runs here
    assert not here.handed_on


def test_a_connection_that_no_request_has_checked_out_has_not_leaked() -> None:
    assert _phase(_Held(None, serve.__code__, 3, 0.0)) == NOBODYS
    assert _phase(_Held(over(), serve.__code__, 3, 0.0)) == OVER


@pytest.mark.parametrize("thread", [None, 7])
def test_a_request_that_nobody_follows_waits_elsewhere_if_nothing_of_it_runs(thread: int | None) -> None:
    async def look() -> list[str]:
        task = asyncio.create_task(serve())
        await asyncio.sleep(0)
        one = Request(task)
        one.thread = thread
        waits = _phase(_Held(one, None, 0, 0.0))
        one.enter(DATABASE)
        asks = _phase(_Held(one, None, 0, 0.0))
        task.cancel()
        await asyncio.sleep(0)
        return [waits, asks, _phase(_Held(one, None, 0, 0.0))]

    assert asyncio.run(look()) == ["python" if thread else "elsewhere", "database", OVER]


def test_a_request_that_nobody_follows_runs_while_its_coroutine_does() -> None:
    async def look() -> str:
        task = asyncio.current_task()
        assert task
        return _phase(_Held(Request(task), None, 0, 0.0))

    assert asyncio.run(look()) == "python"


def test_a_leak_is_named_by_the_oldest_of_which_it_is_known_where_it_was_checked_out() -> None:
    line = serve.__code__.co_firstlineno
    unknown, known, later = (
        _Held(over(), code, line, since_s)
        for code, since_s in ((None, 1.0), (serve.__code__, 2.0), (serve.__code__, 3.0))
    )
    assert _place_of_longest([unknown, later, known]) == known.culprit == f"test_probe_harmless.py:{line} serve"
    assert not _place_of_longest([unknown])


def test_a_request_is_known_when_somebody_asks_and_is_the_same_for_all_who_do() -> None:
    async def ask(*, mark: bool) -> tuple[Request | None, ...]:
        under_way.set(mark)
        first, second = here(), here()
        child = asyncio.create_task(asyncio.to_thread(here))
        return first, second, await child

    assert asyncio.run(ask(mark=False)) == (None, None, None)
    first, second, third = asyncio.run(ask(mark=True))
    assert isinstance(first, Request)
    assert first is second is third


def test_in_a_thread_that_nobody_told_of_there_is_no_request_to_know() -> None:
    async def ask() -> Request | None:
        under_way.set(True)
        return await asyncio.to_thread(here)

    assert asyncio.run(ask()) is None
