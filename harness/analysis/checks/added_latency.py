"""Was PostgreSQL really as far away as the figure says? Measured on the target's own proxy while load ran."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles

from harness.model.evidence import Evidence, Op, Sample
from harness.model.findings import Finding
from harness.model.outcome import Outcome, Verdict
from harness.model.plan import Trial

TOLERANCE_SHARE = 0.05
GRAIN_MS = 1.0  # Toxiproxy's latencies are whole milliseconds, and its timers fire up to one late
UNDISTURBED = 10  # the fastest tenth of round trips: what they take where nothing else wanted the cores
MIN_ROUND_TRIPS = 5
MS_PER_S, NS_PER_MS = 1e3, 1e6


def check_added_latency(evidence: Evidence) -> Finding:
    """Compare the added time per round trip, as a median over the trial, with what was to be added.

    Added time is the round trip through the target's proxy less that through a proxy without a toxic,
    both timed by the harness on connections that were open before. And as every request of these
    scenarios makes at least one round trip, a successful one that is faster than that escaped.
    """
    added_ms = evidence.trial.added_ms
    if added_ms == 0 and not _round_trips_ms(evidence.samples, evidence.trial.target):
        return _finding(evidence, Verdict.PASS, "Nothing stood between target and PostgreSQL", 0.0, [])
    measured_ms = added_round_trip_ms(evidence.trial, evidence.samples)
    if measured_ms is None:
        summary = f"Fewer than {MIN_ROUND_TRIPS} round trips were timed"
        return _finding(evidence, Verdict.UNDECIDED, summary, None, [])
    if added_ms and not any(window.proof for window in evidence.faults):
        return _finding(evidence, Verdict.UNDECIDED, "Nothing proves that the latency was in force", None, [])
    escaped = [
        op for op in evidence.ops if op.outcome is Outcome.OK and _in_window(evidence, op) and _took_ms(op) < added_ms
    ]
    if escaped:
        return _finding(evidence, Verdict.FAIL, "Requests were faster than the distance allows", measured_ms, escaped)
    if is_off(evidence.trial, evidence.samples):
        return _finding(evidence, Verdict.UNDECIDED, "The distance was not what it was to be", measured_ms, [])
    return _finding(evidence, Verdict.PASS, "PostgreSQL was as far away as planned", measured_ms, [])


def added_round_trip_ms(trial: Trial, samples: Sequence[Sample]) -> float | None:
    """How much longer a round trip took by the target's way than by a clean one, in ms, by medians; None if unread."""
    target_ms, clean_ms = _round_trips_ms(samples, trial.target), _round_trips_ms(samples, "clean")
    if min(len(target_ms), len(clean_ms)) < MIN_ROUND_TRIPS:
        return None
    return median(target_ms) - median(clean_ms)


def is_off(trial: Trial, samples: Sequence[Sample]) -> bool:
    """Whether PostgreSQL was measurably nearer or farther in this trial than planned."""
    measured_ms = added_round_trip_ms(trial, samples)
    return measured_ms is not None and abs(measured_ms - trial.added_ms) > tolerance_ms(trial, samples)


def tolerance_ms(trial: Trial, samples: Sequence[Sample]) -> float:
    """How far the measured added time may lie from the planned one: a share of it, or what can't be placed finer.

    That is the grain of Toxiproxy's timers, and what the machine's scheduling adds to a round trip without any
    latency, as measured by the clean way in the same trial: it is more where the machine is slow or busy.
    """
    return max(TOLERANCE_SHARE * trial.added_ms, GRAIN_MS + scheduling_ms(samples))


def scheduling_ms(samples: Sequence[Sample]) -> float:
    """How much longer the median round trip by the clean way takes than the fastest tenth, in ms; 0 if unread."""
    clean_ms = _round_trips_ms(samples, "clean")
    if len(clean_ms) < MIN_ROUND_TRIPS:
        return 0.0
    return median(clean_ms) - max(min(clean_ms), quantiles(clean_ms, n=UNDISTURBED)[0])


def _finding(
    evidence: Evidence, verdict: Verdict, summary: str, measured_ms: float | None, escaped: list[Op]
) -> Finding:
    fastest = min(escaped, key=_took_ms, default=None)
    added_ms = evidence.trial.added_ms
    return Finding(
        check="distance",
        verdict=verdict,
        summary=summary,
        measured="" if measured_ms is None else f"{measured_ms:.2f} ms added per round trip",
        limit=f"{added_ms} ± {tolerance_ms(evidence.trial, evidence.samples):.2f} ms",
        count=len(escaped),
        first=f"{escaped[0].name} #{escaped[0].id} took {_took_ms(escaped[0]):.2f} ms" if escaped else "",
        worst=f"{fastest.name} #{fastest.id} took {_took_ms(fastest):.2f} ms" if fastest else "",
        trial=evidence.trial.id,
    )


def _round_trips_ms(samples: Sequence[Sample], route: str) -> list[float]:
    """Round trips by one way over the whole trial: the fault is in force from before the warm-up on."""
    return [
        sample.value * MS_PER_S
        for sample in samples
        if sample.metric == "round_trip_s" and sample.labels["route"] == route
    ]


def _in_window(evidence: Evidence, op: Op) -> bool:
    window = evidence.window
    return window is not None and window.start_ns <= op.started_ns < window.end_ns


def _took_ms(op: Op) -> float:
    return (op.ended_ns - op.started_ns) / NS_PER_MS
