"""The check of the event loop: what it names, where its limits are, and what leaves it open."""

from dataclasses import replace

import pytest

from harness.analysis.checks import loop
from harness.analysis.checks.loop import check_loop
from harness.analysis.checks.registry import judge_trial
from harness.model.evidence import Window
from harness.model.verdict import Verdict
from harness.probe.pace import piece_s
from tests.evidence import MS, TARGET, TRIAL, WINDOW, evidence, one, op, place, sample, told, values
from tests.loop_evidence import FAILS, FREE, NONE_COLLECTED, PASSES, judged, lag, pieces, said, stall, watched


def test_a_loop_that_nothing_holds_up_passes() -> None:
    found = judged()
    assert (found.verdict, found.measured, found.count, found.first) == (
        Verdict.PASS,
        f"0 stalls, 0.00 s; {FREE}",
        0,
        "",
    )


@pytest.mark.parametrize(("each_s", "fails"), [(0.016, False), (0.017, True)])
def test_one_function_may_take_a_twentieth_of_the_time(each_s: float, *, fails: bool) -> None:
    found = judged(*[stall(each_s)] * 3)
    summary = "The event loop is held up" if fails else "Nothing holds the event loop up"
    assert (found.verdict, found.summary) == (Verdict.FAIL if fails else Verdict.PASS, summary)


def test_it_is_a_share_of_the_time_in_which_the_loop_had_a_core() -> None:
    waited = sample("loop", "core_wait_s", 0.4)
    assert said(waited, *[stall(0.011)] * 3) == FAILS
    assert said(*[stall(0.011)] * 3) == PASSES
    assert said(waited, stall(0.2, computed=1)) == PASSES  # and a single one is not


def test_where_it_had_one_for_less_than_half_of_the_window_that_much_of_it_decides_nothing() -> None:
    def found(waited_s: float, each_s: float) -> tuple[Verdict, str]:
        return said(sample("loop", "core_wait_s", waited_s), *[stall(each_s)] * 3)

    assert found(0.6, 0.016) == (Verdict.UNDECIDED, "may_be_held_up")
    assert found(0.6, 0.017) == FAILS
    assert found(0.5, 0.016) == FAILS
    assert found(0.6, 0.006) == PASSES


def test_one_stall_or_two_are_no_verdict_if_they_are_short() -> None:
    assert said(stall(0.07)) == said(*[stall(0.07)] * 2) == PASSES
    assert said(*[stall(0.07)] * 3) == FAILS


def test_a_single_one_is_if_it_computes_for_a_quarter_of_the_window() -> None:
    assert said(stall(0.25, computed=1)) == PASSES
    assert said(stall(0.26, computed=1)) == FAILS


def test_a_single_one_is_if_it_waits_for_longer_than_a_loop_may_be_late() -> None:
    assert said(stall(0.199)) == PASSES
    assert said(stall(0.2)) == FAILS
    assert said(pieces(1.1), stall(0.2)) == PASSES


def test_what_is_not_proven_counts_for_nothing() -> None:
    """A machine that stood still for 0.3 s in 1 s, again and again."""
    seen = stall(0.3, proven_s=0.004)
    assert said(*[seen] * 3) == PASSES
    assert judged(seen).measured.startswith("1 stalls, 0.00 s")


def test_many_functions_may_take_more_together() -> None:
    assert said(*(stall(0.016, f"a.py:{line} f{line}") for line in range(5) for _ in range(3))) == PASSES


def test_two_lines_of_one_function_count_together_and_the_usual_one_is_named() -> None:
    lines = [stall(0.02, "a.py:7 work"), stall(0.02, "a.py:8 work"), stall(0.02, "a.py:8 work")]
    found = judged(*lines, stall(0.02, "b.py:1 other"))
    assert (found.verdict, found.count, found.first) == (Verdict.FAIL, 3, "a.py:8 work")
    assert found.measured == f"4 stalls, 0.08 s, 75% of it at a.py:8 work, 20 ms each; {FREE}"


def test_functions_of_one_name_in_two_files_are_two_functions() -> None:
    assert said(*(stall(0.012, at) for at in ("a.py:7 work", "b.py:7 work") for _ in range(3))) == PASSES


@pytest.mark.parametrize("times", [1, 3, 1 / 3])
def test_what_is_work_depends_on_how_fast_the_interpreter_is(times: float) -> None:
    """A call computes for as many pieces on any machine, of which a slow one takes longer."""
    work_s = 49 * loop.USUAL_PIECE_S * times
    assert said(pieces(times), *[stall(work_s, computed=1)] * 60) == PASSES
    assert said(pieces(times), *[stall(work_s * 52 / 49, computed=1)] * 60) == FAILS


def test_a_call_that_sleeps_is_no_work_however_slow_the_machine_is() -> None:
    assert said(pieces(3), *[stall(0.006)] * 10) == FAILS
    assert said(pieces(3), *[stall(0.006, computed=0.6)] * 10) == PASSES


def test_how_fast_it_is_is_told_by_the_median_piece() -> None:
    assert said(pieces(1), pieces(1), pieces(9), *[stall(0.006, computed=1)] * 10) == FAILS
    assert 0 < piece_s() < 1  # and not some other unit


def test_a_stall_counts_as_far_as_it_lies_in_the_window() -> None:
    began_before = replace(stall(2.0, computed=1), t_ns=200 * MS)
    assert said(began_before) == PASSES
    assert said(replace(began_before, t_ns=300 * MS)) == FAILS


def test_a_call_that_lasts_beyond_the_window_is_named() -> None:
    """Nothing has answered since it began, so that no stall is on record."""
    lasts = stall(0.4, metric="lasting_s")
    found = judged(lasts, lag(0.4))
    assert (found.verdict, found.first, found.count) == (Verdict.FAIL, "repositories.py:41 user", 1)


def test_one_that_ended_in_the_window_counts_once() -> None:
    lasts = replace(stall(0.2, metric="lasting_s", computed=1), t_ns=300 * MS)
    assert said(lasts, stall(0.2, computed=1)) == PASSES
    assert judged(lasts, stall(0.2, computed=1)).measured.startswith("1 stalls, 0.20 s")


def test_its_numbers_have_units_and_the_worst_function_its_place() -> None:
    found = one(check_loop(watched(*[stall(0.2, "a.py:7 work")] * 4, stall(0.2, "b.py:1 f"))))
    assert (found.code, found.place, found.subject) == ("held_up", place("a.py:7 work"), TRIAL.id)
    assert values(found) == pytest.approx(
        {
            "stalls": 5,
            "stalled": 1.0,
            "window": 1,
            "limit": 0.05,
            "worst": 0.8,
            "lag": 4,
            "own_lag": 4,
            "each": 200,
            "share": 0.8,
            "core_wait": 0,
            "collected": 0,
            "collections": 0,
        }
    )
    assert {name: found.values[name].unit for name in ("stalled", "worst", "lag", "each")} == {
        "stalled": "s",
        "worst": "share",
        "lag": "ms",
        "each": "ms",
    }


def test_lengths_that_the_probe_has_guessed_are_counted() -> None:
    guess, known = (stall(0.03, "a.py:7 work", length=how) for how in ("guess", "known"))
    assert judged(guess, known, guess).measured.startswith(
        "3 stalls, 0.09 s (2 of the lengths not known within a tenth), 100% of it at a.py:7 work, 30 ms each; "
    )
    assert judged(known).measured.startswith("1 stalls, 0.03 s, 100% of it")


def test_without_the_probe_nothing_is_known() -> None:
    for unwatched in (
        evidence(op(0), samples=()),
        evidence(op(0), samples=(stall(1.0),)),
        replace(watched(), window=None),
    ):
        found = told(check_loop(unwatched))
        assert (found.verdict, found.count) == (Verdict.UNDECIDED, 1)


def test_what_is_not_too_much_has_no_call_site_but_is_told() -> None:
    found = judged(stall(0.002), stall(0.003))
    assert (found.verdict, found.count, found.first) == (Verdict.PASS, 0, "")
    assert found.measured == f"2 stalls, 0.01 s, 100% of it at repositories.py:41 user; {FREE}"


def test_collections_of_garbage_are_counted_and_hold_nothing_against_the_application() -> None:
    found = judged(sample("loop", "collection_s", 0.04), sample("loop", "collection_s", 0.05))
    assert found.verdict is Verdict.PASS
    assert found.measured.endswith("2 full garbage collections, 0.09 s")


def test_the_window_is_as_long_as_from_its_start_to_its_end() -> None:
    late = replace(watched(*[stall(0.013)] * 3), window=Window(start_ns=400_000_000, end_ns=1_000_000_000))
    found = told(check_loop(late))
    assert (found.verdict, found.limit) == (Verdict.FAIL, "5% of the time that it had a core, of 0.6 s")


def test_what_the_machine_took_is_told_and_is_no_stall() -> None:
    found = judged(sample("loop", "core_wait_s", 0.3), sample("loop", "core_wait_s", 0.2))
    assert (found.verdict, found.measured) == (
        Verdict.PASS,
        f"0 stalls, 0.00 s; at most 4 ms late, 4 ms of it by itself; 0.50 s without a core; {NONE_COLLECTED}",
    )


def test_it_is_asked_of_targets_that_have_the_probe() -> None:
    def checks(probes: tuple[str, ...]) -> set[str]:
        target = replace(TARGET, probes=probes)
        return {finding.check for finding in judge_trial(replace(watched(), target=target))}

    assert checks(("loop",)) - checks(()) == {"loop"}
    assert WINDOW.end_ns > WINDOW.start_ns
