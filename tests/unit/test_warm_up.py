"""A fresh target is warmed up by what its own trials ask for: a write that deletes would be felt by what reads."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from harness.experiments.trial import _warm_up
from harness.model.plan import Order
from scenarios.catalog import CHAOS, SCENARIOS

PLANNED = (CHAOS, SCENARIOS["point-read"], SCENARIOS["ping"])


def warmed_up_by(target: str, *trials: tuple[str, str], targets: tuple[str, ...] = ("async",)) -> set[str]:
    """The operations of a warm-up, in a plan of trials: (target, scenario)."""
    ordered: list[Order] = []
    plan = SimpleNamespace(
        trials=[SimpleNamespace(target=name, scenario=scenario) for name, scenario in trials],
        targets=targets,
        references=("async:reference",),
    )
    run = SimpleNamespace(
        plan=plan,
        planned=SimpleNamespace(scenarios=PLANNED),
        scenario={scenario.name: scenario for scenario in PLANNED}.__getitem__,
        store=SimpleNamespace(folder=Path()),
        workload=SimpleNamespace(name="w"),
    )
    running = SimpleNamespace(running=SimpleNamespace(url="http://127.0.0.1:1"))
    generator = SimpleNamespace(run=lambda order, _edge: ordered.append(order))
    block: Any = SimpleNamespace(run=run, testbeds={target: running}, generator=generator)
    _warm_up(block, target, 0)
    (order,) = ordered
    return set(order.mix)


def test_a_control_that_reads_is_not_warmed_up_by_the_writes_of_chaos() -> None:
    trials = (("async:probed", "point-read"), ("flaw:other", CHAOS.name))
    assert warmed_up_by("async:probed", *trials) == set(SCENARIOS["point-read"].mix)


def test_a_comparison_which_has_no_trials_yet_warms_up_by_all_its_scenarios() -> None:
    assert warmed_up_by("async") == {name for scenario in PLANNED for name in scenario.mix}


def test_a_bare_application_is_asked_for_what_needs_no_database() -> None:
    assert warmed_up_by("async:reference") == set(SCENARIOS["ping"].mix)


def test_a_direct_target_is_asked_for_what_its_twin_is() -> None:
    assert warmed_up_by("async:direct") == warmed_up_by("async")
