"""The cards of claims: each with its verdict in words, what was seen, and the code that was run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.model.claims import Claim, ClaimVerdict, Listing, MeasuredClaim, Reading
from harness.model.findings import Finding
from harness.model.summary import Summary
from harness.model.verdict import Verdict
from harness.report.figures.claims import draw_claim
from harness.report.panel import Panel, Table
from harness.report.sentences.findings import finding_text
from harness.report.words import UNKNOWN, interval

# What a verdict looks like: the styles of checks, for a claim that does not hold is read as a warning.
LOOKS = {ClaimVerdict.HOLDS: "pass", ClaimVerdict.WITHIN_LIMITS: "limits", ClaimVerdict.DOES_NOT_HOLD: "fail"}


@dataclass(frozen=True, kw_only=True)
class Card:
    """One claim as it is read."""

    claim: Claim
    verdict: str
    look: str
    because: str
    measured: str
    limit: str
    table: Table
    panels: tuple[Panel, ...]
    code: tuple[Listing, ...]
    versions: str
    command: str


def cards(summary: Summary) -> list[Card]:
    """Return the card of each claim, in their order."""
    findings = {finding.check: finding for finding in summary.findings}
    return [_card(claim, findings.get(claim.claim.name) or _unjudged(claim)) for claim in summary.claims]


def verdict_of(finding: Finding) -> str:
    """Return the verdict of a claim in words; of one that its check could not judge, undecided."""
    known = finding.code if finding.code in set(ClaimVerdict) else ClaimVerdict.UNDECIDED
    return known.replace("_", " ")


def _unjudged(claim: MeasuredClaim) -> Finding:
    return Finding(check=claim.claim.name, verdict=Verdict.UNDECIDED, code="not_observed")


def _card(claim: MeasuredClaim, finding: Finding) -> Card:
    told = finding_text(finding)
    return Card(
        claim=claim.claim,
        verdict=verdict_of(finding),
        look=next((look for verdict, look in LOOKS.items() if verdict == finding.code), "undecided"),
        because=told.summary,
        measured=told.measured,
        limit=told.limit,
        table=table_of(claim),
        panels=draw_claim(claim),
        code=claim.code,
        versions=", ".join(f"{name} {version}" for name, version in claim.versions.items()),
        command=f"twinbench claims {claim.claim.name}",
    )


def table_of(claim: MeasuredClaim) -> Table:
    """Return all that was seen: one row a number, or a word, of a case."""
    return Table(
        columns=("case", "what", "seen"),
        rows=tuple((case.case, *row) for case in claim.cases for row in _rows(case.readings, case.facts)),
        text=("case", "what", "seen"),
    )


def _rows(readings: Mapping[str, Reading], facts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, reading in readings.items():
        yield name, f"{_number(reading)} {reading.unit}"
    for name, fact in facts.items():
        yield name, fact or UNKNOWN


def _number(reading: Reading) -> str:
    """Write a count as a whole number, and anything else with its interval."""
    value = reading.value
    return f"{value:,.0f}" if value == round(value) and reading.interval.blocks == 1 else interval(reading.interval)
