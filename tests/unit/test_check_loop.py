"""The check of the event loop: what it names, where its limits are, and what leaves it open."""

from dataclasses import replace

import pytest

from harness.analysis.checks import loop
from harness.analysis.checks.loop import check_loop
from harness.analysis.checks.registry import judge_trial
from harness.model.evidence import Evidence, Sample, Window
from harness.model.verdict import Place, Verdict
from harness.probe.call_site import FRAMEWORK
from harness.probe.pace import piece_s
from harness.report.sentences.findings import FindingText
from tests.evidence import MS, TARGET, TRIAL, WINDOW, evidence, one, op, place, sample, told, values

NONE_COLLECTED = "0 full garbage collections, 0.00 s"
FREE = f"at most 4 ms late, 4 ms of it by itself; 0.00 s without a core; {NONE_COLLECTED}"
ROUTE = "GET /users/{user_id}"
OUTSIDE = Place(*FRAMEWORK)


def lag(seconds: float, own_s: float | None = None) -> Sample:
    return sample("loop", "lag_max_s", seconds, own_s=seconds if own_s is None else own_s)


LAG = lag(0.004)


def stall(
    seconds: float,
    call_site: str | Place = "repositories.py:41 user",
    *,
    computed: float = 0.0,
    metric: str = "stall_s",
    **labels: str | float,
) -> Sample:
    """A stall of which all is proven, and this share computed."""
    at = call_site if isinstance(call_site, Place) else place(call_site)
    told_of = {"proven_s": seconds, "computed_s": computed * seconds, **labels}
    return sample("loop", metric, seconds, call_site=at, **told_of)


def answers(seconds: float, route: str = ROUTE) -> Sample:
    """A call without a line of the application's."""
    return stall(seconds, OUTSIDE, computed=1, route=route, inside="fastapi.routing.serialize_response")


def busy(busy_s: float, ended: int, passed_s: float = 1.0) -> Sample:
    return sample("loop", "busy_s", busy_s, ended=ended, passed_s=passed_s)


def spent(seconds: float, call_site: str | Place, route: str = ROUTE) -> Sample:
    at = call_site if isinstance(call_site, Place) else place(call_site)
    return sample("loop", "late_in_s", seconds, call_site=at, route=route)


def pieces(times_usual: float) -> Sample:
    """An interpreter that takes so many times as long as usual."""
    return sample("loop", "piece_s", times_usual * loop.USUAL_PIECE_S)


def watched(*samples: Sample) -> Evidence:
    return evidence(op(0), samples=(LAG, *samples))


def judged(*samples: Sample) -> FindingText:
    """What the check says, in words."""
    return told(check_loop(watched(*samples)))


def said(*samples: Sample) -> tuple[Verdict, str]:
    found = one(check_loop(watched(*samples)))
    return found.verdict, found.code


FAILS, PASSES = (Verdict.FAIL, "held_up"), (Verdict.PASS, "free")


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
    waited = sample("loop", "core_wait_s", 0.9)
    assert said(waited, *[stall(0.006)] * 3) == FAILS
    assert said(*[stall(0.006)] * 3) == PASSES
    assert said(waited, stall(0.2, computed=1)) == PASSES  # and a single one is not


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


def test_answers_are_named_by_route_function_share_and_size() -> None:
    took = sample("requests", "took_s", 0.1, route=ROUTE, bytes=700_000)
    other = sample("requests", "took_s", 0.1, route="GET /", bytes=7)
    found = judged(*[answers(0.02)] * 40, took, other)
    assert (found.verdict, found.count, found.first) == (Verdict.FAIL, 40, "")
    assert found.summary == (
        f"{ROUTE} holds the event loop up for 20 ms at a time, 80% of its time, in"
        " fastapi.routing.serialize_response: answer with less at a time, or make the answer in a thread"
    )
    assert found.measured.endswith("; median answer 700,000 bytes")


def test_answers_of_two_routes_are_two_causes() -> None:
    assert said(*[answers(0.016)] * 3, *[answers(0.016, "GET /posts")] * 3) == PASSES


def test_the_answer_that_takes_most_is_named_though_a_function_holds_the_loop_up_as_well() -> None:
    assert said(*[answers(0.1)] * 3, *[stall(0.05)] * 3) == (Verdict.FAIL, "held_up_by_answers")


SMALL = (lag(0.3), busy(0.9, 6), spent(0.5, "a.py:7 rate"), spent(0.3, "b.py:1 f"))


def test_a_loop_that_is_saturated_by_small_calls_is_named_with_what_it_does_most() -> None:
    found = judged(*SMALL)
    assert (found.verdict, found.first) == (Verdict.FAIL, "a.py:7 rate")
    assert found.summary == "The event loop is saturated: it computes 150 ms for each request, 90% of its time"


def test_where_no_line_is_the_applications_the_route_is_named() -> None:
    took = sample("requests", "took_s", 0.1, route=ROUTE, bytes=700_000)
    seen = watched(lag(0.3), busy(0.9, 20), spent(0.5, OUTSIDE), spent(0.3, "b.py:1 f"), took)
    found = one(check_loop(seen))
    assert (found.code, found.place, found.facts) == ("saturated_by_answers", None, {"route": ROUTE})
    text = told(check_loop(seen))
    assert text.summary.startswith(f"{ROUTE} saturates the event loop, which computes 45 ms for each request, 90% of")
    assert text.measured.endswith("; median answer 700,000 bytes")
    unknown = spent(0.7, OUTSIDE, route="")
    for nothing in ((), (unknown,)):
        assert one(check_loop(watched(lag(0.3), busy(0.9, 6), *nothing))).code == "saturated"
    known = one(check_loop(watched(lag(0.3), busy(0.9, 6), unknown, spent(0.1, "b.py:1 f"))))
    assert known.place == place("b.py:1 f")


@pytest.mark.parametrize(
    ("samples", "code"),
    [
        pytest.param((lag(0.3), busy(0.9, 9)), "saturated", id="0.1 s a request"),
        pytest.param((lag(0.3), busy(0.9, 10)), "late", id="less"),
        pytest.param((lag(0.3), busy(0.59, 4)), "late", id="idle for two fifths"),
        pytest.param((lag(0.09), busy(0.9, 4)), "free", id="not late"),
        pytest.param((lag(0.3), busy(0.9, 0)), "saturated", id="no request ended"),
        pytest.param((lag(0.3), busy(0.9, 9), pieces(1.1)), "late", id="a slower machine"),
        pytest.param(
            (lag(0.3), busy(0.5, 4), sample("loop", "core_wait_s", 0.4)), "saturated", id="no core for the rest"
        ),
    ],
)
def test_saturated_is_what_has_no_time_left_and_computes_for_long(samples: tuple[Sample, ...], code: str) -> None:
    verdict = {"saturated": Verdict.FAIL, "late": Verdict.UNDECIDED, "free": Verdict.PASS}[code]
    assert said(*samples) == (verdict, code)


@pytest.mark.parametrize(
    ("size", "ended", "code"),
    [
        (100_000, 44, "saturated_by_answers"),
        (100_000, 46, "late"),
        (99_999, 44, "late"),
        (7, 9, "saturated_by_answers"),
    ],
)
def test_large_answers_may_take_less_of_it(size: int, ended: int, code: str) -> None:
    """Others are work that many small things may come to, on a crowded machine."""
    took = sample("requests", "took_s", 0.1, route=ROUTE, bytes=size)
    assert said(lag(0.3), busy(0.9, ended), spent(0.5, OUTSIDE), took)[1] == code
    assert said(lag(0.3), busy(0.9, 44), spent(0.5, "a.py:7 rate"), took)[1] == "late"


def test_a_loop_that_is_late_never_passes_as_one_that_nothing_holds_up() -> None:
    assert said(lag(0.357)) == (Verdict.UNDECIDED, "late")
    assert said(lag(0.199)) == PASSES
    assert said(lag(0.357), pieces(4)) == PASSES


def test_who_asks_may_be_late_as_well() -> None:
    assert "at most 9 ms late, 9 ms of it by itself" in judged(lag(0.004, own_s=0.009)).measured


def test_what_the_machine_kept_is_told_and_is_no_fault() -> None:
    late = lag(0.357, own_s=0.01)
    assert said(late, busy(0.1, 0)) == said(late) == (Verdict.UNDECIDED, "late_by_machine")
    found = judged(late, busy(0.1, 1))
    assert (found.verdict, found.summary) == (
        Verdict.PASS,
        "The machine kept the event loop waiting, and the application did not",
    )
    assert "at most 357 ms late, 10 ms of it by itself" in found.measured


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
