"""Records of a run: what was known before its first trial, and of each trial when it was over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.model.evidence import FaultWindow, Ledger, Sample, Window
from harness.model.op import Op
from harness.model.plan import Control, Plan, Scenario, Target, Trial
from harness.model.summary import Setting


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What is known before the first trial.

    ``kind`` names an experiment of ``harness.experiments.registry``, and ``command`` is the command line that repeats
    the run, its seed included; ``workload`` is ``module:attribute``. ``started_at`` is ISO 8601 in UTC.
    """

    version: int
    run: str
    kind: str
    command: str
    workload: str
    started_at: str
    started_ns: int
    plan: Plan
    targets: tuple[Target, ...]
    scenarios: tuple[Scenario, ...]
    environment: Mapping[str, str]
    settings: tuple[Setting, ...]
    not_done: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """What is known of a trial when it is over, beside its ops; ``noted`` are those that a fault sent itself."""

    trial: Trial
    window: Window
    samples: tuple[Sample, ...]
    faults: tuple[FaultWindow, ...]
    ledger: Ledger | None
    noted: tuple[Op, ...] = ()
