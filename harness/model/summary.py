"""All that a report draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.model.claims import MeasuredClaim
from harness.model.cut_map import CutStrip
from harness.model.evidence import FaultRow
from harness.model.findings import ControlRow, Finding
from harness.model.measures import Measures, PageCost
from harness.model.plan import Plan, Scenario, Target
from harness.model.verdict import Verdict


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting of the targets: its value in each target by name, and why it is what it is."""

    name: str
    values: Mapping[str, str]
    why: str


@dataclass(frozen=True, kw_only=True)
class Summary:
    """All that ``report.html`` draws and ``summary.json`` holds.

    ``kind`` names the experiment, ``sections`` what its report has, in that order, and ``command`` repeats the run. A
    chaos run has ``cuts`` and ``faults``, and no comparison.
    ``version`` counts breaking changes of this shape. ``started_at`` is ISO 8601 in UTC;
    ``not_done`` says in whole sentences what the run could not do, and how to fix it; ``left_out`` what does not apply
    to the workload. ``ended`` is as in ``harness.model.run_records.RunRecord``.
    """

    version: int
    run: str
    kind: str
    sections: tuple[str, ...]
    command: str
    started_at: str
    duration_s: float
    complete: bool
    verdict: Verdict
    plan: Plan
    trials_done: int
    targets: tuple[Target, ...]
    scenarios: tuple[Scenario, ...]
    environment: Mapping[str, str]
    settings: tuple[Setting, ...]
    measures: Measures
    findings: tuple[Finding, ...]
    not_done: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    ended: str = ""
    cuts: tuple[CutStrip, ...] = ()
    cuts_per_s: float = 0.0
    faults: tuple[FaultRow, ...] = ()
    controls: tuple[ControlRow, ...] = ()
    pages: tuple[PageCost, ...] = ()
    claims: tuple[MeasuredClaim, ...] = ()
