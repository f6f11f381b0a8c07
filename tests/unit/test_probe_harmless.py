"""A probe does an application no harm, and accuses it of nothing that it does not do."""

import asyncio
import gc
import sqlite3
import threading
import time
import weakref
from pathlib import Path
from types import CodeType

import pytest
from sqlalchemy import QueuePool, event

from harness.probe.holders import NOBODYS, OVER, HolderProbe, _Held, _is_out, _phase, _place_of_longest, _Threads
from harness.probe.looker import Looker
from harness.probe.recorder import Recorder
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


def held(
    request: Request | None, code: CodeType | None = serve.__code__, since_s: float = 0.0, thread: int = 0
) -> _Held:
    """A connection that is checked out."""
    return _Held(request, code, serve.__code__.co_firstlineno, since_s, thread)


def test_what_it_did_last_before_its_answer_is_told_too() -> None:
    request = asyncio.run(followed())
    time.sleep(0.02)
    request.answered()
    assert sum(request.told_s) >= 0.02


def test_a_connection_that_no_request_has_checked_out_has_not_leaked() -> None:
    assert _phase(held(None), _Threads()) == NOBODYS
    assert _phase(held(over()), _Threads()) == OVER


@pytest.mark.parametrize("part_with", ["close", "detach", "invalidate"])
def test_a_connection_is_held_until_it_is_parted_with(part_with: str) -> None:
    connection = QueuePool(lambda: sqlite3.connect(":memory:")).connect()
    assert _is_out(connection)
    getattr(connection, part_with)()
    assert not _is_out(connection)


def test_a_connection_that_nobody_has_any_more_goes_back_to_its_pool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event, "listen", lambda *_what: None)  # it would stay for all the other tests
    probe, pool = HolderProbe(Recorder(tmp_path), Looker(), lambda: 0), QueuePool(lambda: sqlite3.connect(":memory:"))
    probe.checked_out(pool.connect(), None)
    gc.collect()
    assert pool.checkedout() == 0
    ((noted, *_),) = probe._noted.values()
    assert not _is_out(noted())


def test_a_request_waits_elsewhere_if_nothing_of_it_runs_and_it_waits_for_no_thread() -> None:
    async def look() -> list[str]:
        task = asyncio.create_task(serve())
        await asyncio.sleep(0)
        one = Request(task)
        phases = [_phase(held(one), threads) for threads in (_Threads(), _Threads(having=[task]), _Threads([], [task]))]
        one.phase = DATABASE
        phases.append(_phase(held(one), _Threads(having=[task])))
        task.cancel()
        await asyncio.sleep(0)
        return [*phases, _phase(held(one), _Threads(having=[task]))]

    assert asyncio.run(look()) == ["elsewhere", "python", "thread", "database", OVER]


def test_a_request_runs_while_its_coroutine_does() -> None:
    async def look() -> str:
        task = asyncio.current_task()
        assert task
        return _phase(held(Request(task)), _Threads())

    assert asyncio.run(look()) == "python"


def test_a_thread_that_has_served_another_since_is_not_told_to_be_its_own() -> None:
    ended = threading.Event()

    def stay() -> None:
        ended.wait()

    async def look() -> list[str]:
        thread = threading.Thread(target=stay)
        thread.start()
        task, other = asyncio.create_task(serve()), asyncio.create_task(serve())
        await asyncio.sleep(0)
        one = held(Request(task), thread=thread.ident or 0)
        given: list[dict[int, Request | None]] = [{one.thread: one.request}, {one.thread: Request(other)}, {}]
        places = [_place_of_longest([one], _Threads([task], [], served)) for served in given]
        places.append(_place_of_longest([one], _Threads([], [task], given[0])))
        task.cancel()
        other.cancel()
        ended.set()
        return [place.split(" ")[1] for place in places]

    assert asyncio.run(look()) == ["stay", "serve", "serve", "serve"]


def test_a_look_keeps_no_task_alive_until_the_next_nor_a_note_after_its_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event, "listen", lambda *_what: None)  # it would stay for all the other tests
    connection = QueuePool(lambda: sqlite3.connect(":memory:")).connect()

    async def look() -> bool:
        probe = HolderProbe(Recorder(tmp_path), looker := Looker(), lambda: 1)
        looker.add = lambda *_one, **_more: None  # type: ignore[assignment,method-assign]  # looks are taken here
        probe.start()
        task = asyncio.create_task(serve())
        await asyncio.sleep(0)
        probe.checked_out(connection, Request(task))
        assert probe._noted
        looks = probe._look()
        next(looks)
        next(looks)
        gone = weakref.ref(task)
        task.cancel()
        del task
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        probe._closed(connection.dbapi_connection, connection)
        return gone() is None and not probe._noted

    assert asyncio.run(look())


def test_a_leak_is_named_by_the_oldest_of_which_it_is_known_where_it_was_checked_out() -> None:
    unknown, known, later = (
        held(over(), code, since_s) for code, since_s in ((None, 1.0), (serve.__code__, 2.0), (serve.__code__, 3.0))
    )
    line = serve.__code__.co_firstlineno
    place = f"test_probe_harmless.py:{line} serve"
    assert _place_of_longest([unknown, later, known], _Threads()) == known.culprit == place
    assert not _place_of_longest([unknown], _Threads())


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
