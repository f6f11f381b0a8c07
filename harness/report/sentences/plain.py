"""Sentences for a run of any kind."""

from __future__ import annotations

from harness.model.findings import Verdict
from harness.model.summary import Summary

SAID = {
    Verdict.PASS: "every check passed",
    Verdict.FAIL: "at least one check failed",
    Verdict.UNDECIDED: "at least one check could not be decided",
}


def plain_headline(summary: Summary) -> str:
    """Return the verdict in one sentence."""
    return f"{' and '.join(summary.plan.targets) or summary.kind}: {SAID[summary.verdict]}."
