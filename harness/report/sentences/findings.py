"""Findings in words: the table of ``checks.toml`` filled with numbers, or else the code and the numbers as they are.

So a check needs no words of its own to be read; it reads better with some.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.model.findings import Case, Finding, Verdict
from harness.report.sentences.cases import case_text, place_text
from harness.report.sentences.checks import CHECKS, MEASURED, OF_ANY_CHECK, Words
from harness.report.sentences.fragments import filled, numbers_text, plain


@dataclass(frozen=True, kw_only=True)
class FindingText:
    """A finding as it is read; a part is empty where there is nothing to say."""

    check: str
    verdict: Verdict
    subject: str
    summary: str
    measured: str
    limit: str
    count: int
    first: str
    worst: str

    def line(self) -> str:
        """Return all of it on one line."""
        where = f" in {self.subject}" if self.subject else ""
        parts = {"measured": self.measured, "limit": self.limit, "first": self.first, "worst": self.worst}
        told = "".join(f"; {name}: {part}" for name, part in parts.items() if part)
        return f"{self.verdict}: {self.check}{where}: {self.summary}{told}"


def finding_text(finding: Finding) -> FindingText:
    """Put a finding into words."""
    words = CHECKS.get(finding.check, Words())
    known: dict[str, object] = {**{name: quantity.value for name, quantity in finding.values.items()}, **finding.facts}
    if finding.place:
        known["place"] = place_text(finding.place)
    summary = words.summaries.get(finding.code) or OF_ANY_CHECK.get(finding.code, "")
    return FindingText(
        check=finding.check,
        verdict=finding.verdict,
        subject=finding.subject,
        summary=filled((summary,), known) or plain(finding.code),
        measured=MEASURED[finding.check](finding) if finding.check in MEASURED else _measured(words, finding, known),
        limit=filled(words.limit, known),
        count=finding.count,
        first=_first(finding),
        worst=case_text(finding.worst) if finding.worst else "",
    )


def _measured(words: Words, finding: Finding, known: Mapping[str, object]) -> str:
    return filled(words.measured, known) if words.measured else numbers_text(finding.values)


def _first(finding: Finding) -> str:
    """Return the first case; of a finding that has a place only, that."""
    if finding.first:
        return case_text(finding.first)
    if finding.place and finding.verdict is not Verdict.PASS:
        return case_text(Case(code=finding.code, facts=finding.facts, place=finding.place))
    return ""
