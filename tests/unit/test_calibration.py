"""A calibration: what it runs, what it keeps, how it judges, and what it plants."""

import asyncio
import fcntl
import io
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from harness.analysis.cells import Measured
from harness.errors import ExitCode, HarnessError, UsageError
from harness.experiments.comparison.plan import all_places
from harness.model.evidence import Window
from harness.model.measures import CellName, Comparison, Measures
from harness.model.plan import Plan, Trial
from harness.model.run_records import RunRecord, TrialRecord
from harness.store import VERSION, Store
from scenarios.catalog import PROFILES, SCENARIOS
from targets.catalog import TWINS
from tests.evidence import TRIAL
from tests.report_fixture import SUMMARY
from tools.calibration import carry_out
from tools.calibration import outcome as outcome_module
from tools.calibration.conditions import Condition, conditions, exit_code, is_found
from tools.calibration.course import SAME_ADDED_MS, SAME_SCENARIOS, Step, course
from tools.calibration.outcome import Outcome, Prefix, outcome
from tools.calibration.report import line, page, planted, table
from tools.calibration.slowed import Slowed, burn
from tools.calibration.workload import WORKLOAD

START_S = 20.0  # more than a run takes to start and to report
STEPS = course(1)
SAME = next(step for step in STEPS if not step.percent)
SLOWER = next(step for step in STEPS if step.percent == 20)


def comparison(word: str, metric: str = "throughput") -> Comparison:
    """An answer about two targets."""
    return replace(SUMMARY.measures.comparisons[0], word=word, metric=metric)


def came_of(step: Step, words: Sequence[str], prefixes: Sequence[str] = ()) -> Outcome:
    """A run that says so of each throughput, by all of its blocks and by its first two."""
    measures = Measures(comparisons=tuple(map(comparison, words)))
    first = tuple(Prefix(blocks=2, comparison=comparison(word)) for word in prefixes)
    return Outcome(step=step, summary=replace(SUMMARY, measures=measures), prefixes=first)


def same(different: int, of: int = 60) -> list[str]:
    """So many answers about a target and itself."""
    return ["first", "second"][:different] + ["first"] * (different - 2) + ["not_significant"] * (of - different)


class TestCourse:
    def test_it_fits_into_a_hundred_minutes_with_all_starts(self) -> None:
        assert sum(step.seconds + START_S for step in STEPS) <= 100 * 60
        assert [sum(step.percent == percent for step in STEPS) for percent in (0, 5, 20)] == [6, 5, 20]
        assert {step.seconds for step in STEPS if step.percent == 5} == {8 * 60}
        assert {step.seconds for step in STEPS if step.percent == 20} == {60}

    def test_it_has_sixty_comparisons_of_a_target_with_itself(self) -> None:
        profile = replace(PROFILES["quick"], scenarios=SAME_SCENARIOS, added_ms=SAME_ADDED_MS)
        rows = all_places(Plan(profile=profile, targets=SAME.targets, trials=(), seed=1), SCENARIOS)
        assert 2 * len(rows) * sum(not step.percent for step in STEPS) == 60

    def test_its_names_differ_and_its_targets_are_there(self) -> None:
        assert len({step.name for step in STEPS}) == len({step.seed for step in STEPS}) == len(STEPS)
        assert {name for step in STEPS for name in step.targets} == WORKLOAD.targets.keys()

    def test_a_seed_fixes_it(self) -> None:
        assert course(1) == STEPS
        assert course(2) != STEPS
        assert {step.name for step in course(2)} == {step.name for step in STEPS}

    def test_a_share_shortens_each_run(self) -> None:
        assert [step.seconds for step in course(1, 0.5)] == [step.seconds / 2 for step in STEPS]
        assert {step.seconds for step in course(1, 0.01)} == {10.0}


class TestConditions:
    @pytest.mark.parametrize(("different", "holds"), [(0, True), (6, True), (7, False)])
    def test_six_of_sixty_may_be_called_different(self, different: int, holds: bool) -> None:  # noqa: FBT001 - the expectation
        whole, prefixes, *_ = conditions([came_of(SAME, same(different), same(0))])
        assert (whole.holds, prefixes.holds) == (holds, True)
        whole, prefixes, *_ = conditions([came_of(SAME, same(0), same(different))])
        assert (whole.holds, prefixes.holds) == (True, holds)

    def test_a_comparison_without_an_interval_is_none(self) -> None:
        whole, *_ = conditions([came_of(SAME, [*same(0, 59), "too_few_blocks"])])
        assert whole.holds is None
        assert len(whole.answers) == 59

    @pytest.mark.parametrize(("percent", "runs", "least"), [(5, 5, 4), (20, 20, 16)])
    def test_a_slower_target_must_be_found_so_often(self, percent: int, runs: int, least: int) -> None:
        step = replace(SLOWER, percent=percent)

        def judged(found: int, of: int) -> bool | None:
            words = ["first"] * found + ["not_significant"] * (of - found)
            (one,) = [
                condition
                for condition in conditions([came_of(step, [word]) for word in words])
                if f" {percent} %" in condition.says
            ]
            return one.holds

        assert judged(least, runs) is True
        assert judged(least - 1, runs) is False
        assert judged(runs - 1, runs - 1) is None

    def test_found_is_what_serves_fewer_requests(self) -> None:
        assert is_found(came_of(SLOWER, ["first"]))
        assert not is_found(came_of(SLOWER, ["second"]))
        assert not is_found(came_of(SLOWER, ["not_significant"]))
        by_cost = Measures(comparisons=(comparison("not_significant"), comparison("first", "processor")))
        assert not is_found(Outcome(step=SLOWER, summary=replace(SUMMARY, measures=by_cost)))

    @pytest.mark.parametrize(
        ("answers", "code"),
        [((3, 3), ExitCode.PASS), ((3, 4), ExitCode.FAIL), ((3, 2), ExitCode.UNDECIDED), ((2, 4), ExitCode.UNDECIDED)],
    )
    def test_the_exit_code_says_whether_all_hold(self, answers: tuple[int, int], code: ExitCode) -> None:
        def condition(yes: int) -> Condition:
            """One with three answers due: 3 holds, 4 does not, 2 is open."""
            given = (False,) * yes if yes < 4 else (True,) * 3
            return Condition(says="", due=3, limit=0, at_least=False, answers=given)

        assert exit_code(map(condition, answers)) == code


def record_of(step: Step, blocks: int = 1) -> RunRecord:
    """What is stored of a step's run before its first trial."""
    profile = replace(
        PROFILES["quick"], scenarios=step.scenarios, added_ms=step.added_ms, seconds=step.seconds, blocks=step.blocks
    )
    trials = tuple(
        replace(TRIAL, block=block, target=step.targets[0], scenario=step.scenarios[0])
        for block in range(1, blocks + 1)
    )
    return RunRecord(
        version=VERSION,
        run="20260101-000000",
        kind="comparison",
        command="",
        workload=WORKLOAD.name,
        started_at="",
        started_ns=0,
        plan=Plan(profile=profile, targets=step.targets, trials=trials, seed=step.seed, sliced=True),
        targets=tuple(WORKLOAD.targets[name] for name in step.targets),
        scenarios=tuple(SCENARIOS[name] for name in step.scenarios),
        environment={},
        settings=(),
        not_done=(),
    )


def store_run(step: Step, folder: Path, *, finished: bool = True, summed_up: bool = True, blocks: int = 1) -> Store:
    """Store a run of a step that says that the second target is slower."""
    store = Store.create(folder, "20260101-000000")
    with store.sealed():
        store.write_record(record_of(step, blocks))
        if finished:
            store.finish(1.0)
    if summed_up:
        store.write_summary(came_of(step, ["first"]).summary)
    return store


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


class TestReport:
    known = (came_of(SAME, ["not_significant", "second"], ["first", "too_few_blocks"]), came_of(SLOWER, ["first"]))

    def test_a_run_is_a_line(self) -> None:
        assert line(self.known[0]).startswith(f"{SAME.name}: 1 of 2 different, 1 by first blocks; 90 s, verdict pass")
        assert line(self.known[1]).startswith(f"{SLOWER.name}: found; throughput 2.000 (1.900 to 2.100); 90 s")
        assert line(came_of(SLOWER, ["second"])).startswith(f"{SLOWER.name}: not found;")

    def test_the_table_grows(self) -> None:
        def shown(known: Sequence[Outcome]) -> str:
            console = Console(file=io.StringIO(), width=140)
            console.print(table(known, 31))
            assert isinstance(console.file, io.StringIO)
            return console.file.getvalue()

        assert "0 of 31 runs" in shown(())
        assert "2 of 31 runs, 3 min" in shown(self.known)
        assert "1 of 2 " in shown(self.known)
        assert "at most 6 of 60" in shown(self.known)
        assert "does not hold" not in shown(self.known)
        assert "does not hold" in shown([came_of(SAME, same(7), same(0))])

    def test_the_page_has_every_interval(self) -> None:
        text = page(self.known, 31)
        rows = [row for row in text.splitlines() if row.startswith((f"| {SAME.name}", f"| {SLOWER.name}"))]
        assert len(rows) == 3
        assert all("2.000 (1.900 to 2.100)" in row for row in rows)
        assert "| not significant | 2 of 2 |" in rows[0]
        assert rows[0].endswith("| different |")
        assert "| different | 2 of 2 |" in rows[1]
        assert rows[1].endswith("| too few blocks |")
        assert rows[2].endswith("| different | yes |")
        assert page([came_of(SLOWER, ["second"])], 31).rstrip().endswith("| different | no |")

    def test_it_tells_what_was_planted(self) -> None:
        def costing(times: float, step: Step) -> Outcome:
            one = comparison("second", "processor")
            shown = (comparison("first"), replace(one, ratio=replace(one.ratio, value=1 / times)))
            return Outcome(step=step, summary=replace(SUMMARY, measures=Measures(comparisons=shown)))

        known = [
            costing(1.1, SLOWER),
            costing(1.3, SLOWER),
            costing(9.0, SAME),
            costing(1.05, replace(SLOWER, percent=5)),
        ]
        of_5, of_20 = planted(known)
        assert "slower by 5 %: a request took 1.050 times" in of_5
        assert "slower by 20 %: a request took 1.196 times" in of_20
        assert of_20.endswith("of 2 runs")
        assert f"- {of_20}" in page(known[:2], 31)
        assert list(planted(())) == []


class TestPlanted:
    def test_the_same_again_differs_by_its_name_alone(self) -> None:
        for name, twin in TWINS.items():
            known = WORKLOAD.targets[name]
            assert known == replace(twin, reference="", direct_twin="")
            assert WORKLOAD.targets[f"{name}:again"] == replace(known, name=f"{name}:again")

    def test_a_slower_one_has_the_settings_of_its_twin(self) -> None:
        for name in TWINS:
            plain = list(WORKLOAD.settings(WORKLOAD.targets[name]))
            assert list(WORKLOAD.settings(WORKLOAD.targets[f"{name}:slower-5"])) == plain

    @pytest.mark.parametrize("share", [0.05, 0.2])
    def test_it_costs_a_share_of_all_that_the_process_uses(self, share: float) -> None:
        async def costly(_scope: Any, _receive: Any, _send: Any) -> None:
            burn(0.001)

        slowed = Slowed(costly, share)

        async def serve() -> float:
            await slowed({"type": "http"}, None, None)  # type: ignore[arg-type]  # which nothing reads
            began_s, burnt_s = time.process_time(), slowed._burnt_s
            for _ in range(200):
                burn(0.0005)  # beside the request, as a server's own code and other threads are
                await slowed({"type": "http"}, None, None)  # type: ignore[arg-type]  # the same
            planted_s = slowed._burnt_s - burnt_s
            return planted_s / (time.process_time() - began_s - planted_s)

        assert asyncio.run(serve()) == pytest.approx(share, rel=0.1)

    def test_what_was_used_before_the_first_request_is_not_owed(self) -> None:
        served: list[str] = []

        async def cheap(scope: Any, _receive: Any, _send: Any) -> None:
            served.append(scope["type"])

        slowed = Slowed(cheap, 1.0)
        burn(0.05)
        asyncio.run(slowed({"type": "lifespan"}, None, None))  # type: ignore[arg-type]  # which nothing reads
        assert slowed._burnt_s == 0
        asyncio.run(slowed({"type": "http"}, None, None))  # type: ignore[arg-type]  # the same
        assert 0 < slowed._burnt_s < 0.05
        assert served == ["lifespan", "http"]
