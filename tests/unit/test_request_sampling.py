"""Which requests are looked into: all while they are few, and a share of them when they are many."""

import itertools
import random
from collections.abc import Iterator

import pytest

from harness.probe import request_sampling as sampling
from harness.probe.request_sampling import MOST_PER_S, RequestSampling


class Clock:
    """A clock that goes on by as much as it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def perf_counter(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    told = Clock()
    monkeypatch.setattr(sampling, "time", told)
    random.seed(7)
    yield told
    random.seed()


def fallen(made: RequestSampling, clock: Clock, rate_per_s: int, seconds: float) -> list[bool]:
    """Ask at an even rate, as whoever serves requests does."""
    falls = []
    for _ in range(round(rate_per_s * seconds)):
        clock.now_s += 1 / rate_per_s
        made.left -= 1
        falls.append(made.left < 0 and made.decide())
    return falls


def test_it_falls_on_all_while_they_are_few(clock: Clock) -> None:
    assert all(fallen(RequestSampling(), clock, MOST_PER_S - 10, 5.0))


def test_it_falls_on_about_as_many_as_it_may_when_they_are_many(clock: Clock) -> None:
    made = RequestSampling()
    fallen(made, clock, 5_000, 0.2)
    assert 0.8 * MOST_PER_S < sum(fallen(made, clock, 5_000, 10.0)) / 10 < 1.2 * MOST_PER_S


def test_it_does_not_fall_on_every_so_many(clock: Clock) -> None:
    made = RequestSampling()
    fallen(made, clock, 5_000, 0.2)
    places = [place for place, fell in enumerate(fallen(made, clock, 5_000, 10.0)) if fell]
    apart = {after - before for before, after in itertools.pairwise(places)}
    assert len(apart) > 50


def test_it_falls_on_all_again_when_they_have_become_few(clock: Clock) -> None:
    made = RequestSampling()
    fallen(made, clock, 5_000, 1.0)
    fallen(made, clock, MOST_PER_S // 2, 1.0)
    assert all(fallen(made, clock, MOST_PER_S // 2, 5.0))


def test_it_falls_on_few_of_many_that_come_at_once_after_a_pause(clock: Clock) -> None:
    made = RequestSampling()
    bursts = []
    for _ in range(20):
        fallen(made, clock, 20, 1.0)
        clock.now_s += 5.0
        bursts.append(sum(fallen(made, clock, 10_000, 0.1)))
    assert sum(bursts) / len(bursts) < 4 * MOST_PER_S * 0.1
