"""A probe does an application no harm, and accuses it of nothing that it does not do."""

import asyncio

import pytest

from harness.probe.holders import NOBODYS, OVER, _Held, _phase, _place_of_longest
from harness.probe.request import DATABASE, Followed, Request


async def serve() -> None:
    """An application."""


async def followed() -> Followed:
    """One that is followed."""
    return Followed()


def request() -> Request:
    """One that is under way, and waits."""
    one = Request()
    one.coroutine = serve()
    one.coroutine.close()
    return one


def test_in_a_thread_of_the_applications_own_there_is_no_task_to_look_for() -> None:
    here = asyncio.run(followed())
    here.look_for_its_task()  # raises nothing, though no event loop runs here
    assert not here.handed_on


def test_a_connection_that_no_request_has_checked_out_has_not_leaked() -> None:
    over = request()
    over.over = True
    assert _phase(_Held(None, serve.__code__, 3, 0.0)) == NOBODYS
    assert _phase(_Held(over, serve.__code__, 3, 0.0)) == OVER


@pytest.mark.parametrize("thread", [None, 7])
def test_a_request_that_nobody_follows_waits_elsewhere_if_nothing_of_it_runs(thread: int | None) -> None:
    one = request()
    one.thread = thread
    assert _phase(_Held(one, None, 0, 0.0)) == ("python" if thread else "elsewhere")
    one.enter(DATABASE)
    assert _phase(_Held(one, None, 0, 0.0)) == "database"


def test_a_request_that_nobody_follows_runs_while_its_coroutine_does() -> None:
    seen = []

    async def look() -> None:
        seen.append(_phase(_Held(one, None, 0, 0.0)))

    one = request()
    one.coroutine = look()
    with pytest.raises(StopIteration):
        one.coroutine.send(None)
    assert seen == ["python"]


def test_a_leak_is_named_by_the_oldest_of_which_it_is_known_where_it_was_checked_out() -> None:
    over = request()
    over.over = True
    line = serve.__code__.co_firstlineno
    unknown, known, later = (
        _Held(over, code, line, since_s)
        for code, since_s in ((None, 1.0), (serve.__code__, 2.0), (serve.__code__, 3.0))
    )
    assert _place_of_longest([unknown, later, known]) == known.culprit == f"test_probe_harmless.py:{line} serve"
    assert not _place_of_longest([unknown])
