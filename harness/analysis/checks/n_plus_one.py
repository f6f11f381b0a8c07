"""Does a route send a statement once a row (N+1), or fetch far more rows than it shows?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import StatisticsError, correlation, fmean, linear_regression

from harness.model.evidence import Evidence, Sample
from harness.model.findings import Finding, Findings, in_unit, known_facts
from harness.model.verdict import Place, Verdict

MOST_PER_ROW = 0.5  # statements; one that is sent once a row lies at 1, one that is not at 0
LEAST_TOLD = 0.5  # of the variance of how often a statement is sent, by the rows that it is sent for
MOST_PER_VALUE = 2.0  # rows fetched; each row that is shown has a value at least
FEW_ROWS = 200  # a request; as many may be read to decide something
PER_REQUEST, PER_ROW = "statements a request", "statements a row"


@dataclass(frozen=True, slots=True)
class _Sent:
    """The statements of one form in one request: in how many calls they were sent, and the rows that came."""

    calls: int
    rows: int


_Request = Mapping[str, _Sent]  # by the name of the form, in the order of first sending


@dataclass(frozen=True, kw_only=True)
class _Route:
    """What was seen of a route; ``rises`` by the forms that it repeats, None where nothing can be told.

    ``largest`` is the form that brought most rows. ``rows`` fetched and ``values`` shown are of a mean request.
    """

    rises: Mapping[str, float | None]
    largest: str
    rows: float
    values: float

    @property
    def steepest(self) -> tuple[float, str]:
        """The most statements that a row more costs, and of which form."""
        return max(((one, name) for name, one in self.rises.items() if one is not None), default=(0.0, ""))

    @property
    def open(self) -> str:
        """A form of which nothing can be told; empty if there is none."""
        return next((name for name, one in self.rises.items() if one is None), "")

    @property
    def wasted(self) -> float:
        """Rows a request that an answer can't have shown; 0 if they are few."""
        return self.rows - self.values if self.rows > max(FEW_ROWS, MOST_PER_VALUE * self.values) else 0.0


def check_n_plus_one(evidence: Evidence) -> Findings:
    """Name the route whose statements rise most with the rows that they are sent for, or which wastes most rows."""
    samples = [sample for sample in evidence.samples if sample.probe == "queries"]
    error = next((sample.labels["error"] for sample in samples if sample.metric == "failed"), "")
    by_route: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.metric == "statements":
            by_route[sample.labels["route"]].append(sample)
    routes = {name: _seen(seen) for name, seen in by_route.items()}
    verdict, code, route, form = (Verdict.UNDECIDED, "probe_failed", "", "") if error else _decide(routes)
    place, fix, count = _sent_from(samples, route, form)
    values = in_unit(PER_REQUEST, **{name: fmean(one.value for one in seen) for name, seen in sorted(by_route.items())})
    values |= in_unit(PER_ROW, limit=MOST_PER_ROW)
    if code == "statement_per_row":
        values |= in_unit(PER_ROW, rise=routes[route].steepest[0])
    elif code == "rows_never_shown":
        fix = ""  # a loader option chooses how rows are loaded, not which
        values |= in_unit("rows a request", rows=routes[route].rows)
        values |= in_unit("values a request", shown=routes[route].values)
    yield Finding(
        check="n_plus_one",
        verdict=verdict,
        code=code,
        values=values,
        facts=known_facts(error=error, route=route, fix=fix),
        place=place,
        count=count if verdict is Verdict.FAIL else int(verdict is not Verdict.PASS),
        subject=evidence.trial.id,
    )


def _decide(routes: Mapping[str, _Route]) -> tuple[Verdict, str, str, str]:
    """Return the verdict and its code, and of what is named the route and the form of statement."""
    steep = max(routes, key=lambda name: routes[name].steepest, default="")
    wasteful = max(routes, key=lambda name: routes[name].wasted, default="")
    unclear = next((name for name, one in routes.items() if one.open), "")
    route = form = ""
    if not routes:
        verdict, code = Verdict.UNDECIDED, "nothing_looked_into"
    elif routes[steep].steepest[0] > MOST_PER_ROW:
        verdict, code, route, form = Verdict.FAIL, "statement_per_row", steep, routes[steep].steepest[1]
    elif routes[wasteful].wasted:
        verdict, code, route, form = Verdict.FAIL, "rows_never_shown", wasteful, routes[wasteful].largest
    elif unclear:
        verdict, code, route, form = Verdict.UNDECIDED, "rows_never_vary", unclear, routes[unclear].open
    else:
        verdict, code = Verdict.PASS, "no_rise"
    return verdict, code, route, form


def _seen(samples: Sequence[Sample]) -> _Route:
    requests = [_request(sample) for sample in samples]
    repeated = sorted({name for request in requests for name, sent in request.items() if sent.calls > 1})
    rows: Counter[str] = Counter()
    for request in requests:
        rows.update({name: sent.rows for name, sent in request.items()})
    shown = [
        (request, s.fields["values"]) for request, s in zip(requests, samples, strict=True) if "values" in s.fields
    ]
    return _Route(
        rises={name: _rise(requests, name) for name in repeated},
        largest=max(rows, key=rows.__getitem__, default=""),
        rows=fmean(sum(sent.rows for sent in request.values()) for request, _ in shown) if shown else 0.0,
        values=fmean(values for _, values in shown) if shown else 0.0,
    )


def _request(sample: Sample) -> _Request:
    """Read what one request has sent, as ``harness/probe/queries.py`` tells it: ``name:calls:rows`` of each form."""
    told = (one.split(":") for one in sample.labels["sent"].split())
    return {name: _Sent(int(calls), int(rows)) for name, calls, rows in told}


def _rise(requests: Sequence[_Request], name: str) -> float | None:
    """Return how many more statements of a form are sent for a row more of the statement that began them.

    Any may have begun them that is sent before, equally often in every request, and that brings several rows. Each is
    held against the form by itself, so that rows of others, as those that an eager loader adds, dilute nothing; the
    steepest counts. None if nothing can be told.
    """
    requests = [request for request in requests if name in request]
    pairs: dict[str, list[tuple[_Sent, int]]] = defaultdict(list)
    for request in requests:
        for parent, sent in request.items():
            if parent == name:
                break
            pairs[parent].append((sent, request[name].calls))
    slopes = [
        _slope([sent.rows for sent, _ in seen], [calls for _, calls in seen])
        for seen in pairs.values()
        if len({sent.calls for sent, _ in seen}) == 1 and any(sent.rows > 1 for sent, _ in seen)
    ]
    steepest = max((slope for slope in slopes if slope is not None), default=0.0)
    varies = len({request[name].calls for request in requests}) > 1
    open_ = None in slopes or (varies and not slopes)
    return None if open_ and steepest <= MOST_PER_ROW else steepest


def _slope(rows: Sequence[int], calls: Sequence[int]) -> float | None:
    """Fit calls of a form to rows of its parent, by least squares; 0 if the rows tell little of the calls.

    Of rows that never vary, calls a row if they are few; else None, as they may be as many by chance.
    """
    if len(set(rows)) == 1:
        share = fmean(calls) / rows[0]
        return share if share <= MOST_PER_ROW else None
    try:
        linked = correlation(rows, calls)
    except StatisticsError:  # always as many calls
        return 0.0
    return linear_regression(rows, calls).slope if linked * linked >= LEAST_TOLD else 0.0


def _sent_from(samples: Sequence[Sample], route: str, form: str) -> tuple[Place | None, str, int]:
    """Say from where most of a form's statements came, what would spare them, and in how many requests they did."""
    seen = Counter(
        (sample.places["call_site"], sample.labels["fix"])
        for sample in samples
        if sample.metric == "sent_from" and (sample.labels["route"], sample.labels["statement"]) == (route, form)
    )
    place, fix = seen.most_common(1)[0][0] if seen else (None, "")
    return place, fix, seen.total()
