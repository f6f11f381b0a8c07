"""What will be run next, in which order: a pure function of what was asked for, of what was run, and of a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import TypeVar

from harness.experiments.comparison.budget import Place
from harness.model.plan import Plan, Profile, Scenario, Trial
from harness.model.workload import Workload

T = TypeVar("T")


def all_places(plan: Plan, scenarios: Mapping[str, Scenario]) -> list[Place]:
    """Return every scenario at every added latency; one that never reaches the database at none."""
    return [
        (name, added_ms)
        for name in plan.profile.scenarios
        for added_ms in (plan.profile.added_ms if scenarios[name].reaches_database else (0,))
    ]


def direct_row(profile: Profile, scenarios: Mapping[str, Scenario]) -> Place | None:
    """Return the row in which the proxy's cost is measured: the first that reaches the database, at 0 ms, if any does.

    One with a fixed rate is none: it fixes the throughput.
    """
    known = (scenarios[name] for name in profile.scenarios if 0 in profile.added_ms)
    return next(((one.name, 0) for one in known if one.reaches_database and one.shape.pace_s is None), None)


def stops_within_requests(scenario: Scenario, added_ms: int, workload: Workload) -> bool:
    """Say whether targets that take turns may be stopped in the middle of their requests.

    Not where something goes on meanwhile, added latency or the pace of clients, nor where a write locks rows that
    another target's may need: they would wait for one that is stopped.
    """
    writes = (workload.request(name, 1, "0") for name in scenario.mix if name in workload.writes)
    return not added_ms and not scenario.shape.pace_s and not any(map(workload.locks, writes))


def with_block(plan: Plan, scenarios: Mapping[str, Scenario], places: Sequence[Place]) -> Plan:
    """Return a plan with one more block, which has each of ``places`` once, in a random order of its own.

    In a sliced plan a place has one trial of each target, which are run together; else targets run forwards and then
    backwards (A B B A, or B A A B by chance), so that a machine that drifts favours neither. References run beside
    targets in scenarios that never reach the database, and directs in one row that does. The same seed lays out the
    same block.
    """
    block = plan.trials[-1].block + 1 if plan.trials else 1
    random = Random(f"{plan.seed}/{block}")  # noqa: S311 - a plan to be repeated, no secret
    measured = direct_row(plan.profile, scenarios)
    slots = []
    for scenario, added_ms in random.sample(places, len(places)):
        references = () if scenarios[scenario].reaches_database else plan.references
        directs = plan.directs if (scenario, added_ms) == measured else ()
        targets = [*plan.targets, *references, *directs]
        way = targets if plan.sliced else there_and_back(targets, random)
        slots += [(scenario, added_ms, target, position) for position, target in enumerate(way)]
    trials = tuple(
        Trial(
            id=f"{block:02d}-{slot:03d}-{scenario}-{added_ms}ms-{target}",
            number=len(plan.trials) + slot,
            target=target,
            scenario=scenario,
            added_ms=added_ms,
            block=block,
            slot=slot,
            position=position,
            seed=random.getrandbits(32),
        )
        for slot, (scenario, added_ms, target, position) in enumerate(slots)
    )
    return replace(plan, trials=plan.trials + trials)


def there_and_back(targets: Sequence[T], random: Random) -> list[T]:
    """Return targets forwards and then backwards, or backwards and then forwards by chance."""
    way = list(targets) if random.random() < 0.5 else list(reversed(targets))  # noqa: PLR2004 - a coin
    return way + way[::-1]
