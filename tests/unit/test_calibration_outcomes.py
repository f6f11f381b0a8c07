"""Runs of a calibration that are kept, made again or refused, and what is read of their first blocks."""

import fcntl
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.analysis.cells import Measured
from harness.errors import HarnessError, UsageError
from harness.model.evidence import Window
from harness.model.measures import CellName
from harness.model.plan import Trial
from harness.model.run_records import TrialRecord
from tests.calibrated import SAME, SLOWER, came_of, store_run
from tests.evidence import TRIAL
from tools.calibration import carry_out
from tools.calibration import outcome as outcome_module
from tools.calibration.course import Step
from tools.calibration.outcome import Prefix, outcome


class TestResuming:
    steps = (SLOWER, replace(SLOWER, name="another"), replace(SLOWER, name="third"))

    @pytest.fixture
    def ran(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Store a run instead of making it; return the names of those that were to be made."""
        names: list[str] = []

        def run(step: Step, folder: Path, _lock: int) -> None:
            names.append(step.name)
            store_run(step, folder)

        monkeypatch.setattr(carry_out, "_run", run)
        return names

    @staticmethod
    def taken(out: Path, steps: Sequence[Step]) -> list[str]:
        return [one.step.name for one in carry_out.outcomes(steps, out, lambda _said: None)]

    def test_what_is_done_is_kept(self, ran: list[str], tmp_path: Path) -> None:
        began = carry_out.outcomes(self.steps, tmp_path, lambda _said: None)
        next(began)
        next(began)
        began.close()  # type: ignore[attr-defined]  # a generator, as its own function says
        assert ran == [SLOWER.name, "another"]
        assert self.taken(tmp_path, self.steps) == [SLOWER.name, "another", "third"]
        assert ran == [SLOWER.name, "another", "third"]
        assert self.taken(tmp_path, self.steps) == [SLOWER.name, "another", "third"]
        assert len(ran) == 3

    def test_what_was_interrupted_is_made_again(self, ran: list[str], tmp_path: Path) -> None:
        store_run(SLOWER, tmp_path / SLOWER.name, finished=False)
        assert self.taken(tmp_path, self.steps[:1]) == [SLOWER.name]
        assert ran == [SLOWER.name]

    def test_what_was_killed_before_its_report_is_summed_up(
        self, ran: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store_run(SLOWER, tmp_path / SLOWER.name, summed_up=False)
        monkeypatch.setattr(outcome_module, "conclude", lambda _store: came_of(SLOWER, ["second"]).summary)
        (found,) = carry_out.outcomes(self.steps[:1], tmp_path, lambda _said: None)
        assert [one.word for one in found.comparisons] == ["second"]
        assert ran == []

    @pytest.mark.parametrize(
        ("changed", "told"),
        [
            ({"seed": 7}, f"its seed is 7, and that of this one is {SLOWER.seed}"),
            ({"seconds": 11.0}, "its time in seconds is 11.0, and that of this one is 60.0"),
            ({"targets": ("sync", "async")}, "its list of targets is"),
            ({"scenarios": ("write",)}, "its list of scenarios is"),
            ({"added_ms": (20,)}, "its list of added latencies in ms is"),
            ({"blocks": 3}, "its number of blocks is 3, and that of this one is 0"),
        ],
    )
    def test_runs_of_another_calibration_are_refused(
        self, ran: list[str], tmp_path: Path, changed: dict[str, Any], told: str
    ) -> None:
        store_run(replace(SLOWER, **changed), tmp_path / SLOWER.name)
        with pytest.raises(UsageError, match=told):
            self.taken(tmp_path, self.steps)
        assert ran == []

    def test_a_folder_in_use_is_refused(self, ran: list[str], tmp_path: Path) -> None:
        lock = os.open(tmp_path / ".lock", os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(lock, fcntl.LOCK_SH)
            with pytest.raises(UsageError, match="going on"):
                self.taken(tmp_path, self.steps)
        finally:
            os.close(lock)
        assert self.taken(tmp_path, self.steps[:1]) == ran == [SLOWER.name]

    def test_a_run_that_fails_is_named_with_its_log(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(carry_out, "words", lambda _step, _out: ["no-such-command"])
        with pytest.raises(HarnessError, match=f"{SLOWER.name} ended with exit code 2.*{carry_out.LOG}"):
            self.taken(tmp_path, self.steps)
        assert "no-such-command" in (tmp_path / SLOWER.name / carry_out.LOG).read_text()


EQUAL, SLOW = (100.0, 0.1), (50.0, 0.1)


def measured(target: str, rates: Sequence[tuple[float, float]]) -> list[Measured]:
    """Pings of a target, in one piece a block, at such a rate in each."""

    def one(block: int, rate: tuple[float, float]) -> Measured:
        trial: Trial = replace(TRIAL, target=target, scenario="ping", added_ms=0, block=block)
        record = TrialRecord(trial=trial, window=Window(start_ns=0, end_ns=1), samples=(), faults=(), ledger=None)
        return Measured(record=record, ops=pd.DataFrame(), rates=(rate,), costs=((100.0, 0.05),))

    return [one(number, rate) for number, rate in enumerate(rates, start=1)]


class TestPrefixes:
    step = replace(SAME, scenarios=("ping",), added_ms=(0,))

    @pytest.fixture
    def found(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[Prefix, ...]]:
        def find(first: Sequence[tuple[float, float]], again: Sequence[tuple[float, float]], seed: int) -> Any:
            step = replace(self.step, seed=seed)
            folder = tmp_path / str(seed)
            store_run(step, folder, blocks=len(first))
            trials = {
                CellName(scenario="ping", added_ms=0, target=name): measured(name, rates)
                for name, rates in zip(step.targets, (first, again), strict=True)
            }
            monkeypatch.setattr(outcome_module, "measured_trials", lambda _store, _record: trials)
            known = outcome(step, folder)
            assert known is not None
            return known.prefixes

        return find

    def test_they_are_of_the_first_blocks_alone(self, found: Callable[..., tuple[Prefix, ...]]) -> None:
        first, again = [EQUAL] * 16, [SLOW] * 8 + [EQUAL] * 8
        drawn = [found(first, again, seed)[0] for seed in range(30)]
        assert len({prefix.blocks for prefix in drawn}) > 5
        assert max(prefix.blocks for prefix in drawn) < 16
        for prefix in drawn:
            assert prefix.comparison.ratio.blocks == prefix.blocks
        assert {one.comparison.word for one in drawn if one.blocks <= 8} == {"first"}
        assert {one.comparison.word for one in drawn if one.blocks >= 12} == {"not_significant"}

    def test_each_comparison_draws_its_own_and_a_seed_repeats_them(
        self, found: Callable[..., tuple[Prefix, ...]], tmp_path: Path
    ) -> None:
        several = [found([EQUAL] * 12, [EQUAL] * 12, seed) for seed in range(5)]
        assert all([one.comparison.metric for one in prefixes] == ["throughput", "processor"] for prefixes in several)
        assert any(prefixes[0].blocks != prefixes[1].blocks for prefixes in several)
        again = outcome(replace(self.step, seed=4), tmp_path / "4")
        assert again is not None
        assert again.prefixes == several[4]

    def test_they_are_long_enough_for_an_interval(self, found: Callable[..., tuple[Prefix, ...]]) -> None:
        drawn = [found([EQUAL] * 6, [EQUAL] * 6, seed)[0] for seed in range(20)]
        assert {prefix.comparison.word for prefix in drawn} == {"not_significant"}
        assert min(prefix.blocks for prefix in drawn) > 1

    def test_a_run_of_one_block_is_its_own(self, found: Callable[..., tuple[Prefix, ...]]) -> None:
        assert [prefix.blocks for prefix in found([EQUAL], [EQUAL], 1)] == [1, 1]

    def test_a_slowed_target_has_none(self, tmp_path: Path) -> None:
        store_run(SLOWER, tmp_path)
        known = outcome(SLOWER, tmp_path)
        assert known is not None
        assert known.prefixes == ()
