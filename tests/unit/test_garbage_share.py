"""What garbage collections take is a share of processor time, block by block, and of blocks that told of it only."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import pytest

from harness.analysis.cells import Measured
from harness.analysis.garbage import garbage_share, told_of_garbage
from harness.model.evidence import Sample
from harness.model.measures import CellName
from harness.model.run_records import TrialRecord
from tests.evidence import TRIAL, WINDOW

NAME = CellName(scenario="s", added_ms=0, target="async")


def trial(block: int, taken_s: Mapping[int, float], used_s: float = 1.0, probe: str = "served") -> Measured:
    """A trial in which 100 requests were served, with two collections of each generation that took any time."""

    def sample(metric: str, value: float, **fields: float) -> Sample:
        return Sample(t_ns=0, probe=probe, metric=metric, value=value, fields=fields)

    samples = (
        sample("processor_s", used_s),
        sample("requests", 100),
        *(sample("collections_s", s, generation=number, collections=2 if s else 0) for number, s in taken_s.items()),
    )
    record = TrialRecord(trial=replace(TRIAL, block=block), window=WINDOW, samples=samples, faults=(), ledger=None)
    return Measured(record=record, ops=pd.DataFrame(), rates=(), costs=())


def test_full_ones_are_told_apart_and_blocks_count_alike() -> None:
    known = garbage_share(NAME, [trial(1, {0: 0.02, 1: 0.01, 2: 0.1}), trial(2, {0: 0.04, 1: 0.02, 2: 0.4}, used_s=2)])
    assert (known.full.value, known.full.blocks) == (pytest.approx(0.15), 2)  # of 0.1 and 0.2
    assert known.all.value == pytest.approx((0.13 + 0.23) / 2)
    assert known.full_ms == pytest.approx(125)  # 0.5 s in four
    assert known.requests_each == 50


def test_trials_of_one_block_are_added_up() -> None:
    known = garbage_share(NAME, [trial(1, {2: 0.1}), trial(1, {2: 0.3}, used_s=3)])
    assert (known.full.value, known.full.low) == (pytest.approx(0.1), None)


def test_nothing_is_less_than_none_of_it() -> None:
    known = garbage_share(NAME, [trial(1, {2: 0.0}), trial(2, {2: 0.1})])
    assert known.full.low == known.all.low == 0.0
    assert known.full.high is not None
    assert known.full.high > 0.1


def test_where_there_was_no_full_one_it_has_no_length() -> None:
    known = garbage_share(NAME, [trial(1, {0: 0.1, 2: 0.0})])
    assert (known.full.value, known.full_ms, known.requests_each) == (0, 0, 0)


def test_every_trial_must_have_told() -> None:
    told, silent = trial(1, {2: 0.1}), trial(2, {})
    assert told_of_garbage([told])
    assert not told_of_garbage([told, silent])
    assert not told_of_garbage([trial(1, {2: 0.1}, probe="other")])
    assert not told_of_garbage([])
