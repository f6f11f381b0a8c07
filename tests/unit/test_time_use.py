"""How much of its time a comparison in slices had a target under load, and what was held up, is added up and told."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import pytest

from harness.analysis.cells import Measured
from harness.analysis.time_use import held_up_by_block, held_up_rows, time_use
from harness.model.evidence import Slice, Window
from harness.model.measures import CellName, HeldUp, TimeUse
from harness.model.plan import Plan
from harness.model.run_records import TrialRecord
from harness.report.tables import time_use as table_of
from harness.report.words import UNKNOWN
from tests.evidence import SCENARIO, TRIAL
from tests.report_fixture import PROFILE, SUMMARY

MS = 1_000_000
PLAN = Plan(profile=PROFILE, targets=("async", "sync"), trials=(), seed=1, sliced=True)
SCENARIOS = {SCENARIO.name: replace(SCENARIO, shape=replace(SCENARIO.shape, pace_s=None))}
USUAL = [(100.0, 0.1)] * 8
STOPPED = (40.0, 0.6)  # fifteen times as long for each request


def measured(target: str, starts_ms: Sequence[int] = (), rates: Sequence[tuple[float, float]] = ()) -> Measured:
    """A trial in slices of 100 ms, of which the last 60 before it drains for 10 ms count."""
    trial = replace(TRIAL, target=target, scenario=SCENARIO.name, added_ms=0)
    slices = tuple(
        Slice(
            start_ns=start * MS,
            counted_ns=(start + 30) * MS,
            stop_ns=(start + 90) * MS,
            over_ns=(start + 100) * MS,
            processor_s={},
        )
        for start in starts_ms
    )
    record = TrialRecord(
        trial=trial, window=Window(start_ns=0, end_ns=1), samples=(), faults=(), ledger=None, slices=slices
    )
    # a target that is stopped works no more than it does for what it serves
    costs = tuple((requests, requests / 1000) for requests, _ in rates)
    return Measured(record=record, ops=pd.DataFrame(), rates=tuple(rates), costs=costs)


def name(target: str) -> CellName:
    return CellName(scenario=SCENARIO.name, added_ms=0, target=target)


def row(first: Sequence[tuple[float, float]], second: Sequence[tuple[float, float]]) -> list[HeldUp]:
    """What is told of one row of two targets in one block."""
    trials = {name("async"): [measured("async", rates=first)], name("sync"): [measured("sync", rates=second)]}
    return list(held_up_rows(PLAN, trials, SCENARIOS))


def test_the_time_is_from_the_first_slice_to_the_last_whoever_had_them() -> None:
    trials = {name("sync"): [measured("sync", (150, 800))], name("async"): [measured("async", (0, 400))]}
    used = time_use(trials)
    assert used is not None
    assert (used.whole_s, used.loaded_s, used.counted_s) == pytest.approx((0.9, 0.4, 0.24))
    assert used.slices == 4


def test_of_whole_trials_nothing_is_told() -> None:
    assert time_use({name("sync"): [measured("sync")]}) is None
    assert time_use({}) is None


def test_slices_that_the_machine_held_up_are_left_out_and_counted_by_target() -> None:
    (one,) = row([*USUAL, STOPPED], [*USUAL, STOPPED])
    assert (one.of_first, one.of_second, one.slices_each, one.left_out) == (1, 1, 9, True)
    assert (one.first, one.second) == ("async", "sync")


def test_a_target_that_holds_itself_up_is_named_and_nothing_is_left_out() -> None:
    (one,) = row([*USUAL * 3, *[STOPPED] * 8], [*USUAL * 4])
    assert (one.of_first, one.of_second, one.left_out) == (8, 0, False)


def test_a_row_that_was_never_held_up_is_not_told_nor_one_of_which_medians_are_compared() -> None:
    assert row(USUAL, USUAL) == []
    paced = {SCENARIO.name: replace(SCENARIO, shape=replace(SCENARIO.shape, pace_s=0.2))}
    trials = {name(target): [measured(target, rates=[*USUAL, STOPPED])] for target in ("async", "sync")}
    assert list(held_up_rows(PLAN, trials, paced)) == []


def test_slices_that_were_held_up_are_counted_by_block_over_all_targets() -> None:
    def block(number: int, target: str, rates: Sequence[tuple[float, float]]) -> Measured:
        one = measured(target, rates=rates)
        return replace(one, record=replace(one.record, trial=replace(one.record.trial, block=number)))

    trials = {
        name("async"): [block(1, "async", USUAL), block(2, "async", [*USUAL, STOPPED])],
        name("sync"): [block(1, "sync", USUAL), block(2, "sync", [*USUAL, STOPPED, STOPPED])],
    }
    counts = held_up_by_block(trials, SCENARIOS)
    assert [counts[number] for number in (1, 2, 3)] == [0, 3, 0]
    paced = {SCENARIO.name: replace(SCENARIO, shape=replace(SCENARIO.shape, pace_s=0.2))}
    assert not held_up_by_block(trials, paced)


def test_the_table_tells_shares_of_the_time_and_what_was_held_up() -> None:
    one = HeldUp(
        scenario="write", added_ms=20, first="async", second="sync", of_first=2, of_second=3, slices_each=40,
        left_out=True,
    )  # fmt: skip
    used = TimeUse(whole_s=50.0, loaded_s=40.0, counted_s=30.0, slices=180)
    of = replace(SUMMARY.measures, time_use=used, held_up=(one, replace(one, added_ms=0, left_out=False)))
    section = table_of(replace(SUMMARY, measures=of))
    assert section is not None
    counts = "2 of async and 3 of sync, of 40 each"
    assert section.table.rows == (
        ("first slice to last", "50.0", "100%", "180"),
        ("under load", "40.0", "80%", "180"),
        ("counted", "30.0", "60%", "180"),
        ("write at 20 ms: held up and left out", UNKNOWN, UNKNOWN, counts),
        (
            "write at 0 ms: held up by a target itself, and counted",
            UNKNOWN,
            UNKNOWN,
            counts,
        ),
    )
    assert table_of(replace(SUMMARY, measures=replace(of, time_use=None))) is None
