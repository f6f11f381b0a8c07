"""A calibration: what it runs, how it judges, and what it tells."""

import io
from collections.abc import Sequence
from dataclasses import replace

import pytest
from rich.console import Console

from harness.errors import ExitCode
from harness.experiments.comparison.plan import all_places
from harness.model.measures import Measures
from harness.model.plan import Plan
from scenarios.catalog import PROFILES, SCENARIOS
from tests.calibrated import SAME, SLOWER, STEPS, came_of, comparison, same
from tests.report_fixture import SUMMARY
from tools.calibration.conditions import Condition, conditions, exit_code, is_found
from tools.calibration.course import SAME_ADDED_MS, SAME_SCENARIOS, Step, course
from tools.calibration.outcome import Outcome
from tools.calibration.report import line, page, planted, table
from tools.calibration.workload import WORKLOAD

START_S = 20.0  # more than a run takes to start and to report


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
