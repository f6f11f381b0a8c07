"""One thread takes all looks: as they are due, together where that spares waking up, and whatever one of them does."""

import gc
import threading
from collections.abc import Callable

import pytest

from harness.probe import sampler
from harness.probe.sampler import Look, Sampler


class Clock:
    """A clock that goes on as somebody sleeps, and knows how often somebody woke up."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.wakes = 0

    def monotonic(self) -> float:
        return self.now_s


class Timer:
    """A timer by that clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.at_s = 0.0

    def set(self, at_s: float) -> None:
        self.at_s = at_s

    def wait(self) -> None:
        self.clock.now_s = max(self.clock.now_s, self.at_s)
        self.clock.wakes += 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    told = Clock()
    monkeypatch.setattr(sampler, "time", told)
    monkeypatch.setattr(sampler, "timer", lambda: Timer(told))
    return told


class Here:
    """A thread that runs in that of the test, once it is let."""

    begun: "list[Here]"

    def __init__(self, target: Callable[[], None], **_options: object) -> None:
        self.target = target

    def start(self) -> None:
        self.begun.append(self)


@pytest.fixture
def take_all(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Take looks until none is left, in this thread."""
    assert clock.now_s == 0
    Here.begun = []
    monkeypatch.setattr(threading, "Thread", Here)

    def take(*looks: tuple[Look, float]) -> None:
        taken = Sampler()
        for look, early_s in looks:
            taken.add(look, early_s)
        (thread,) = Here.begun
        thread.target()

    return take


def every(wait_s: float, times: int, clock: Clock, taken: list[float]) -> Look:
    yield wait_s
    for _ in range(times):
        taken.append(round(clock.now_s, 6))
        yield wait_s


def test_looks_are_taken_when_they_are_due(clock: Clock, take_all: Callable[..., None]) -> None:
    often: list[float] = []
    seldom: list[float] = []
    take_all((every(0.01, 6, clock, often), 0.0), (every(0.025, 2, clock, seldom), 0.0))
    assert often == [0.01, 0.02, 0.03, 0.04, 0.05, 0.06]
    assert seldom == [0.025, 0.05]


def test_one_that_may_come_early_wakes_nobody_up(clock: Clock, take_all: Callable[..., None]) -> None:
    often: list[float] = []
    seldom: list[float] = []
    take_all((every(0.01, 9, clock, often), 0.0), (every(0.025, 3, clock, seldom), 0.01))
    assert seldom == [0.02, 0.04, 0.06]
    # the last wake of each finds that it has ended, and the first lets it begin
    assert clock.wakes == len(often) + 2


def test_one_that_fails_does_not_end_the_others(
    clock: Clock, take_all: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> Look:
        yield 0.01
        raise LookupError("gone")

    taken: list[float] = []
    take_all((fails(), 0.0), (every(0.01, 3, clock, taken), 0.0))
    assert taken == [0.01, 0.02, 0.03]
    assert "LookupError: gone" in capsys.readouterr().err


def test_the_thread_ends_with_the_last_look() -> None:
    ended = threading.Event()

    def once() -> Look:
        yield 0.0
        ended.set()

    Sampler().add(once())
    assert ended.wait(10)
    for thread in threading.enumerate():
        if thread.name == "twinbench sampler":
            thread.join(10)
            assert not thread.is_alive()


@pytest.mark.parametrize("collects", [True, False])
def test_no_garbage_is_collected_while_a_look_is_taken_and_afterwards_as_before(
    collects: bool,  # noqa: FBT001 - a case
    clock: Clock,
    take_all: Callable[..., None],
) -> None:
    seen: list[bool] = []

    def look() -> Look:
        yield 0.1
        seen.append(gc.isenabled())
        raise ZeroDivisionError  # which ends its looks

    before = gc.isenabled()
    try:
        (gc.enable if collects else gc.disable)()
        take_all((look(), 0.0))
        assert (seen, gc.isenabled()) == ([False], collects)
    finally:
        (gc.enable if before else gc.disable)()
    assert clock.wakes
