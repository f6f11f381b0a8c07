"""Does something in the application hold the event loop up, and which line of it?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from harness.model.evidence import Evidence, Sample
from harness.model.findings import Finding, Findings, in_unit
from harness.model.verdict import Verdict

MOST_OF_TIME = 0.01  # of the window that may be spent in stalls of one and the same function


def check_loop(evidence: Evidence) -> Findings:
    """Add up the stalls by function, and fail where one takes more than a little of the time."""
    window = evidence.window
    by_metric: dict[str, list[Sample]] = defaultdict(list)
    for sample in evidence.samples:
        if sample.probe == "loop":
            by_metric[sample.metric].append(sample)
    if window is None or not by_metric["lag_max_s"]:
        yield Finding(check="loop", verdict=Verdict.UNDECIDED, code="not_watched", count=1, subject=evidence.trial.id)
        return
    functions: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for stall in by_metric["stall_s"]:
        place = stall.places["call_site"]
        functions[place.file, place.function].append(stall)
    worst = max(functions.values(), key=_total_s, default=[])
    blocked = _total_s(worst) > MOST_OF_TIME * window.duration_s
    stalled_s = _total_s(by_metric["stall_s"])
    guesses = sum(stall.labels.get("length") == "guess" for stall in by_metric["stall_s"])
    yield Finding(
        check="loop",
        verdict=Verdict.FAIL if blocked else Verdict.PASS,
        code="held_up" if blocked else "free",
        values=in_unit("stalls", stalls=len(by_metric["stall_s"]), **({"guesses": guesses} if guesses else {}))
        | in_unit("s", stalled=stalled_s, window=window.duration_s)
        | in_unit("share", limit=MOST_OF_TIME, **({"worst": _total_s(worst) / stalled_s} if worst else {}))
        | in_unit("ms", lag=1e3 * max(sample.value for sample in by_metric["lag_max_s"]))
        | in_unit("s", core_wait=_total_s(by_metric["core_wait_s"]), collected=_total_s(by_metric["collection_s"]))
        | in_unit("collections", collections=len(by_metric["collection_s"])),
        place=Counter(stall.places["call_site"] for stall in worst).most_common(1)[0][0] if worst else None,
        count=len(worst) if blocked else 0,
        subject=evidence.trial.id,
    )


def _total_s(samples: Iterable[Sample]) -> float:
    return sum(sample.value for sample in samples)
