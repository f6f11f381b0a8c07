"""What counts of a trial in slices: requests that ended while the load was steady, round by round."""

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from harness.analysis.cells import (
    Measured,
    measured_of,
    processor_s,
    rounds_p50_ms,
    rounds_processor_s,
    rounds_rps,
    throughput_rps,
)
from harness.model.evidence import Slice, Window
from harness.model.run_records import TrialRecord
from harness.store import Store
from tests.evidence import TRIAL, WINDOW

MS = 1_000_000


def slice_at(start_ms: int, processor: float = 0.05) -> Slice:
    """A slice of 100 ms with 20 ms of settling and 10 ms of draining."""
    return Slice(
        start_ns=start_ms * MS,
        counted_ns=(start_ms + 20) * MS,
        stop_ns=(start_ms + 100) * MS,
        drained_ns=(start_ms + 110) * MS,
        processor_s={"target": processor, "postgres": 0.01},
    )


def measured(
    monkeypatch: pytest.MonkeyPatch, ended_ms: list[float], slices: tuple[Slice, ...], outcome: str = "ok"
) -> Measured:
    """What is measured of a trial whose ops ended then, 5 ms after they were sent."""
    ended_ns = [round(ended * MS) for ended in ended_ms]
    started_ns = [ended - 5 * MS for ended in ended_ns]
    ops = pd.DataFrame(
        {
            "ended_ns": ended_ns,
            "started_ns": started_ns,
            "intended_ns": started_ns,
            "outcome": [outcome] * len(ended_ns),
        }
    )
    window = Window(start_ns=slices[0].counted_ns, end_ns=slices[-1].stop_ns) if slices else WINDOW
    record = TrialRecord(trial=TRIAL, window=window, samples=(), faults=(), ledger=None, slices=slices)
    monkeypatch.setattr(Store, "trial_record", lambda _store, _trial: record)
    monkeypatch.setattr(Store, "ops_frame", lambda _store, _trial: ops)
    found = measured_of(Store(Path("nowhere")), TRIAL)
    assert found is not None
    return found


def test_what_ended_before_the_load_was_steady_and_after_it_ended_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = measured(monkeypatch, [10, 19.99, 20, 60, 99.99, 100, 105, 500, 530, 610], (slice_at(0), slice_at(500)))
    assert [count for count, _ in known.rates] == [3, 1]
    assert [seconds for _, seconds in known.rates] == pytest.approx([0.08, 0.08])
    assert list(known.ops["window"]) == [0, 0, 0, 1]


def test_processor_time_is_of_all_that_was_answered_while_it_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    known = measured(monkeypatch, [10, 60, 105, 300, 505, 608], (slice_at(0, 0.06), slice_at(500, 0.04)))
    assert known.costs == ((3.0, 0.06), (2.0, 0.04))  # the one at 300 ms ended in no slice
    assert processor_s([known]) == pytest.approx(0.02)


def test_failures_count_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    known = measured(monkeypatch, [60, 560], (slice_at(0), slice_at(500)), outcome="failed")
    assert [count for count, _ in known.rates] == [0, 0]
    assert math.isnan(processor_s([known]))


def test_each_slice_is_one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = (0, 200, 400, 600)
    ended = [30, 40, 230, 430, 440, 450, 630, 640, 650]
    known = measured(monkeypatch, [*ended], tuple(slice_at(start, 0.01 * (1 + start / 200)) for start in starts))
    assert rounds_rps([known], math.inf) == pytest.approx([2 / 0.08, 1 / 0.08, 3 / 0.08, 3 / 0.08])
    assert rounds_processor_s([known]) == pytest.approx([0.01 / 2, 0.02, 0.03 / 3, 0.04 / 3])
    assert rounds_p50_ms([known]) == pytest.approx([5.0] * 4)


def test_a_slice_that_the_machine_held_up_is_left_out_of_its_round_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = range(0, 1200, 200)
    ended = [start + 21 + step for start in starts for step in range(1 if start == 400 else 40)]
    known = measured(monkeypatch, [*ended], tuple(slice_at(start) for start in starts))
    assert rounds_rps([known], 3.0) == pytest.approx([500, 500, 0, 500, 500, 500])  # and 0 has no ratio
    assert rounds_rps([known], math.inf) == pytest.approx([500, 500, 1 / 0.08, 500, 500, 500])
    assert throughput_rps([known]) == pytest.approx(500)


def test_whole_trials_of_a_block_are_one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    start, end = WINDOW.start_ns / MS, WINDOW.end_ns / MS
    one = measured(monkeypatch, [start + 1, start + 2, end - 1, end + 1], ())
    one = replace(one, costs=((3.0, 0.3),))
    assert [count for count, _ in one.rates] == [3]
    assert rounds_rps([one, one], 3.0) == pytest.approx([3 / WINDOW.duration_s])
    assert rounds_processor_s([one, one]) == pytest.approx([0.1])
    assert rounds_p50_ms([one, one]) == pytest.approx([5.0])
