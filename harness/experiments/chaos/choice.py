"""What a chaos run is to try: the writes to cut, the faults and how many of them, and the controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from harness.experiments.choice import chosen, chosen_targets
from harness.faults.catalog import FAULTS, why_not
from harness.model.plan import ChaosProfile, Control, Target
from harness.model.workload import Workload

NONE = "none"
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is tried on the targets, and the ``controls`` that are tried besides.

    Of the faults each of ``blocks`` schedules draws ``draw``, or has all of them. ``left_out`` says which faults do not
    apply to the workload, and why.
    """

    profile: str
    cuts: tuple[str, ...]
    faults: tuple[str, ...]
    draw: int
    blocks: int
    controls: tuple[Control, ...]
    left_out: tuple[str, ...] = ()


def choose(
    workload: Workload,
    profile: ChaosProfile,
    wanted: Sequence[str] | None,
    cuts: Sequence[str] | None,
    faults: Sequence[str] | None,
    blocks: int | None,
) -> tuple[dict[str, Target], Choice]:
    """Return the targets of a run, and what is tried on them: what is named, or else what the profile has.

    Where the profile has nothing but controls, these are the targets that may be ``wanted``, and are tried alone. A
    flaw alone gets the least that shows it, if that is chaos.

    Raises:
        UsageError: A name is not known.
    """
    targets = chosen_targets(workload, wanted)
    named_cuts = _named(cuts, dict.fromkeys(workload.cuttable), "write to cut")
    named_faults = _named(faults, FAULTS, "fault")
    draw = len(FAULTS) if profile.faults is None else profile.faults
    controls = dict(workload.controls) if profile.flaws else {}
    if not profile.cuts and not draw:
        controls, targets = chosen(wanted or list(workload.controls), workload.controls, "control"), {}
    alone = next(iter(targets.values())) if len(targets) == 1 else None
    flaw = workload.controls.get(alone.name) if alone and alone.flaw else None
    usual = (flaw.cuts, flaw.faults) if flaw and not flaw.load else (profile.cuts, tuple(FAULTS))
    faults_wanted = usual[1] if named_faults is None else named_faults
    reasons = {kind: why_not(kind, workload) for kind in faults_wanted}
    return targets, Choice(
        profile=profile.name,
        cuts=usual[0] if named_cuts is None else named_cuts,
        faults=tuple(kind for kind, reason in reasons.items() if not reason),
        draw=draw,
        blocks=blocks or profile.blocks,
        controls=tuple(control for name, control in controls.items() if name not in targets),
        left_out=tuple(f"The fault {kind} was left out: {reason}" for kind, reason in reasons.items() if reason),
    )


def _named(names: Sequence[str] | None, known: Mapping[str, T], kind: str) -> tuple[str, ...] | None:
    return tuple(chosen([name for name in names if name != NONE], known, kind)) if names else None
