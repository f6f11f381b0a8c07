"""Findings in words: by the tables of ``checks.toml`` and ``claims.toml``, or else the code and the numbers themselves.

So a check needs no words of its own to be read; it reads better with some.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.model.findings import Case, Finding
from harness.model.verdict import Verdict
from harness.report.sentences.cases import case_text
from harness.report.words import filled, numbers_text, plain


@dataclass(frozen=True, kw_only=True)
class Words:
    """How findings of a check are told: a sentence by code, and fragments of what was measured and of the limit."""

    summaries: Mapping[str, str] = field(default_factory=dict)
    measured: Sequence[str] = ()
    limit: Sequence[str] = ()


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
        known["place"] = str(finding.place)
    summary = words.summaries.get(finding.code) or CHECKS["any"].summaries.get(finding.code, "")
    measured = filled(words.measured, known) if words.measured else numbers_text(finding.values)
    if finding.check in MEASURED:
        measured = MEASURED[finding.check](finding)
    return FindingText(
        check=finding.check,
        verdict=finding.verdict,
        subject=finding.subject,
        summary=filled((summary,), known) or plain(finding.code),
        measured="; ".join(filter(None, (measured, _unseen(finding)))),
        limit=filled(words.limit, known),
        count=finding.count,
        first=_first(finding),
        worst=case_text(finding.worst) if finding.worst else "",
    )


def _first(finding: Finding) -> str:
    """Return the first case; of a finding that has a place only, that."""
    if finding.first:
        return case_text(finding.first)
    if finding.place and finding.verdict is not Verdict.PASS:
        return case_text(Case(code=finding.code, facts=finding.facts, place=finding.place))
    return ""


def _unseen(finding: Finding) -> str:
    """Say how much a pass can't rule out, where it is known."""
    seen = finding.values.get("seen")
    if seen is None or "unseen" not in finding.values:
        return ""
    return f"none among {seen.value:,.0f} {seen.unit}: at 95 % fewer than 3 in {seen.value:,.0f}"


def _by_route(finding: Finding) -> str:
    """Tell the statements of a request to each route, and how many more come of a row."""
    values = finding.values.items()
    routes = [f"{name}: {one.value:.1f}" for name, one in values if one.unit == "statements a request"]
    rise = f"; {finding.values['rise'].value:.2f} more a row" if "rise" in finding.values else ""
    return f"statements a request: {', '.join(routes) or 'none'}{rise}"


def _by_check(finding: Finding) -> str:
    """Tell what every check said of a control."""
    return ", ".join(f"{check} {said}" for check, said in finding.facts.items() if said in set(Verdict))


# Where the names of what was measured are not known before.
MEASURED: Mapping[str, Callable[[Finding], str]] = {"n_plus_one": _by_route, "controls": _by_check}
CHECKS: Mapping[str, Words] = {
    check: Words(**words)
    for table in ("checks.toml", "claims.toml")
    for check, words in tomllib.loads(Path(__file__).with_name(table).read_text(encoding="utf-8")).items()
}
