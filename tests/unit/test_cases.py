"""The cases of ``make cases``: what they are, how a run is judged by them, what is kept, and how it ends."""

import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from rich.console import Console

from harness.errors import ExitCode, HarnessError
from harness.experiments.base import Config
from harness.experiments.chaos.experiment import Chaos
from harness.experiments.comparison.experiment import Comparison
from harness.model.findings import Finding
from harness.model.plan import Control
from harness.model.verdict import Place, Verdict
from harness.workload.find import load_workload
from targets.catalog import PROBES, TWINS
from targets.flaws.catalog import SEEN_INSIDE
from tests.cases.workload import CASES, MISTAKES, SOUND, WORKLOAD
from tools.cases import carry_out, machine
from tools.cases.answer import Answer, Outcome, judge
from tools.cases.report import exit_code, line, table

MISTAKE = MISTAKES["flaw:blocking_call"]
FINE = SOUND["sound:copied"]
TWO = {case.target.name: case for case in (MISTAKE, FINE)}
BLAMED, ELSEWHERE = Place("blocking_call.py", 27, "ask_somebody"), Place("session.py", 25, "get_session")


def said(check: str, verdict: Verdict, place: Place | None = None) -> Finding:
    """A finding of a check."""
    return Finding(check=check, verdict=verdict, code="so", place=place)


PASSED = [said(check, Verdict.PASS) for check in ("loop", "pool", "n_plus_one", "requests")]
CAUGHT = said("loop", Verdict.FAIL, BLAMED)
OPEN = said("loop", Verdict.UNDECIDED)


def came_of(answer: Answer, case: str = "flaw:blocking_call", number: int = 1) -> Outcome:
    """What came of a run."""
    return Outcome(
        case=case, condition="idle", number=number, answer=answer, verdict=Verdict.FAIL, said="loop: held_up"
    )


class TestCases:
    def test_there_are_more_than_twelve_sound_ones_beside_the_twins_of_every_driver_and_model(self) -> None:
        own = [case.target for case in SOUND.values() if case.target.app.startswith("tests.cases.")]
        assert len(own) >= 12
        assert {(target.model, target.driver) for target in own} == {
            ("async", "asyncpg"),
            ("async", "psycopg"),
            ("sync", "psycopg"),
            ("sync", "psycopg2"),
        }
        assert {load for case in SOUND.values() for load in case.load} == {"pages", "point-read", "write"}

    def test_every_application_here_is_a_case_and_no_two_are_one(self) -> None:
        here = {path.stem for path in (Path(__file__).parents[1] / "cases").glob("*.py")} - {"workload", "noted"}
        named = [case.target.app for case in SOUND.values() if case.target.app.startswith("tests.cases.")]
        assert sorted(named) == sorted(f"tests.cases.{name}:app" for name in here)
        built = [(case.target.app, case.target.driver) for case in SOUND.values()]
        assert len(set(built)) == len(built)

    def test_every_neighbour_of_a_flaw_is_a_case(self) -> None:
        for path in (Path(__file__).parents[1] / "controls").glob("sound_*.py"):
            apps = {
                words[0] for words in map(str.split, path.read_text().splitlines()) if "= shadow(" in " ".join(words)
            }
            tried = [case.target.app.partition(":")[2] for case in SOUND.values() if path.stem in case.target.app]
            assert sorted(apps) == sorted(tried)

    def test_all_have_every_probe_and_go_by_the_workload(self) -> None:
        assert load_workload(WORKLOAD.name).targets == {name: case.target for name, case in CASES.items()}
        for name, case in CASES.items():
            assert (case.target.name, case.target.probes) == (name, PROBES if case.load else ())
            assert case.load or case.cuts
            assert set(case.load) <= WORKLOAD.questions.scenarios.keys()

    def test_every_flaw_that_load_shows_is_a_mistake_and_the_twins_are_sound(self) -> None:
        assert MISTAKES.keys() >= SEEN_INSIDE.keys()
        assert all(case.target.expected for case in MISTAKES.values())
        assert not any(case.target.expected for case in SOUND.values())
        assert {twin.app for twin in TWINS.values()} <= {case.target.app for case in SOUND.values()}


class TestJudging:
    @pytest.mark.parametrize(
        ("case", "findings", "answer", "why"),
        [
            (MISTAKE, [CAUGHT, *PASSED], Answer.RIGHT, ""),
            (MISTAKE, [*PASSED, said("loop", Verdict.FAIL, ELSEWHERE)], Answer.WRONG, "another line"),
            (MISTAKE, [*PASSED, said("loop", Verdict.FAIL)], Answer.WRONG, "another line"),
            (MISTAKE, [CAUGHT, said("pool", Verdict.FAIL, ELSEWHERE)], Answer.WRONG, "another line"),
            (MISTAKE, [CAUGHT, said("pool", Verdict.FAIL)], Answer.RIGHT, ""),
            (MISTAKE, [*PASSED, said("pool", Verdict.FAIL, BLAMED)], Answer.WRONG, "by another name"),
            (MISTAKE, PASSED, Answer.WRONG, "not caught"),
            (MISTAKE, [*PASSED, OPEN], Answer.UNDECIDED, ""),
            (MISTAKE, [CAUGHT, OPEN], Answer.RIGHT, ""),
            (FINE, PASSED, Answer.RIGHT, ""),
            (FINE, [*PASSED, CAUGHT], Answer.WRONG, "accused"),
            (FINE, [*PASSED, said("success_rate", Verdict.FAIL)], Answer.WRONG, "accused"),
            (FINE, [*PASSED, OPEN], Answer.UNDECIDED, ""),
            (FINE, [], Answer.UNDECIDED, ""),
        ],
    )
    def test_a_run_is_held_against_what_is_known(
        self, case: Control, findings: Sequence[Finding], answer: Answer, why: str
    ) -> None:
        judged = judge(case, findings)
        assert (judged.answer, judged.why) == (answer, why)

    def test_what_a_mistake_may_fail_besides_is_no_other_culprit(self) -> None:
        also = replace(MISTAKE, besides=("pool",))
        assert judge(also, [CAUGHT, said("pool", Verdict.FAIL, ELSEWHERE)]).answer is Answer.RIGHT

    def test_of_two_checks_that_must_fail_one_may_name_no_line(self) -> None:
        target = replace(MISTAKE.target, expected={"writes": Verdict.FAIL, "loop": Verdict.FAIL})
        both = replace(MISTAKE, target=target)
        judged = judge(both, [said("writes", Verdict.FAIL), CAUGHT])
        assert (judged.answer, judged.finding) == (Answer.RIGHT, CAUGHT)
        assert judge(both, [said("writes", Verdict.FAIL)]).why == "another line"

    def test_a_mistake_without_a_line_needs_none(self) -> None:
        assert judge(replace(MISTAKE, place=None), [said("loop", Verdict.FAIL)]).answer is Answer.RIGHT


class TestCarryingOut:
    @pytest.fixture
    def ran(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Judge a run without making it; return the folders of those that were to be made."""
        folders: list[str] = []

        @contextmanager
        def service(*_words: Any) -> Iterator[SimpleNamespace]:
            folders.append("started")
            yield SimpleNamespace(url="")

        def run(case: Control, config: Config, condition: str, number: int) -> Outcome:
            folders.append(config.out.name)
            return replace(came_of(Answer.RIGHT, case.target.name, number), condition=condition)

        monkeypatch.setattr(carry_out, "postgres_server", service)
        monkeypatch.setattr(carry_out, "toxiproxy_server", service)
        monkeypatch.setattr(carry_out, "_tried", run)
        return folders

    @staticmethod
    def taken(out: Path, runs: int = 2, condition: str = "idle") -> list[tuple[str, str, int]]:
        return [one.key for one in carry_out.outcomes(TWO, runs, condition, out, lambda _said: None)]

    def test_services_start_once_and_every_case_is_tried_before_one_is_tried_again(
        self, ran: list[str], tmp_path: Path
    ) -> None:
        self.taken(tmp_path)
        assert ran == [
            *("started", "started"),
            *("flaw-blocking_call-idle-1", "sound-copied-idle-1"),
            *("flaw-blocking_call-idle-2", "sound-copied-idle-2"),
        ]

    def test_what_is_done_is_kept_and_what_was_torn_is_made_again(self, ran: list[str], tmp_path: Path) -> None:
        began = carry_out.outcomes(TWO, 2, "idle", tmp_path, lambda _said: None)
        kept = [next(began), next(began)]
        began.close()  # type: ignore[attr-defined]  # a generator, as its own function says
        with (tmp_path / carry_out.KEPT).open("a") as file:
            file.write('{"case": "flaw:blocking_call", "cond')
        ran.clear()
        assert self.taken(tmp_path)[:2] == [one.key for one in kept]
        assert ran == ["started", "started", "flaw-blocking_call-idle-2", "sound-copied-idle-2"]

    def test_when_all_is_done_nothing_is_started(self, ran: list[str], tmp_path: Path) -> None:
        before = self.taken(tmp_path)
        ran.clear()
        assert self.taken(tmp_path) == before
        assert ran == []

    def test_another_machine_is_another_run(self, ran: list[str], tmp_path: Path) -> None:
        self.taken(tmp_path)
        ran.clear()
        assert {condition for _, condition, _ in self.taken(tmp_path, condition="busy")} == {"busy"}
        assert len(ran) == 6

    def test_a_run_is_what_a_person_would_run(self) -> None:
        slow = carry_out._experiment(MISTAKES["flaw:sync_driver"])
        assert isinstance(slow, Comparison)
        assert (slow.profile.scenarios, slow.profile.added_ms, slow.profile.blocks) == (("point-read",), (10,), 2)
        assert [*slow.targets] == ["flaw:sync_driver"]

    def test_what_cuts_or_faults_show_is_cut_and_broken(self) -> None:
        cut = carry_out._experiment(replace(FINE, load=(), cuts=("create_user",)))
        assert isinstance(cut, Chaos)
        assert (cut.cuts, cut.faults, [*cut.targets]) == (("create_user",), (), ["sound:copied"])
        broken = carry_out._experiment(replace(FINE, load=(), faults=("latency",)))
        assert isinstance(broken, Chaos)
        assert (broken.cuts, broken.faults) == ((), ("latency",))

    def test_a_run_that_can_t_be_made_is_undecided(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_words: Any) -> None:
            raise HarnessError("the target\ndied", "read its log")

        monkeypatch.setattr(carry_out, "run", refuse)
        config = Config(seed=1, command="", out=tmp_path, postgres_url=None, toxiproxy_url=None)
        found = carry_out._tried(FINE, config, "idle", 1)
        assert (found.answer, found.verdict) == (Answer.UNDECIDED, Verdict.UNDECIDED)
        assert "the target died" in found.why


class TestReport:
    def test_a_line_says_which_run_of_which_case_was_what(self) -> None:
        assert line(came_of(Answer.RIGHT)) == "flaw:blocking_call (idle, run 1): right; fail; loop: held_up"

    def test_a_table_counts_the_runs_of_a_case_and_shows_the_gravest(self) -> None:
        wrong = replace(came_of(Answer.WRONG, number=2), place="a.py:7 in f", why="another line")
        known = [came_of(Answer.RIGHT), wrong, came_of(Answer.UNDECIDED, "sound:copied")]
        drawn = io.StringIO()
        Console(file=drawn, width=200).print(table(known, CASES))
        rows = [[cell.strip() for cell in row.split("│")[1:-1]] for row in drawn.getvalue().splitlines()]
        told = "fail; loop: held_up; a.py:7 in f; another line"
        assert ["flaw:blocking_call", "a mistake", "1 right, 1 wrong", told] in rows
        assert ["sound:copied", "sound", "1 undecided", "fail; loop: held_up"] in rows
        assert "3 runs: 1 right, 1 wrong, 1 undecided" in drawn.getvalue()

    @pytest.mark.parametrize(
        ("answers", "code"),
        [
            ([Answer.RIGHT, Answer.RIGHT], ExitCode.PASS),
            ([Answer.RIGHT, Answer.UNDECIDED], ExitCode.UNDECIDED),
            ([Answer.UNDECIDED, Answer.WRONG, Answer.RIGHT], ExitCode.FAIL),
            ([], ExitCode.UNDECIDED),
        ],
    )
    def test_it_ends_with_what_it_has_shown(self, answers: Sequence[Answer], code: ExitCode) -> None:
        assert exit_code([came_of(answer) for answer in answers]) is code


class TestMachine:
    def test_every_core_has_something_to_do_until_it_ends(self) -> None:
        with machine.busy():
            spinning = psutil.Process().children()
            assert len([one for one in spinning if machine.SPIN in one.cmdline()]) == os.cpu_count()
        assert not [one for one in spinning if one.is_running()]

    def test_who_keeps_it_busy_ends_with_whoever_asked(self) -> None:
        lines = (
            *("import os", "from tools.cases import machine", "with machine.busy():"),
            *("    print(os.getpid(), flush=True)", "    os._exit(0)"),
        )
        ended = subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True, capture_output=True, text=True)
        until_s = time.monotonic() + 30
        while any(
            words[-2:] == [machine.SPIN, ended.stdout.strip()]
            for words in (one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"]))
        ):
            assert time.monotonic() < until_s
            time.sleep(0.05)

    def test_a_control_group_has_a_third_and_is_gone_when_it_ends(self) -> None:
        told: list[str] = []
        before = Path("/proc/self/cgroup").read_text()
        with machine.slowed(told.append):
            within = Path("/proc/self/cgroup").read_text()
            home, quota = machine._home()
            if "No control group" in told[0]:
                pytest.skip("control groups can't be written here")
            assert within != before
            assert f"twinbench-{os.getpid()}" in home.name
            held = {name: (home / name).read_text().strip() for name in quota}
        (share, period) = map(int, " ".join(held[name] for name in sorted(held, reverse=True)).split())
        assert share / period == pytest.approx((os.cpu_count() or 1) / 3, rel=0.01)
        assert Path("/proc/self/cgroup").read_text() == before
        assert not home.exists()

    def test_without_one_what_was_started_is_stopped_and_goes_on_in_turns(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(machine, "GROUPS", Path("/no-such-folder"))
        told: list[str] = []
        with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as child:
            try:
                with machine.slowed(told.append):
                    seen = {psutil.Process(child.pid).status() for _ in range(2000) if not time.sleep(0.001)}
                assert {psutil.STATUS_STOPPED, psutil.STATUS_RUNNING} <= seen
                assert psutil.Process(child.pid).status() != psutil.STATUS_STOPPED
            finally:
                child.kill()
        assert "stopped two thirds of the time" in told[0]
