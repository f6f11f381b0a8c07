"""Was PostgreSQL really as far away as the figure says? Measured on the target's own proxy while load ran."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles

from harness.model.evidence import Evidence, Sample
from harness.model.findings import Case, Finding, Findings, in_unit
from harness.model.plan import Trial
from harness.model.request_record import Op, Outcome
from harness.model.verdict import Verdict

TOLERANCE_SHARE = 0.05
GRAIN_MS = 1.0  # Toxiproxy's latencies are whole milliseconds, and its timers fire up to one late
UNDISTURBED = 10  # the fastest tenth of round trips: what they take where nothing else wanted the cores
MIN_ROUND_TRIPS = 5
MS_PER_S = 1e3


def check_added_latency(evidence: Evidence) -> Findings:
    """Compare the added time per round trip, as a median over the trial, with what was to be added.

    Added time is the round trip through the target's proxy less that through a proxy without a toxic,
    both timed by the harness on connections that were open before. And as every request of these
    scenarios makes at least one round trip, a successful one that is faster than that escaped.
    """
    planned_ms = evidence.trial.added_ms
    added_ms = added_round_trip_ms(evidence.trial.target, evidence.samples)
    escaped: list[Op] = []
    if planned_ms == 0 and not _round_trips_ms(evidence.samples, evidence.trial.target):
        verdict, code, added_ms = Verdict.PASS, "nothing_between", 0.0
    elif added_ms is None:
        verdict, code = Verdict.UNDECIDED, "too_few_round_trips"
    elif planned_ms and not any(window.proof for window in evidence.faults):
        verdict, code, added_ms = Verdict.UNDECIDED, "latency_unproven", None
    elif escaped := [op for op in evidence.ops if _has_escaped(op, evidence)]:
        verdict, code = Verdict.FAIL, "faster_than_latency"
    elif is_off(evidence.trial, evidence.samples):
        verdict, code = Verdict.UNDECIDED, "latency_off"
    else:
        verdict, code = Verdict.PASS, "as_planned"
    tolerance = tolerance_ms(evidence.trial, evidence.samples)
    measured = {} if added_ms is None else {"added": added_ms}
    yield Finding(
        check="added_latency",
        verdict=verdict,
        code=code,
        values=in_unit("ms", planned=planned_ms, tolerance=tolerance, **measured)
        | in_unit("round trips", least=MIN_ROUND_TRIPS),
        count=len(escaped),
        first=_case(escaped[0]) if escaped else None,
        worst=_case(min(escaped, key=lambda op: op.took_ms)) if escaped else None,
        subject=evidence.trial.id,
    )


def added_round_trip_ms(target: str, samples: Sequence[Sample], least: int = MIN_ROUND_TRIPS) -> float | None:
    """Return the median round trip by the target's way less that by a clean one, in ms; None if too few were timed."""
    return _difference_ms(samples, target, "clean", least)


def proxy_round_trip_ms(samples: Sequence[Sample]) -> float | None:
    """Return what a proxy without a toxic adds to the median round trip, in ms; None if none were timed."""
    return _difference_ms(samples, "clean", "direct", least=1)


def is_off(trial: Trial, samples: Sequence[Sample]) -> bool:
    """Whether PostgreSQL was measurably nearer or farther in this trial than planned."""
    measured_ms = added_round_trip_ms(trial.target, samples)
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


def _difference_ms(samples: Sequence[Sample], route: str, other: str, least: int) -> float | None:
    taken_ms, other_ms = _round_trips_ms(samples, route), _round_trips_ms(samples, other)
    if min(len(taken_ms), len(other_ms)) < least:
        return None
    return median(taken_ms) - median(other_ms)


def _has_escaped(op: Op, evidence: Evidence) -> bool:
    """Whether a request was answered well, in the window, sooner than one round trip takes."""
    in_window = evidence.window is not None and evidence.window.holds(op.started_ns)
    return op.outcome is Outcome.OK and in_window and op.took_ms < evidence.trial.added_ms


def _case(op: Op) -> Case:
    return Case(code="faster_than_latency", values=in_unit("ms", took=op.took_ms), ops=(op,))


def _round_trips_ms(samples: Sequence[Sample], route: str) -> list[float]:
    """Round trips by one way over the whole trial: the fault is in force from before the warm-up on."""
    return [
        sample.value * MS_PER_S
        for sample in samples
        if sample.metric == "round_trip_s" and sample.labels["route"] == route
    ]
