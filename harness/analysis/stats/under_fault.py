"""What clients met from a fault's injection until the trial was over: errors by kind, and the longest wait."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from harness.model.evidence import Evidence, FaultWindow
from harness.model.request_record import Op, Outcome


def errors_met(evidence: Evidence, window: FaultWindow) -> Mapping[str, int]:
    """Count what was not served, by status, and where no answer came by what ended the request; 4xx are answers."""
    return dict(Counter(_kind(op) for op in _met(evidence, window) if op.outcome is not Outcome.OK and _failed(op)))


def longest_s(evidence: Evidence, window: FaultWindow) -> float | None:
    """Seconds from when the request that took longest was sent to its end; None if there was none."""
    return max((op.took_ms / 1e3 for op in _met(evidence, window)), default=None)


def _met(evidence: Evidence, window: FaultWindow) -> list[Op]:
    return [op for op in evidence.ops if op.ended_ns >= window.injected_ns]


def _failed(op: Op) -> bool:
    return not 400 <= op.status < 500  # noqa: PLR2004 - RFC 9110


def _kind(op: Op) -> str:
    return str(op.status) if op.status else op.error.partition(":")[0]
