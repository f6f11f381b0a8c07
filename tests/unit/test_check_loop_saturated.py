"""The check of the event loop that is late: by large answers, by many small calls, or by the machine."""

import pytest

from harness.analysis.checks.loop import check_loop
from harness.model.evidence import Sample
from harness.model.verdict import Verdict
from tests.evidence import one, place, sample, told
from tests.loop_evidence import OUTSIDE, PASSES, ROUTE, answers, busy, judged, lag, pieces, said, spent, stall, watched


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
