"""The fault schedule: which fault meets which target when. A pure function of what was asked for and a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from random import Random

from harness.model.plan import Control, Plan, Profile, Trial

# Of a trial: load before its fault, in force, and watched after. The last is somewhat more than a target's wait for
# admission.
WARMUP_S, HOLD_S, WATCH_S = 0.3, 0.6, 1.1


def make_schedule(
    targets: Sequence[str], faults: Sequence[str], draw: int, blocks: int, seed_of_run: int, name: str
) -> Plan:
    """Lay out so many faults on every target once a block, in a seeded order; targets swap places by block.

    Each block draws ``draw`` of the faults anew for each target, or has all of them if there are no more. The same
    seed lays out the same schedule. ``name`` is the profile's.
    """
    trials: list[Trial] = []
    for block in range(1, blocks + 1):
        for target in targets if block % 2 else tuple(reversed(targets)):
            random = Random(f"{seed_of_run}/{block}/{target}")  # noqa: S311 - a plan to be repeated, no secret
            for slot, fault in enumerate(random.sample(list(faults), min(draw, len(faults)))):
                trials.append(
                    Trial(
                        id=f"{block:02d}-{target}-{slot:02d}-{fault}",
                        number=len(trials),
                        target=target,
                        scenario="chaos",
                        added_ms=0,
                        block=block,
                        slot=slot,
                        position=0,
                        seed=random.getrandbits(32),
                        fault=fault,
                    )
                )
    profile = Profile(
        name=name, scenarios=("chaos",), added_ms=(0,), blocks=blocks, warmup_s=WARMUP_S, measure_s=HOLD_S + WATCH_S
    )
    return Plan(profile=profile, targets=tuple(targets), trials=tuple(trials), seed=seed_of_run)


def with_controls(plan: Plan, controls: Sequence[Control]) -> Plan:
    """Return a plan with the faults of each control after it, and each one's load after those."""
    trials = list(plan.trials)
    block = plan.profile.blocks + 1
    for control in controls:
        own = make_schedule((control.target.name,), control.faults, len(control.faults), 1, plan.seed, "")
        trials += [
            replace(trial, number=len(trials) + number, block=block, id=f"control-{trial.id}")
            for number, trial in enumerate(own.trials)
        ]
    for control in controls:
        for load, added_ms in product(control.load, control.added_ms):
            trials.append(
                Trial(
                    id=f"control-{control.target.name}-{load}-{added_ms}ms",
                    number=len(trials),
                    target=control.target.name,
                    scenario=load,
                    added_ms=added_ms,
                    block=block,
                    slot=len(trials),
                    position=0,
                    seed=plan.seed,
                )
            )
    return replace(plan, trials=tuple(trials))
