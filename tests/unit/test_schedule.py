"""No client sends a request once the slice is over, at whatever moment it learns of that."""

import time
from typing import Any

import gevent

from scenarios.locust.schedule import Load, Schedule

LOADS: Any = [Load(order=None, workload=None, recorder=None) for _ in range(2)]  # type: ignore[arg-type]  # not asked


def test_a_wait_that_ends_as_the_slice_does_sends_nothing() -> None:
    """The client's wait is over first, but another slice has begun by the time when the client goes on."""
    schedule = Schedule(LOADS)
    schedule.begin(LOADS[0])
    client = gevent.spawn(schedule.goes_on, LOADS[0], 0.02)
    gevent.sleep(0)
    # both are noticed in one turn of the loop: the end of the wait, and then whoever ends the slice
    ender = gevent.spawn_later(0.02, lambda: (schedule.end(), schedule.begin(LOADS[1])))
    gevent.sleep(0)

    time.sleep(0.05)  # a busy moment, in which both become due
    gevent.joinall([client, ender])
    assert client.value is False


def test_a_slice_that_ends_cuts_a_pause_short() -> None:
    schedule = Schedule(LOADS)
    schedule.begin(LOADS[0])
    client = gevent.spawn(schedule.goes_on, LOADS[0], 60.0)
    gevent.sleep(0)
    schedule.end()
    client.join(timeout=10)
    assert client.value is False


def test_who_is_due_sends() -> None:
    schedule = Schedule(LOADS)
    schedule.begin(LOADS[0])
    assert schedule.await_load() is LOADS[0]
    assert schedule.goes_on(LOADS[0], 0.0)
    assert schedule.goes_on(LOADS[0], 0.01)
    assert not schedule.goes_on(LOADS[1], 0.0)
