"""What a look has read is let go of with its end, unless others may have gone on meanwhile: then some time later."""

from __future__ import annotations

import asyncio
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import greenlet
import pytest

from harness.probe import readings
from harness.probe.call_site import inwards
from harness.probe.holders import greenlet_in
from harness.probe.readings import keep, reading, stacks_of_threads
from harness.probe.sampler import Sampler
from harness.probe.variables import variables_of

ROOT = Path(__file__).parents[2]


class _Read:
    pass


@pytest.fixture(autouse=True)
def nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "_kept", type(readings._kept)())
    monkeypatch.setattr(readings, "_read", [])


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A clock that stands still, but for what it is moved on by."""
    now = [100.0]
    monkeypatch.setattr(readings.time, "monotonic", lambda: now[0])

    def move(by_s: float) -> None:
        now[0] += by_s

    return move


def _look(took: Callable[[], object]) -> weakref.ref[_Read]:
    with reading():
        read = _Read()
        keep(read)
        took()
    return weakref.ref(read)


@pytest.mark.usefixtures("clock")
def test_a_look_that_nobody_could_interrupt_keeps_nothing() -> None:
    assert _look(lambda: None)() is None


def test_one_that_others_could_interrupt_keeps_what_it_read_until_they_have_done_with_it(
    clock: Callable[[float], None],
) -> None:
    read = _look(lambda: clock(2 * sys.getswitchinterval()))
    assert read() is not None
    clock(readings.LONG_S / 2)
    _look(lambda: None)
    assert read() is not None
    clock(readings.LONG_S)
    _look(lambda: None)
    assert read() is None


def test_a_look_that_fails_lets_go_as_well(clock: Callable[[float], None]) -> None:
    def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        _look(fail)
    assert readings._read == []
    clock(0)


@pytest.mark.usefixtures("clock")
def test_what_another_thread_reads_meanwhile_is_its_own() -> None:
    with reading():
        read = [_Read()]
        there = weakref.ref(read[0])
        thread = threading.Thread(target=lambda: keep(read.pop()))
        thread.start()
        thread.join()
        assert there() is None


@pytest.mark.usefixtures("clock")
def test_stacks_of_threads_are_kept_to_the_end_of_a_look() -> None:
    with reading():
        frames = stacks_of_threads()
        assert threading.get_ident() in frames
        assert readings._read == [frames]
    assert readings._read == []


@pytest.mark.usefixtures("clock")
def test_calls_of_coroutines_and_greenlets_are_kept_as_well() -> None:
    async def waits() -> None:
        await asyncio.sleep(1)

    def stands() -> None:
        greenlet.getcurrent().parent.switch()

    coroutine, stopped = waits(), greenlet.greenlet(stands)
    stopped.switch()
    with reading():
        frames = [frame for _, frame in inwards(coroutine)]
        frames.append(greenlet_in([stopped]))
        assert readings._read == frames
    assert [frame.f_code for frame in frames if frame] == [waits.__code__, stands.__code__]
    coroutine.close()
    stopped.switch()


def test_the_variables_of_a_call_are_kept_as_well() -> None:
    frame = sys._getframe()
    with reading():
        known = variables_of(frame)
        assert readings._read == [known]


def test_every_look_of_the_sampler_keeps_what_it_reads() -> None:
    keeps: list[bool] = []
    over = threading.Event()

    def look() -> Iterator[float]:
        for _ in range(2):
            keeps.append(readings._reader == threading.get_ident())
            yield 0.0
        over.set()

    Sampler().add(look())
    assert over.wait(60)
    assert keeps == [True, True]


def test_no_other_file_reads_the_stacks_of_threads() -> None:
    reads = [
        path for path in (ROOT / "harness").rglob("*.py") if "._current_frames" in path.read_text(encoding="utf-8")
    ]
    assert reads == [ROOT / "harness" / "probe" / "readings.py"]
