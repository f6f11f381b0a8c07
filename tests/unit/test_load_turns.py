"""No client sends a request once its turn is over, at whatever moment it learns of that."""

import time
from typing import Any

import gevent
import pytest

from scenarios.locust.load import Load, NoMoreTurns


def a_load() -> Any:
    """A load whose order nobody asks for."""
    return Load(order=None, workload=None, recorder=None)  # type: ignore[arg-type]  # not asked


def test_a_wait_that_ends_as_the_turn_does_sends_nothing() -> None:
    """The client's wait is over first, but another turn has begun by the time when the client goes on."""
    load = a_load()
    load.begin()
    client = gevent.spawn(load.goes_on, 0.02)
    gevent.sleep(0)
    # both are noticed in one turn of the loop: the end of the wait, and then whoever ends the slice
    ender = gevent.spawn_later(0.02, lambda: (load.end(), load.begin()))
    gevent.sleep(0)

    time.sleep(0.05)  # a busy moment, in which both become due
    gevent.joinall([client, ender])
    assert client.value is False


def test_a_turn_that_ends_cuts_a_pause_short() -> None:
    load = a_load()
    load.begin()
    client = gevent.spawn(load.goes_on, 60.0)
    gevent.sleep(0)
    load.end()
    client.join(timeout=10)
    assert client.value is False


def test_who_is_due_sends() -> None:
    load, other = a_load(), a_load()
    load.begin()
    load.await_turn()
    assert load.goes_on(0.0)
    assert load.goes_on(0.01)
    assert not other.goes_on(0.0)


def test_a_load_that_is_over_lets_its_clients_end() -> None:
    load = a_load()
    client = gevent.spawn(load.await_turn)
    gevent.sleep(0)
    load.close()
    with pytest.raises(NoMoreTurns):
        client.get(timeout=10)


def test_what_is_under_way_is_waited_for_and_then_noted() -> None:
    load, noted = a_load(), []
    load.at_end.append(lambda: noted.append("noted"))
    load.begin()
    with load.in_flight():
        load.end()
        with pytest.raises(TimeoutError, match="1 requests had no answer"):
            load.drain(0.01)
        assert not noted
    load.drain(0.01)
    assert noted == ["noted"]
