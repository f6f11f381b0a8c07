"""What a pass can't rule out: how many requests may be of a kind that the trial has not met.

The rule of three: where none of n requests is of a kind, fewer than 3 in n are at 95 %, as 0.95 is less than
1 - (1 - 3 / n) ** n (Hanley and Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249, 1983). It
takes each request for a draw of its own: what comes once an hour, or to other requests than these, is not told of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from harness.model.evidence import Evidence
from harness.model.findings import Finding, in_unit
from harness.model.verdict import Verdict

RULE_OF_THREE = 3.0  # of as many requests as were seen, at 95 %


def with_bound(finding: Finding, evidence: Evidence) -> Finding:
    """Add to a pass how much was ``seen``, and the share that may be ``unseen``; what is no pass stays as it is."""
    kind = SEEN.get(finding.check)
    if kind is None or finding.verdict is not Verdict.PASS:
        return finding
    unit, count = kind
    seen = count(evidence)
    if seen <= RULE_OF_THREE:
        return finding
    bound = in_unit(unit, seen=seen) | in_unit("share", unseen=RULE_OF_THREE / seen)
    return replace(finding, values={**finding.values, **bound})


def _ended(evidence: Evidence) -> int:
    """Count the requests that ended while the process as a whole was watched."""
    window = evidence.window
    return sum(window is not None and window.holds(op.ended_ns) for op in evidence.ops)


def _written(evidence: Evidence) -> int:
    return len({op.key for op in evidence.ops if op.key})


def _followed(probe: str, metric: str) -> Callable[[Evidence], int]:
    """Return what counts the requests that a probe has followed, each of which leaves a sample."""
    return lambda evidence: sum((one.probe, one.metric) == (probe, metric) for one in evidence.samples)


# By check, what it looks at one by one, and how many of these a trial has.
SEEN: Mapping[str, tuple[str, Callable[[Evidence], int]]] = {
    "loop": ("requests", _ended),
    "pool": ("requests", _ended),
    "n_plus_one": ("requests", _followed("queries", "statements")),
    "requests": ("requests", _followed("requests", "took_s")),
    "writes": ("writes", _written),
}
