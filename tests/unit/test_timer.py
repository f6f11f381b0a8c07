"""A timer goes off when it is due, and not before the time to which it was put off."""

import sys
import threading
import time
from collections.abc import Callable

import pytest

from harness.probe.sampler import KernelTimer, SleepingTimer, Timer, timer

TIMERS = [SleepingTimer, pytest.param(KernelTimer, marks=pytest.mark.skipif(sys.platform != "linux", reason="Linux's"))]


@pytest.mark.parametrize("make", TIMERS)
def test_it_goes_off_not_before_it_is_due(make: Callable[[], Timer]) -> None:
    one = make()
    due_s = time.monotonic() + 0.05
    one.set(due_s)
    one.wait()
    assert time.monotonic() >= due_s


@pytest.mark.parametrize("make", TIMERS)
def test_it_may_be_put_off_while_somebody_waits(make: Callable[[], Timer]) -> None:
    one = make()
    woke_s: list[float] = []

    def wait() -> None:
        one.wait()
        woke_s.append(time.monotonic())

    one.set(time.monotonic() + 0.2)
    thread = threading.Thread(target=wait)
    thread.start()
    due_s = time.monotonic() + 0.4
    one.set(due_s)
    thread.join(10)
    assert woke_s
    assert woke_s[0] >= due_s


@pytest.mark.parametrize("make", TIMERS)
def test_a_time_that_has_passed_is_due_at_once(make: Callable[[], Timer]) -> None:
    one = make()
    one.set(time.monotonic() - 1)
    thread = threading.Thread(target=one.wait)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's")
def test_on_linux_it_is_a_timer_that_wakes_nobody_to_be_put_off() -> None:
    assert isinstance(timer(), KernelTimer)
