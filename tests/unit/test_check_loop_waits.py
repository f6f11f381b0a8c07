"""A loop that stands still in calls of which each is too short for a stall: by a driver without await, or any other."""

import pytest

from harness.model.evidence import Sample
from harness.model.verdict import Verdict
from tests.evidence import place, sample
from tests.loop_evidence import OUTSIDE, busy, judged, said, spent


@pytest.mark.parametrize(
    ("late_s", "idle_s", "code"), [(0.06, 0.031, "waits_briefly"), (0.05, 0.05, "free"), (0.06, 0.03, "free")]
)
def test_a_loop_that_is_late_mostly_by_short_waits_of_one_function_is_held_up(
    late_s: float, idle_s: float, code: str
) -> None:
    asks = [spent(late_s / 6, "a.py:7 ask", idle_s=idle_s / 3)] * 3
    assert said(*asks, spent(late_s / 2, OUTSIDE, idle_s=-0.01))[1] == code


@pytest.mark.parametrize(("number", "without_core_s", "named"), [(3, 0.5, True), (2, 0.5, False), (3, 0.51, False)])
def test_two_waits_are_by_chance_and_who_waits_in_a_process_without_a_core_waits_for_the_machine(
    number: int, without_core_s: float, *, named: bool
) -> None:
    asks = [spent(0.1, "a.py:7 ask", idle_s=0.09)] * number
    assert (said(*asks, sample("loop", "core_wait_s", without_core_s))[1] == "waits_briefly") == named


def test_short_waits_of_one_function_count_together_and_those_of_nobody_do_not() -> None:
    found = judged(*[spent(0.05, "a.py:7 ask", idle_s=0.03)] * 2, *[spent(0.05, "a.py:9 ask", idle_s=0.025)] * 2)
    assert found.first == "a.py:7 ask"
    assert found.summary.startswith(
        "The event loop waits in calls that take a short time each, 55% of the time that it"
    )
    assert said(spent(0.2, OUTSIDE, idle_s=0.2))[1] == "free"


def asked(*blocked_s: float, followed: int, ended: int) -> tuple[Sample, ...]:
    """Calls without ``await`` of so many requests, of which so many more ended in a second."""
    calls = [sample("loop", "blocked_s", seconds, call_site=place("users.py:7 read")) for seconds in blocked_s]
    return (*calls, *[sample("requests", "took_s", 0.01)] * followed, busy(0.1, ended))


@pytest.mark.parametrize(("ended", "code"), [(50, "free"), (51, "blocked_by_driver")])
def test_a_driver_without_await_may_keep_the_loop_for_a_twentieth_of_its_time(ended: int, code: str) -> None:
    assert said(*asked(0.001, 0.001, followed=2, ended=ended))[1] == code


def test_it_is_named_with_its_line_and_how_long_each_request_takes_of_the_loop() -> None:
    found = judged(*asked(0.001, 0.001, 0.001, followed=2, ended=400))
    assert (found.verdict, found.first) == (Verdict.FAIL, "users.py:7 read")
    assert "for 1.5 ms in each request, 60% of its time" in found.summary


def test_of_requests_that_nobody_looked_into_nothing_is_known() -> None:
    assert said(*asked(0.5, followed=0, ended=400))[1] == "free"
    assert said(*asked(followed=5, ended=400))[1] == "free"
