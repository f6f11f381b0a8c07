"""The check of the event loop: what it names, where its limit is, and what leaves it open."""

from dataclasses import replace

import pytest

from harness.analysis.checks.loop import check_loop
from harness.analysis.checks.registry import judge_trial
from harness.model.evidence import Evidence, Sample, Window
from harness.model.verdict import Verdict
from harness.report.sentences.findings import FindingText
from tests.evidence import TARGET, TRIAL, WINDOW, evidence, one, op, place, sample, told, values

NONE_COLLECTED = "0 full garbage collections, 0.00 s"
LAG = sample("loop", "lag_max_s", 0.004)


def stall(seconds: float, call_site: str = "repositories.py:41 user") -> Sample:
    return sample("loop", "stall_s", seconds, call_site=place(call_site))


def watched(*stalls: Sample) -> Evidence:
    return evidence(op(0), samples=(LAG, *stalls))


def judged(trial: Evidence) -> FindingText:
    """What the check says of a trial, in words."""
    return told(check_loop(trial))


def test_a_loop_that_nothing_holds_up_passes() -> None:
    found = judged(watched())
    assert (found.verdict, found.measured, found.count, found.first) == (
        Verdict.PASS,
        f"0 stalls, 0.00 s; at most 4 ms late; 0.00 s without a core; {NONE_COLLECTED}",
        0,
        "",
    )


@pytest.mark.parametrize(
    ("stalls", "verdict"),
    [
        ((0.005, 0.005), Verdict.PASS),  # 1 % of a window of 1 s
        ((0.006, 0.005), Verdict.FAIL),
        ((0.011,), Verdict.FAIL),
    ],
)
def test_one_function_may_take_a_hundredth_of_the_time(stalls: tuple[float, ...], verdict: Verdict) -> None:
    found = judged(watched(*map(stall, stalls)))
    said = {Verdict.PASS: "Nothing holds the event loop up", Verdict.FAIL: "The event loop is held up"}
    assert (found.verdict, found.summary) == (verdict, said[verdict])


def test_many_functions_may_take_more_together() -> None:
    assert judged(watched(*(stall(0.009, f"a.py:{line} f{line}") for line in range(5)))).verdict is Verdict.PASS


def test_two_lines_of_one_function_count_together_and_the_usual_one_is_named() -> None:
    lines = [stall(0.004, "a.py:7 work"), stall(0.004, "a.py:8 work"), stall(0.004, "a.py:8 work")]
    found = judged(watched(*lines, stall(0.004, "b.py:1 other")))
    assert (found.verdict, found.count, found.first) == (Verdict.FAIL, 3, "a.py:8 work")
    stalls = "4 stalls, 0.02 s, 75% of it at a.py:8 work; at most 4 ms late; 0.00 s without a core; "
    assert found.measured == stalls + NONE_COLLECTED


def test_functions_of_one_name_in_two_files_are_two_functions() -> None:
    assert judged(watched(stall(0.006, "a.py:7 work"), stall(0.006, "b.py:7 work"))).verdict is Verdict.PASS


def test_its_numbers_have_units_and_the_worst_function_its_place() -> None:
    found = one(check_loop(watched(stall(0.02, "a.py:7 work"), stall(0.02, "a.py:7 work"), stall(0.01, "b.py:1 f"))))
    assert (found.code, found.place, found.subject) == ("held_up", place("a.py:7 work"), TRIAL.id)
    assert values(found) == pytest.approx(
        {
            "stalls": 3,
            "stalled": 0.05,
            "window": 1,
            "limit": 0.01,
            "worst": 0.8,
            "lag": 4,
            "core_wait": 0,
            "collected": 0,
            "collections": 0,
        }
    )
    assert {name: found.values[name].unit for name in ("stalled", "worst", "lag")} == {
        "stalled": "s",
        "worst": "share",
        "lag": "ms",
    }


def test_lengths_that_the_probe_has_guessed_are_counted() -> None:
    work = place("a.py:7 work")
    guess, known = (sample("loop", "stall_s", 0.02, call_site=work, length=how) for how in ("guess", "known"))
    assert judged(watched(guess, known, guess)).measured.startswith(
        "3 stalls, 0.06 s (2 of the lengths not known within a tenth), 100% of it at a.py:7 work; "
    )
    assert judged(watched(known)).measured.startswith("1 stalls, 0.02 s, 100% of it")


def test_without_the_probe_nothing_is_known() -> None:
    for unwatched in (
        evidence(op(0), samples=()),
        evidence(op(0), samples=(stall(1.0),)),
        replace(watched(), window=None),
    ):
        found = judged(unwatched)
        assert (found.verdict, found.count) == (Verdict.UNDECIDED, 1)


def test_what_is_not_too_much_has_no_call_site_but_is_told() -> None:
    found = judged(watched(stall(0.002), stall(0.003)))
    assert (found.verdict, found.count, found.first) == (Verdict.PASS, 0, "")
    stalls = "2 stalls, 0.01 s, 100% of it at repositories.py:41 user; at most 4 ms late; 0.00 s without a core; "
    assert found.measured == stalls + NONE_COLLECTED


def test_collections_of_garbage_are_counted_and_hold_nothing_against_the_application() -> None:
    found = judged(watched(sample("loop", "collection_s", 0.04), sample("loop", "collection_s", 0.05)))
    assert found.verdict is Verdict.PASS
    assert found.measured.endswith("2 full garbage collections, 0.09 s")


def test_the_window_is_as_long_as_from_its_start_to_its_end() -> None:
    late = replace(watched(*[stall(0.004)] * 3), window=Window(start_ns=400_000_000, end_ns=1_000_000_000))
    found = judged(late)
    assert (found.verdict, found.limit) == (Verdict.FAIL, "1% of 0.6 s")


def test_the_latest_of_all_is_told() -> None:
    found = judged(evidence(op(0), samples=(LAG, sample("loop", "lag_max_s", 0.75))))
    assert found.measured.endswith(f"at most 750 ms late; 0.00 s without a core; {NONE_COLLECTED}")


def test_what_the_machine_took_is_told_and_is_no_stall() -> None:
    found = judged(watched(sample("loop", "core_wait_s", 0.3), sample("loop", "core_wait_s", 0.2)))
    assert (found.verdict, found.measured) == (
        Verdict.PASS,
        f"0 stalls, 0.00 s; at most 4 ms late; 0.50 s without a core; {NONE_COLLECTED}",
    )


def test_it_is_asked_of_targets_that_have_the_probe() -> None:
    def checks(probes: tuple[str, ...]) -> set[str]:
        target = replace(TARGET, probes=probes)
        return {finding.check for finding in judge_trial(replace(watched(), target=target))}

    assert checks(("loop",)) - checks(()) == {"loop"}
    assert WINDOW.end_ns > WINDOW.start_ns
