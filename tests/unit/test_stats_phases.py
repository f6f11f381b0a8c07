"""A request's parts: their means, and that they add up to what its client waited."""

import pytest

from harness.analysis.stats.latency import OUTSIDE, parts_ms
from harness.model.evidence import Sample
from harness.model.measures import PHASES
from tests.evidence import sample


def request(queue: float | None = None, **parts_s: float) -> Sample:
    """One request of so many seconds in each phase."""
    spent = {phase: parts_s.get(phase, 0.0) for phase in PHASES}
    return sample("requests", "took_s", sum(parts_s.values()), queue=queue, **spent)


def test_each_part_is_the_mean_of_its_requests_with_the_interval_of_its_blocks() -> None:
    first = [request(python=0.001, database=0.004), request(python=0.003)]
    second = [request(python=0.004, database=0.004)]
    parts = parts_ms([(first, [5.0, 4.0]), (second, [9.0])])
    assert parts["python"].value == pytest.approx(3.0)
    assert parts["database"].value == pytest.approx(3.0)
    assert parts["thread"].value == 0
    assert parts[OUTSIDE].value == pytest.approx(0.75)  # (4.5 - 4 + 9 - 8) / 2
    assert (parts["python"].blocks, parts["thread"].low) == (2, 0)


def test_they_add_up_to_what_clients_waited() -> None:
    spent = {"python": 0.002, "thread": 0.001, "connection": 0.003, "database": 0.01, "elsewhere": 0.001}
    parts = parts_ms([([request(0.0015, **spent)], [20.0])])
    assert sum(part.value for part in parts.values()) == pytest.approx(20.0)
    assert (parts["queue"].value, parts[OUTSIDE].value) == (pytest.approx(1.5), pytest.approx(1.5))


def test_what_is_not_known_of_the_queue_is_outside() -> None:
    parts = parts_ms([([request(0.002, python=0.001), request(None, python=0.001)], [4.0, 4.0])])
    assert (parts["queue"].value, parts[OUTSIDE].value) == (pytest.approx(1.0), pytest.approx(2.0))


def test_without_a_note_or_a_request_there_are_none() -> None:
    assert parts_ms([]) == {}
    assert parts_ms([([], [1.0])]) == {}
    assert parts_ms([([request(python=1)], [1.0]), ([request(python=1)], [])]) == {}
