"""Records of a run: what was known before its first trial, and of each trial when it was over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.model.evidence import FaultWindow, Sample, Slice, Window
from harness.model.ledger import Ledger
from harness.model.plan import Control, Plan, Scenario, Target, Trial
from harness.model.request_record import Op
from harness.model.summary import Setting


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What is known before the first trial.

    ``kind`` names an experiment of ``harness.experiments.registry``, and ``command`` is the command line that
    repeats the run, its seed included; ``workload`` is ``module:attribute``. ``started_at`` is ISO 8601 in UTC.
    ``ended`` is the code of why a run ended that could have gone on: "blocks", "time", "precision" or "interrupted".
    ``took_s`` is how long it took; None if it did not come to its end.
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
    ended: str = ""
    took_s: float | None = None

    def what_is_wrong(self) -> str:
        """Say what the plan names that is not described here, or what is no name of a trial's folder; or nothing."""
        targets, scenarios = ({one.name for one in known} for known in (self.targets, self.scenarios))
        trials = self.plan.trials
        named = {*self.plan.targets, *self.plan.references, *(name for pair in self.plan.pairs for name in pair)}
        named |= {control.target.name for control in self.controls} | {trial.target for trial in trials}
        for kind, unknown in (
            ("target", named - targets),
            ("scenario", {trial.scenario for trial in trials} - scenarios),
        ):
            if unknown:
                return f"its plan names the {kind} {min(unknown)!r}, which it does not describe"
        outside = [trial.id for trial in trials if ".." in Path(trial.id).parts or Path(trial.id).is_absolute()]
        return f"its plan has the trial {outside[0]!r}, which would lie elsewhere" if outside else ""


@dataclass(frozen=True, kw_only=True)
class TrialRecord:
    """What is known of a trial when it is over, beside its ops; ``noted`` are those that a fault sent itself.

    A trial that took turns with those of other targets has ``slices``, from the first to the last of which its
    ``window`` reaches.
    """

    trial: Trial
    window: Window
    samples: tuple[Sample, ...]
    faults: tuple[FaultWindow, ...]
    ledger: Ledger | None
    noted: tuple[Op, ...] = ()
    slices: tuple[Slice, ...] = ()

    @property
    def counted(self) -> tuple[Window, ...]:
        """The windows that count for throughput and latency."""
        return tuple(one.counted for one in self.slices) or (self.window,)
