"""Does a route send a statement once a row (N+1), or fetch far more rows than it shows?"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import StatisticsError, correlation, fmean, linear_regression

from harness.model.evidence import Evidence, Sample
from harness.model.findings import Finding, Findings, in_unit, known_facts
from harness.model.verdict import Place, Verdict

MOST_PER_ROW = 0.5  # statements; one that is sent once a row lies at 1, one that is not at 0
LEAST_TOLD = 0.5  # of the variance of how often a statement is sent, by the rows that it is sent for
LEAST_ANSWERS = 8  # whose values are held against statements; of fewer, chance may tell as much
LEAST_IN_PART = 2.0  # rows a call; of a statement that reads in parts, and may so begin others
MOST_PER_VALUE = 2.0  # rows fetched; each row that is shown has a value at least
FEW_ROWS = 200  # a request; as many may be read to decide something
PER_REQUEST, PER_ROW = "statements a request", "statements a row"
TAKES_LIST = "+"  # ends the name of such a form; harness/probe/statement_form.py gives it


@dataclass(frozen=True, slots=True)
class _Sent:
    """The statements of one form in one request: in how many calls they were sent, and the rows that came.

    ``known`` is how many forms, this one among them, had been sent when it was sent last.
    """

    calls: int
    rows: int
    known: int


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
    lazy = {one.labels["statement"] for one in samples if one.metric == "sent_from" and one.labels["fix"]}
    routes = {name: _seen(seen, lazy) for name, seen in by_route.items()}
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


def _seen(samples: Sequence[Sample], lazy: Container[str]) -> _Route:
    requests = [_request(sample) for sample in samples]
    values = [sample.fields.get("values") for sample in samples]
    repeated = sorted({name for request in requests for name, sent in request.items() if sent.calls > 1})
    rises = {name: _rise(requests, values, name, certain=name in lazy) for name in repeated}
    rows: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for request in requests:
        rows.update({name: sent.rows for name, sent in request.items()})
        calls.update({name: sent.calls for name, sent in request.items() if name in rises})
    together = _rise_together(requests, [name for name in repeated if not name.endswith(TAKES_LIST)])
    if together > max([MOST_PER_ROW, *(one for one in rises.values() if one is not None)]):
        rises[max(calls, key=calls.__getitem__)] = together
    shown = [(request, number) for request, number in zip(requests, values, strict=True) if number is not None]
    return _Route(
        rises=rises,
        largest=max(rows, key=rows.__getitem__, default=""),
        rows=fmean(sum(sent.rows for sent in request.values()) for request, _ in shown) if shown else 0.0,
        values=fmean(number for _, number in shown) if shown else 0.0,
    )


def _request(sample: Sample) -> _Request:
    """Read what one request has sent, as ``harness/probe/queries.py`` tells it."""
    told = (one.split(":") for one in sample.labels["sent"].split())
    return {name: _Sent(int(calls), int(rows), int(known)) for name, calls, rows, known in told}


def _rise(requests: Sequence[_Request], values: Sequence[float | None], name: str, *, certain: bool) -> float | None:
    """Return how many more statements of a form are sent for a row more of the statement that began them.

    Any may have begun them that was sent before the last of them, and that brings several rows, in one call or in
    parts. Each is held against the form by itself, so that rows of others, as those that an eager loader adds, dilute
    nothing; the steepest counts. Where none has, as the keys came with the request or in one row, it may be the answer
    that tells: of as many statements as it has values, or that what was tried again was shown once. None if nothing can
    be told. ``certain`` are statements that SQLAlchemy sends for one object each.
    """
    its = [(request[name], shown) for request, shown in zip(requests, values, strict=True) if name in request]
    slopes = [_slope(rows, calls, certain=certain) for rows, calls in _begun_by(requests, [name])]
    steepest = max((slope for slope in slopes if slope is not None), default=0.0)
    varies = len({sent.calls for sent, _ in its}) > 1
    open_ = None in slopes or (not slopes and (varies or len(its) == 1))
    if varies and not steepest:
        linked = _by_answers(its)
        if linked >= LEAST_TOLD and _one_by_one(name, its):
            return 1.0
        open_ = open_ and not abs(linked) < LEAST_TOLD
    return None if open_ and steepest <= MOST_PER_ROW else steepest


def _rise_together(requests: Sequence[_Request], names: Sequence[str]) -> float:
    """Return how many more statements of several forms are sent for a row more, as where it chooses among them."""
    slopes = [_slope(rows, calls, certain=False) for rows, calls in _begun_by(requests, names)]
    return max((slope for slope in slopes if slope is not None), default=0.0)


def _begun_by(requests: Sequence[_Request], names: Sequence[str]) -> Iterator[tuple[list[int], list[int]]]:
    """Yield, for each form that may have begun others, its rows in each request and the calls of these.

    What brings a row with each call is a sibling in the same loop, and so is what comes in parts of fewer than two.
    """
    pairs: dict[str, list[tuple[_Sent, int]]] = defaultdict(list)
    for request in requests:
        begun = [request[name] for name in names if name in request]
        for parent in islice(request, max((sent.known for sent in begun), default=0)):
            if parent not in names:
                pairs[parent].append((request[parent], sum(sent.calls for sent in begun)))
    for seen in pairs.values():
        rows, calls = [sent.rows for sent, _ in seen], [sent.calls for sent, _ in seen]
        several = any(sent.rows > sent.calls for sent, _ in seen)
        if several and (len({*calls}) == 1 or sum(rows) >= LEAST_IN_PART * sum(calls)):
            yield rows, [number for _, number in seen]


def _slope(rows: Sequence[int], calls: Sequence[int], *, certain: bool) -> float | None:
    """Fit calls of a form to rows of its parent, by least squares; 0 if the rows tell little of the calls.

    Of rows that never vary, calls a row if they are few, or one for each and ``certain`` to be for one; else None, as
    they may be as many by chance.
    """
    if len(set(rows)) == 1:
        share = fmean(calls) / rows[0]
        return share if share <= MOST_PER_ROW or (certain and {*calls} == {*rows}) else None
    return linear_regression(rows, calls).slope if _linked(rows, calls) >= LEAST_TOLD else 0.0


def _linked(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the share of one's variance that the other tells, below 0 if it falls with it; NaN if one never varies."""
    try:
        linked = correlation(one, other)
    except StatisticsError:
        return math.nan
    return math.copysign(linked * linked, linked)


def _by_answers(its: Sequence[tuple[_Sent, float | None]]) -> float:
    """Return how far the values of answers are linked with the calls of a form; NaN if that can't be told."""
    known = [(sent.calls, shown) for sent, shown in its if shown is not None]
    return _linked(*zip(*known, strict=True)) if len(known) >= LEAST_ANSWERS else math.nan


def _one_by_one(name: str, its: Sequence[tuple[_Sent, float | None]]) -> bool:
    """Say whether each of a form's statements brings a row at most; one that takes a list may bring it for several."""
    few = sum(sent.rows for sent, _ in its) <= sum(sent.calls for sent, _ in its)
    return few and not name.endswith(TAKES_LIST)


def _sent_from(samples: Sequence[Sample], route: str, form: str) -> tuple[Place | None, str, int]:
    """Say from where most of a form's statements came, what would spare them, and in how many requests they did."""
    seen = Counter(
        (sample.places["call_site"], sample.labels["fix"])
        for sample in samples
        if sample.metric == "sent_from" and (sample.labels["route"], sample.labels["statement"]) == (route, form)
    )
    place, fix = seen.most_common(1)[0][0] if seen else (None, "")
    return place, fix, seen.total()
