"""The check of requests: where their time goes, and whether they are handed on."""

from dataclasses import replace

import pytest

from harness.analysis.checks.registry import judge_trial
from harness.analysis.checks.requests import check_requests
from harness.model.evidence import Evidence, Sample
from harness.model.measures import PHASES
from harness.model.verdict import Verdict
from harness.probe.request import PHASES as PROBED_PHASES
from harness.report.sentences.findings import FindingText
from tests.evidence import TARGET, evidence, one, op, place, sample, told, values


def request(
    handed_on: str = "", queue: float | None = None, size: int = 7, in_flight: int = 0, **parts_s: float
) -> Sample:
    """One request of so many seconds in each phase, 3 ms in Python if none is said."""
    spent = {**dict.fromkeys(PHASES, 0.0), **(parts_s or {"python": 0.003})}
    known = {"route": "GET /", "queue": queue, "bytes": size, "in_flight": in_flight}
    to = place(handed_on) if handed_on else None
    return sample("requests", "took_s", sum(spent.values()), handed_on=to, **known, **spent)


def seen(*samples: Sample) -> Evidence:
    return evidence(op(0), samples=samples)


def judged(trial: Evidence) -> FindingText:
    """What the check says of a trial, in words."""
    return told(check_requests(trial))


def test_requests_that_stay_in_their_task_pass_and_their_time_is_told() -> None:
    found = judged(seen(request(python=0.16, database=0.24), request(python=0.24, elsewhere=0.16)))
    assert (found.verdict, found.count, found.first) == (Verdict.PASS, 0, "")
    assert (found.summary, found.limit) == ("Requests are served by the task that they come in", "50% of all requests")
    assert found.measured == (
        "median 400.00 ms; python 50%, thread 0%, connection 0%, database 30%, elsewhere 20%; "
        "median answer 7 bytes; at most 1 at once"
    )


def test_the_queue_is_told_where_it_is_known() -> None:
    found = judged(
        seen(
            request(queue=0.1, size=100, in_flight=2),
            request(size=300, in_flight=5),
            request(queue=0.4, size=200),
        )
    )
    assert found.measured.startswith("median 3.00 ms after 250.00 ms in the queue; python 100%")
    assert found.measured.endswith("; median answer 200 bytes; at most 6 at once")


@pytest.mark.parametrize(("handed_on", "verdict"), [(2, Verdict.PASS), (3, Verdict.FAIL)])
def test_half_of_them_may_be_handed_on(handed_on: int, verdict: Verdict) -> None:
    samples = [request("a.py:7 dispatch")] * handed_on + [request()] * (4 - handed_on)
    found = judged(seen(*samples))
    assert (found.verdict, found.count) == (verdict, handed_on if verdict is Verdict.FAIL else 0)


def test_the_line_that_hands_on_most_is_named() -> None:
    found = judged(seen(request("a.py:7 dispatch"), request("b.py:1 f"), request("a.py:7 dispatch"), request()))
    assert (found.verdict, found.count, found.first) == (Verdict.FAIL, 3, "a.py:7 dispatch")
    assert found.summary == "3 of 4 requests were handed to another task"


def dropped(made_at: str, coroutine: str = "Repository.commit") -> Sample:
    """One coroutine that was never awaited."""
    return sample("requests", "never_awaited", 1, made_at=place(made_at), coroutine=coroutine)


def test_one_coroutine_that_is_never_awaited_is_enough_and_the_line_that_drops_most_is_named() -> None:
    handed_on = [request("a.py:7 dispatch")] * 3
    twice = [dropped("b.py:2 create")] * 2
    found = judged(seen(*handed_on, dropped("c.py:9 f", "Session.flush"), *twice))
    assert (found.verdict, found.count, found.first) == (Verdict.FAIL, 3, "b.py:2 create")
    assert found.summary == (
        "Coroutines are never awaited, and so never run: 3 in the requests that were looked into,"
        " most often Repository.commit"
    )
    assert found.limit == ""
    assert judged(seen(request(), dropped("b.py:2 create"))).verdict is Verdict.FAIL


def test_its_numbers_have_units_and_the_line_is_a_place() -> None:
    found = one(check_requests(seen(request("a.py:7 dispatch", queue=0.1, size=5, in_flight=1))))
    assert (found.code, found.place) == ("handed_on", place("a.py:7 dispatch"))
    assert values(found) == pytest.approx(
        {
            "handed_on": 1,
            "never_awaited": 0,
            "requests": 1,
            "limit": 0.5,
            "took": 3,
            "queued": 100,
            "answer": 5,
            "at_once": 2,
            **dict.fromkeys(PHASES, 0.0),
            "python": 1,
        }
    )
    assert [found.values[name].unit for name in ("took", "python", "answer")] == ["ms", "share", "bytes"]


def test_without_a_request_nothing_is_known() -> None:
    found = judged(seen())
    assert (found.verdict, found.count) == (Verdict.UNDECIDED, 1)


def test_it_knows_the_phases_of_the_probe() -> None:
    assert set(PHASES) == set(PROBED_PHASES)


def test_it_is_asked_of_targets_that_have_the_probe() -> None:
    def checks(probes: tuple[str, ...]) -> set[str]:
        return {f.check for f in judge_trial(replace(seen(request()), target=replace(TARGET, probes=probes)))}

    assert checks(("requests",)) - checks(()) == {"requests", "waits"}
