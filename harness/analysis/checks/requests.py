"""Where does the time of a request go, is all awaited that it begins, and is it handed from task to task on its way?

A coroutine that is never awaited has done nothing, and raises nothing. A request that Starlette's
``BaseHTTPMiddleware`` passes on is served by a task of its own, through a stream; each such middleware costs a good
part of the throughput that a pure ASGI middleware leaves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import TypeVar

from harness.model.evidence import Evidence, Sample
from harness.model.findings import Finding, Findings, Quantity, in_unit, known_facts
from harness.model.measures import PHASES, QUEUE
from harness.model.verdict import Place, Verdict

T = TypeVar("T")
MOST_HANDED_ON = 0.5  # of all requests


def check_requests(evidence: Evidence) -> Findings:
    """Say where the median request's time went.

    Fails where the application drops a coroutine that it made, and where most requests are served by another task.
    """
    of_requests = [sample for sample in evidence.samples if sample.probe == "requests"]
    samples = [sample for sample in of_requests if sample.metric == "took_s"]
    if not samples:
        yield Finding(
            check="requests",
            verdict=Verdict.UNDECIDED,
            code="nothing_looked_into",
            count=1,
            subject=evidence.trial.id,
        )
        return
    dropped = [sample for sample in of_requests if sample.metric == "never_awaited"]
    handed_on = [sample.places["handed_on"] for sample in samples if "handed_on" in sample.places]
    places: list[Place] = []
    if dropped:
        verdict, code = Verdict.FAIL, "never_awaited"
        places = [sample.places["made_at"] for sample in dropped]
    elif len(handed_on) > MOST_HANDED_ON * len(samples):
        verdict, code = Verdict.FAIL, "handed_on"
        places = handed_on
    else:
        verdict, code = Verdict.PASS, "served_in_one_task"
    place = _commonest(places)
    yield Finding(
        check="requests",
        verdict=verdict,
        code=code,
        values=in_unit("requests", handed_on=len(handed_on), requests=len(samples))
        | in_unit("coroutines", never_awaited=len(dropped))
        | ({} if dropped else in_unit("share", limit=MOST_HANDED_ON))
        | _measured(samples),
        facts=known_facts(
            coroutine=_commonest([one.labels["coroutine"] for one in dropped if one.places["made_at"] == place]) or ""
        ),
        place=place,
        count=len(places),
        subject=evidence.trial.id,
    )


def _commonest(found: Sequence[T]) -> T | None:
    return Counter(found).most_common(1)[0][0] if found else None


def _measured(samples: Sequence[Sample]) -> dict[str, Quantity]:
    """Return the median request's time and size, the shares of its phases in all time, and how many were under way."""
    whole_s = sum(sample.value for sample in samples)
    queued_ms = [1e3 * sample.fields[QUEUE] for sample in samples if QUEUE in sample.fields]
    return (
        in_unit("ms", took=1e3 * median(sample.value for sample in samples))
        | (in_unit("ms", queued=median(queued_ms)) if queued_ms else {})
        | in_unit("share", **{phase: sum(sample.fields[phase] for sample in samples) / whole_s for phase in PHASES})
        | in_unit("bytes", answer=median(sample.fields["bytes"] for sample in samples))
        | in_unit("requests", at_once=max(sample.fields["in_flight"] for sample in samples) + 1)
    )
