"""Observations of claims to numbers: each case over all its observations, with intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from harness.analysis.stats.intervals import mean_interval, ratio_interval
from harness.model.claims import RATIO, CaseReadings, ClaimEvidence, MeasuredClaim, Observation, Reading
from harness.model.measures import Interval


def measured_claims(evidence: Iterable[ClaimEvidence]) -> tuple[MeasuredClaim, ...]:
    """Return the numbers of each claim."""
    return tuple(map(measured_claim, evidence))


def measured_claim(evidence: ClaimEvidence) -> MeasuredClaim:
    """Return the numbers of a claim: the mean of each in each case, with its 95 % interval over observations."""
    cases: dict[str, list[Observation]] = defaultdict(list)
    for one in evidence.observations:
        cases[one.case].append(one)
    return MeasuredClaim(
        claim=evidence.claim,
        versions=evidence.versions,
        code=evidence.code,
        cases=tuple(_folded(case, observations) for case, observations in cases.items()),
        complete=evidence.complete,
    )


def _folded(case: str, observations: Sequence[Observation]) -> CaseReadings:
    numbers: dict[tuple[str, str], list[float]] = defaultdict(list)
    said: dict[str, list[str]] = defaultdict(list)
    for one in observations:
        for name, quantity in one.values.items():
            numbers[name, quantity.unit].append(quantity.value)
        for name, fact in one.facts.items():
            said[name].append(fact)
    return CaseReadings(
        case=case,
        readings={name: Reading(interval=_interval(unit, known), unit=unit) for (name, unit), known in numbers.items()},
        facts={name: "; ".join(dict.fromkeys(facts)) for name, facts in said.items()},
    )


def _interval(unit: str, known: Sequence[float]) -> Interval:
    """Return the mean of numbers with its interval; of ratios the geometric one."""
    return ratio_interval(known, [1.0] * len(known)) if unit == RATIO else mean_interval(known)
