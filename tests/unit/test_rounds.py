"""What counts of a trial in slices: requests that ended while the load was steady, round by round."""

import math
from dataclasses import replace
from pathlib import Path
from statistics import mean
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from harness.analysis.cells import (
    Measured,
    measured_of,
    processor_s,
    rounds_p50_ms,
    throughput_rps,
)
from harness.analysis.measures import overheads
from harness.analysis.ratios import log_ratios
from harness.model.evidence import Slice, Window
from harness.model.measures import CellName
from harness.model.run_records import TrialRecord
from harness.store import Store
from scenarios.catalog import SCENARIOS
from targets.catalog import CATALOG
from tests.evidence import TRIAL, WINDOW

MS = 1_000_000


def slice_at(start_ms: int, processor: float = 0.05) -> Slice:
    """A slice of 110 ms: 20 ms of settling, 80 that count, and 10 of draining."""
    return Slice(
        start_ns=start_ms * MS,
        counted_ns=(start_ms + 20) * MS,
        stop_ns=(start_ms + 100) * MS,
        over_ns=(start_ms + 110) * MS,
        processor_s={"target": processor, "postgres": 0.01},
    )


def measured(
    monkeypatch: pytest.MonkeyPatch,
    ended_ms: list[float],
    slices: tuple[Slice, ...],
    outcome: str = "ok",
    took_ms: list[float] | None = None,
    end_ms: float | None = None,
) -> Measured:
    """What is measured of a trial whose ops ended then, 5 ms after they were sent if nothing else is said.

    Its load ends at ``end_ms``, or with its last slice.
    """
    ended_ns = [round(ended * MS) for ended in ended_ms]
    taken_ms = took_ms or [5.0] * len(ended_ms)
    started_ns = [ended - round(took * MS) for ended, took in zip(ended_ns, taken_ms, strict=True)]
    ops = pd.DataFrame(
        {
            "ended_ns": ended_ns,
            "started_ns": started_ns,
            "intended_ns": started_ns,
            "outcome": [outcome] * len(ended_ns),
        }
    )
    end_ns = round(end_ms * MS) if end_ms else slices[-1].stop_ns if slices else 0
    window = Window(start_ns=slices[0].counted_ns, end_ns=end_ns) if slices else WINDOW
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


def going_on(start_ms: int, processor_s: float = 0.05) -> Slice:
    """A slice of 110 ms that begins and ends in the middle of requests."""
    one = slice_at(start_ms, processor_s)
    return replace(one, counted_ns=one.start_ns, stop_ns=one.over_ns)


def test_of_slices_that_go_on_all_counts_up_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one at 112 ms was answered before the target was stopped, and read by a busy client thereafter."""
    slices = (going_on(0, 0.06), going_on(500, 0.04))
    known = measured(monkeypatch, [-5, 10, 105, 112, 505, 608, 640], slices, end_ms=620)
    assert known.costs == ((3.0, 0.06), (2.0, 0.04))
    assert known.rates == ((3.0, pytest.approx(0.11)), (2.0, pytest.approx(0.11)))
    assert list(known.ops["window"]) == [0, 0, 0, 1, 1]


def test_failures_count_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    known = measured(monkeypatch, [60, 560], (slice_at(0), slice_at(500)), outcome="failed")
    assert [count for count, _ in known.rates] == [0, 0]
    assert math.isnan(processor_s([known]))


def test_no_request_takes_the_time_for_which_its_target_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between slices 390 ms are another's; what had begun before the first slice is left out of latencies."""
    slices = (going_on(0), going_on(500), going_on(1000))
    known = measured(monkeypatch, [50, 530, 1050], slices, took_ms=[5, 480, 1000])
    assert list((known.ops["ended_ns"] - known.ops["started_ns"]) / MS) == pytest.approx([5, 90, 220])
    assert list((known.ops["ended_ns"] - known.ops["intended_ns"]) / MS) == pytest.approx([5, 90, 220])
    early = measured(monkeypatch, [50, 60], slices, took_ms=[60, 20])
    assert len(early.ops) == 1
    assert early.rates[0][0] == 2


def test_a_unit_is_as_many_rounds_as_hold_enough_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = (0, 200, 400, 600)
    slices = tuple(slice_at(start, 0.01) for start in starts)
    known = measured(monkeypatch, [start + 30 + step / 10 for start in starts for step in range(24)], slices)
    even = measured(monkeypatch, [start + 30 + step for start in starts for step in range(8)], slices)
    assert rounds_p50_ms([known]) == pytest.approx([5.0] * 4)
    for metric, ratio in (("throughput", 3.0), ("processor", 1 / 3)):
        assert log_ratios(metric, [[known]], [[known]]) == pytest.approx([0.0] * 4)  # type: ignore[arg-type]  # a metric
        assert log_ratios(metric, [[known]], [[even]]) == pytest.approx([math.log(ratio)] * 2)  # type: ignore[arg-type]
        assert log_ratios(metric, [[even]], [[known]]) == pytest.approx([-math.log(ratio)] * 2)  # type: ignore[arg-type]


def test_a_round_that_the_machine_held_up_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = range(0, 1200, 200)
    ended = [start + 21 + step for start in starts for step in range(1 if start == 400 else 40)]
    slices = tuple(slice_at(start, 0.001 if start == 400 else 0.05) for start in starts)
    known = measured(monkeypatch, [*ended], slices)
    assert throughput_rps([known]) == pytest.approx(500)
    usual = measured(monkeypatch, [start + 21 + step for start in starts for step in range(20)], slices)
    blocks, others = [[known]] * 4, [[usual]] * 4
    assert mean(log_ratios("throughput", blocks, others)) == pytest.approx(math.log(2))
    assert mean(log_ratios("processor", blocks, others)) == pytest.approx(math.log(120 / 201))
    # but not if only one of the two is ever held up
    assert mean(log_ratios("throughput", blocks * 2, others * 2)) == pytest.approx(math.log(201 / 120))


def test_whole_trials_of_a_block_are_one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    start, end = WINDOW.start_ns / MS, WINDOW.end_ns / MS
    one = measured(monkeypatch, [start + 1, start + 2, end - 1, end + 1], ())
    one = replace(one, costs=((3.0, 0.3),))
    assert [count for count, _ in one.rates] == [3]
    assert rounds_p50_ms([one, one]) == pytest.approx([5.0])
    slower = replace(one, rates=((2.0, WINDOW.duration_s),), costs=((2.0, 0.3),))
    assert log_ratios("throughput", [[one, one]], [[slower, slower]]) == pytest.approx([math.log(1.5)])
    assert log_ratios("processor", [[one, one]], [[slower, slower]]) == pytest.approx([-math.log(1.5)])
    assert log_ratios("throughput", [[one]], [[replace(slower, rates=((0.0, 1.0),))]]) == []


def test_a_target_is_held_against_its_bare_application_round_by_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """One block in slices is enough for an interval, and a request that is dearer in each is found so."""
    slices = tuple(slice_at(start) for start in range(0, 4000, 200))
    own = measured(monkeypatch, [one.counted_ns / MS + step for one in slices for step in range(1, 33)], slices)
    bare = measured(monkeypatch, [one.counted_ns / MS + step for one in slices for step in range(1, 41)], slices)
    name = CellName(scenario="ping", added_ms=0, target="async")
    trials = {name: [own], replace(name, target="async:reference"): [bare]}
    record: Any = SimpleNamespace(targets=[CATALOG["async"]], plan=SimpleNamespace(targets=("async",), sliced=True))
    (told,) = overheads(record, trials, {"ping": SCENARIOS["ping"]})
    assert (told.kept.value, told.processor.value) == pytest.approx((0.8, 1.25))
    assert told.kept.low is not None
    assert told.kept.blocks == 20
    assert told.throughput_rps.value == pytest.approx(400)
