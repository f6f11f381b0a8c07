"""Does a request send more statements the more rows it returns? Then one is sent once a row: N+1."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean, linear_regression

from harness.model.evidence import Evidence, Sample
from harness.model.findings import Finding, Findings, in_unit, known_facts
from harness.model.verdict import Place, Verdict

MOST_PER_ROW = 0.5  # statements; one that is sent once a row lies at 1, one that is not at 0
PER_REQUEST, PER_ROW = "statements a request", "statements a row"


def check_n_plus_one(evidence: Evidence) -> Findings:
    """Take each route's slope of its most repeated statement against rows, and fail where it rises with them."""
    samples = [sample for sample in evidence.samples if sample.probe == "queries"]
    failed = [sample for sample in samples if sample.metric == "failed"]
    routes: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.metric == "statements":
            routes[sample.labels["route"]].append(sample)
    rises = {route: _rise(samples) for route, samples in routes.items()}
    steep = {route: rise for route, rise in rises.items() if rise is not None and rise > MOST_PER_ROW}
    level = [route for route, rise in rises.items() if rise is None]
    route = ""
    if failed:
        verdict, code = Verdict.UNDECIDED, "probe_failed"
    elif not routes:
        verdict, code = Verdict.UNDECIDED, "nothing_looked_into"
    elif steep:
        verdict, code, route = Verdict.FAIL, "statement_per_row", max(steep, key=steep.__getitem__)
    elif level:
        verdict, code, route = Verdict.UNDECIDED, "rows_never_vary", level[0]
    else:
        verdict, code = Verdict.PASS, "no_rise"
    place, fix, repeats = _repeated(routes.get(route, ()))
    yield Finding(
        check="n_plus_one",
        verdict=verdict,
        code=code,
        values=in_unit(PER_REQUEST, **{name: fmean(one.value for one in seen) for name, seen in sorted(routes.items())})
        | in_unit(PER_ROW, limit=MOST_PER_ROW, **({"rise": steep[route]} if route in steep else {})),
        facts=known_facts(error=failed[0].labels["error"] if failed else "", route=route, fix=fix),
        place=place,
        count=repeats if verdict is Verdict.FAIL else int(verdict is not Verdict.PASS),
        subject=evidence.trial.id,
    )


def _rise(samples: Sequence[Sample]) -> float | None:
    """Fit how many times more the most repeated statement is sent a row, by least squares; None if rows never vary."""
    repeated = [sample.fields["repeated"] for sample in samples]
    if max(repeated) <= 1:
        return 0.0
    rows = [sample.fields["rows"] for sample in samples]
    return linear_regression(rows, repeated).slope if len(set(rows)) > 1 else None


def _repeated(samples: Iterable[Sample]) -> tuple[Place | None, str, int]:
    """Say where most repeated statements were sent from, what would spare them, and how many requests had any."""
    seen = Counter((s.places["call_site"], s.labels["fix"]) for s in samples if "call_site" in s.places)
    place, fix = seen.most_common(1)[0][0] if seen else (None, "")
    return place, fix, seen.total()
