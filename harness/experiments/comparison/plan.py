"""What will be run, in which order: a pure function of what was asked for and a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from harness.model.plan import Plan, Profile, Scenario, Trial


def make_plan(
    targets: Sequence[str],
    scenarios: Mapping[str, Scenario],
    profile: Profile,
    seed: int,
    references: Sequence[str] = (),
) -> Plan:
    """Lay out every trial of a run.

    Each block holds every cell (scenario at added latency) once, in a random order of its own. Within a cell targets
    run forwards and then backwards (A B B A, or B A A B by chance), so that a machine that drifts favours neither.
    Targets are named in the order in which they are compared; ``references`` run beside them in scenarios that never
    reach the database. The same seed lays out the same plan.
    """
    cells = [
        (name, added_ms)
        for name in profile.scenarios
        for added_ms in (profile.added_ms if scenarios[name].reaches_database else (0,))
    ]
    trials: list[Trial] = []
    for block in range(1, profile.blocks + 1):
        random = Random(f"{seed}/{block}")  # noqa: S311 - a plan to be repeated, no secret
        slots = []
        for scenario, added_ms in random.sample(cells, len(cells)):
            run = [*targets, *(() if scenarios[scenario].reaches_database else references)]
            way = run if random.random() < 0.5 else run[::-1]  # noqa: PLR2004 - a coin
            slots += [(scenario, added_ms, target, place) for place, target in enumerate(way + way[::-1])]
        trials += [
            Trial(
                id=f"{block:02d}-{slot:03d}-{scenario}-{added_ms}ms-{target}",
                number=len(trials) + slot,
                target=target,
                scenario=scenario,
                added_ms=added_ms,
                block=block,
                slot=slot,
                position=position,
                seed=random.getrandbits(32),
            )
            for slot, (scenario, added_ms, target, position) in enumerate(slots)
        ]
    return Plan(profile=profile, targets=tuple(targets), trials=tuple(trials), seed=seed, references=tuple(references))
