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

    Args:
        targets: Names of targets, in the order in which they are compared.
        scenarios: The scenarios that ``profile`` names, by name.
        profile: How much to run.
        seed: The same seed lays out the same plan.
        references: Names of targets that run beside the others in scenarios that never reach the database.
    """
    cells = [
        (name, added_ms)
        for name in profile.scenarios
        for added_ms in (profile.added_ms if scenarios[name].reaches_database else (0,))
    ]
    trials: list[Trial] = []
    for block in range(1, profile.blocks + 1):
        random = Random(f"{seed}/{block}")  # noqa: S311 - a plan to be repeated, no secret
        order = random.sample(cells, len(cells))
        slots = [
            (scenario, added_ms, target, position)
            for scenario, added_ms in order
            for position, target in enumerate(
                _there_and_back([*targets, *(() if scenarios[scenario].reaches_database else references)], random)
            )
        ]
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


def _there_and_back(targets: Sequence[str], random: Random) -> list[str]:
    way = list(targets) if random.random() < 0.5 else list(reversed(targets))  # noqa: PLR2004 - a coin
    return way + way[::-1]
