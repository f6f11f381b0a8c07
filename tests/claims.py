"""Measured claims, written by hand: cases by name, each with its numbers and words."""

from collections.abc import Mapping
from dataclasses import replace

from harness.analysis.checks.claims.catalog import CLAIM_CHECKS
from harness.analysis.claims import measured_claim
from harness.analysis.judge import judge_claims
from harness.experiments.registry import experiment
from harness.model.claims import Claim, ClaimEvidence, Listing, MeasuredClaim, seen
from harness.model.findings import Finding
from harness.model.measures import Measures
from harness.model.summary import Summary
from harness.model.verdict import Verdict
from tests.report_fixture import SUMMARY

# Of each case, and then of each number or word: a number, several of it, or a word.
Cases = Mapping[str, Mapping[str, float | list[float] | str]]


def claim_of(name: str, cases: Cases, changed: Cases | None = None) -> MeasuredClaim:
    """A claim of which this was seen, but for what is changed in some cases."""
    told = {case: {**known, **(changed or {}).get(case, {})} for case, known in cases.items()}
    observations = []
    for case, known in told.items():
        facts = {word: value for word, value in known.items() if isinstance(value, str)}
        numbers = {one: value for one, value in known.items() if not isinstance(value, str)}
        several = {one: value if isinstance(value, list) else [value] for one, value in numbers.items()}
        for turn in range(max(map(len, several.values()), default=1)):
            values = {one: value[turn] for one, value in several.items() if turn < len(value)}
            observations.append(seen(case, "", values, **facts))
    claim = Claim(number=1, name=name, says="It is so.", method="Look.", measure="What is seen.")
    evidence = ClaimEvidence(
        claim=claim, versions={"sqlalchemy": "2.1.9"}, code=(), observations=tuple(observations), complete=True
    )
    return measured_claim(evidence)


def judged(name: str, cases: Cases, changed: Cases | None = None) -> Finding:
    """What the check of this name says."""
    (found,) = CLAIM_CHECKS[name](claim_of(name, cases, changed))
    return found


def assert_decided(found: Finding, code: str) -> None:
    """A claim that is decided passes, whichever way; an experiment that is wrong fails."""
    assert found.code == code
    verdicts = {"control_failed": Verdict.FAIL, "undecided": Verdict.UNDECIDED}
    assert found.verdict is verdicts.get(code, Verdict.PASS)


def run_of(*claims: MeasuredClaim) -> Summary:
    """A run of some claims."""
    code = (Listing(file="a.py", line=7, text="def f() -> None:\n    ..."),)
    return replace(
        SUMMARY,
        kind="claims",
        sections=experiment("claims").sections,
        plan=replace(SUMMARY.plan, targets=(), trials=()),
        scenarios=(),
        measures=Measures(),
        claims=tuple(replace(one, code=code) for one in claims),
        findings=tuple(judge_claims(claims)),
    )
