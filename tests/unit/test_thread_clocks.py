"""The clocks of a thread are its own, whichever thread reads them."""

import threading
import time
from pathlib import Path

import pytest

from harness.probe import thread_clocks
from harness.probe.thread_clocks import ThreadClocks

COMPUTED_S = 0.02


def test_what_a_thread_computes_is_read_by_another_and_what_that_computes_is_not() -> None:
    made, computed, ended = [], threading.Event(), threading.Event()

    def compute() -> None:
        made.append(ThreadClocks())
        until_s = time.thread_time() + COMPUTED_S
        while time.thread_time() < until_s:
            pass
        computed.set()
        ended.wait()

    thread = threading.Thread(target=compute)
    thread.start()
    computed.wait()
    before_s = made[0].computed_s()
    until_s = time.thread_time() + COMPUTED_S
    while time.thread_time() < until_s:
        pass
    after_s = made[0].computed_s()
    ended.set()
    thread.join()
    assert before_s >= COMPUTED_S
    assert after_s - before_s < COMPUTED_S / 2


def test_a_system_that_tells_of_no_waits_for_a_core_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_clocks, "SCHEDSTAT", "/nowhere/schedstat")
    assert ThreadClocks().core_wait_s() == 0


def test_a_thread_that_computes_is_ready_and_one_that_waits_is_not() -> None:
    made, ending = [], threading.Event()

    def wait() -> None:
        made.append(ThreadClocks())
        ending.wait()

    thread = threading.Thread(target=wait)
    thread.start()
    until_s = time.monotonic() + 10
    while time.monotonic() < until_s and (not made or made[0].is_ready()):
        time.sleep(0.001)
    waits = not made[0].is_ready()
    ending.set()
    thread.join()
    assert waits
    assert ThreadClocks().is_ready() == Path(thread_clocks.STATE).exists()
