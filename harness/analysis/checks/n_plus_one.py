"""Does a request send more statements the more rows it returns? Then one is sent once a row: N+1."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence

from harness.model.evidence import Evidence, Sample
from harness.model.findings import Finding
from harness.model.outcome import Verdict

MOST_PER_ROW = 0.5  # statements; one that is sent once a row lies at 1, one that is not at 0


def check_n_plus_one(evidence: Evidence) -> Finding:
    """Take each route's slope of its most repeated statement against rows, and fail where it rises with them."""
    heard = [sample for sample in evidence.samples if sample.probe == "queries"]
    failed = [sample for sample in heard if sample.metric == "failed"]
    routes: dict[str, list[Sample]] = defaultdict(list)
    for sample in heard:
        if sample.metric == "statements":
            routes[sample.labels["route"]].append(sample)
    if failed or not routes:
        summary = f"The probe failed: {failed[0].labels['error']}" if failed else "No request was looked into"
        return _finding(evidence, Verdict.UNDECIDED, summary, routes)
    rises = {route: _rise(samples) for route, samples in routes.items()}
    steep = {route: rise for route, rise in rises.items() if rise is not None and rise > MOST_PER_ROW}
    if steep:
        worst = max(steep, key=steep.__getitem__)
        return _finding(evidence, Verdict.FAIL, f"{worst} sends a statement once a row", routes, worst, steep[worst])
    flat = [route for route, rise in rises.items() if rise is None]
    if flat:
        summary = f"{flat[0]} repeats a statement, and always returns as many rows"
        return _finding(evidence, Verdict.UNDECIDED, summary, routes, flat[0])
    return _finding(evidence, Verdict.PASS, "No route sends more statements for more rows", routes)


def _rise(samples: Sequence[Sample]) -> float | None:
    """Return how many times more the most repeated statement is sent for each row, by ordinary least squares.

    None if that can't be told, as always as many rows were returned.
    """
    repeated = [float(sample.labels["repeated"]) for sample in samples]
    if max(repeated) <= 1:
        return 0.0
    rows = [float(sample.labels["rows"]) for sample in samples]
    return statistics.linear_regression(rows, repeated).slope if len(set(rows)) > 1 else None


def _finding(
    evidence: Evidence,
    verdict: Verdict,
    summary: str,
    routes: dict[str, list[Sample]],
    route: str = "",
    rise: float | None = None,
) -> Finding:
    call_sites = Counter(
        (s.labels["call_site"], s.labels["fix"]) for s in routes.get(route, ()) if s.labels["call_site"]
    )
    call_site, fix = call_sites.most_common(1)[0][0] if call_sites else ("", "")
    told = [f"{name}: {sum(s.value for s in samples) / len(samples):.1f}" for name, samples in sorted(routes.items())]
    more = f"; {rise:.2f} more a row" if rise is not None else ""
    return Finding(
        check="queries",
        verdict=verdict,
        summary=summary,
        measured=f"statements a request: {', '.join(told) or 'none'}{more}",
        limit=f"{MOST_PER_ROW} more a row",
        count=sum(call_sites.values()) if verdict is Verdict.FAIL else int(verdict is not Verdict.PASS),
        first=f"{call_site}{f': {fix} spares it' if fix else ''}",
        trial=evidence.trial.id,
    )
