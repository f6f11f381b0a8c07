"""The plan is a pure function of what was asked for: same seed, same trials, fair order."""

from collections import Counter, defaultdict
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.experiments.block import key_prefix
from harness.experiments.comparison.experiment import Comparison
from harness.experiments.comparison.plan import all_places, stops_within_requests, with_block
from harness.experiments.trial import PROBED_MEASURE_S
from harness.model.plan import Plan, Profile, Scenario
from harness.provision.testbed import Services
from scenarios.catalog import PROFILES, SCENARIOS
from targets.workload import WORKLOAD


def plan(
    seed: int,
    profile: Profile = PROFILES["quick"],
    targets: tuple[str, ...] = ("async", "sync"),
    references: tuple[str, ...] = (),
    directs: tuple[str, ...] = (),
    *,
    blocks: int = 3,
    sliced: bool = False,
) -> Plan:
    """The plan of a profile, after so many blocks of all places."""
    beside = {"references": references, "directs": directs}
    made = Plan(profile=profile, targets=targets, trials=(), seed=seed, sliced=sliced, **beside)
    for _ in range(blocks):
        made = with_block(made, SCENARIOS, all_places(made, SCENARIOS))
    return made


@given(st.integers())
def test_the_same_seed_plans_the_same_trials(seed: int) -> None:
    assert plan(seed) == plan(seed)


def test_another_seed_plans_another_order() -> None:
    assert plan(1).trials != plan(2).trials


@given(
    st.integers(),
    st.sampled_from(sorted(PROFILES)),
    st.sampled_from([("async", "sync"), ("sync",), ("a", "b", "c")]),
)
def test_every_cell_is_run_there_and_back_in_every_block(seed: int, name: str, targets: tuple[str, ...]) -> None:
    cells = defaultdict(list)
    for trial in plan(seed, PROFILES[name], targets).trials:
        cells[trial.block, trial.scenario, trial.added_ms].append(trial)
    profile = PROFILES[name]
    with_levels = sum(SCENARIOS[scenario].reaches_database for scenario in profile.scenarios)
    cell_count = with_levels * len(profile.added_ms) + len(profile.scenarios) - with_levels
    assert len(cells) == 3 * cell_count
    for trials in cells.values():
        order = [trial.target for trial in trials]
        assert order == order[::-1]  # A B B A: a drift over the cell hits both alike
        assert Counter(order) == dict.fromkeys(targets, 2)
        assert [trial.position for trial in trials] == list(range(2 * len(targets)))
        slots = [trial.slot for trial in trials]
        assert slots == list(range(slots[0], slots[0] + len(slots)))  # nothing comes between


def test_references_run_beside_the_targets_where_no_database_is_reached_and_nowhere_else() -> None:
    made = plan(1, references=("a", "b"))
    for block in {trial.block for trial in made.trials}:
        counts = Counter((trial.scenario, trial.target) for trial in made.trials if trial.block == block)
        for name in PROFILES["quick"].scenarios:
            beside = 0 if SCENARIOS[name].reaches_database else 2
            assert counts[name, "a"] == counts[name, "b"] == beside


@pytest.mark.parametrize(
    ("scenarios", "added_ms", "row"),
    [
        (("ping", "write", "point-read"), (0, 20), ("write", 0)),
        (("mixed", "point-read"), (0, 20), ("point-read", 0)),  # a fixed rate fixes the throughput
        (("ping", "mixed"), (0, 20), None),
        (("write",), (5, 20), None),
    ],
)
def test_direct_targets_run_beside_the_targets_in_the_first_row_that_can_tell_of_them_and_nowhere_else(
    scenarios: tuple[str, ...], added_ms: tuple[int, ...], row: tuple[str, int] | None
) -> None:
    profile = replace(PROFILES["quick"], scenarios=scenarios, added_ms=added_ms)
    made = plan(1, profile, directs=("a", "b"), blocks=2, sliced=True)
    counts = Counter((trial.scenario, trial.added_ms) for trial in made.trials if trial.target in {"a", "b"})
    assert counts == ({row: 4} if row else {})


@given(st.integers(), st.sampled_from([("async", "sync"), ("a", "b", "c")]))
def test_in_slices_each_target_has_one_trial_of_a_place_in_a_block(seed: int, targets: tuple[str, ...]) -> None:
    cells = defaultdict(list)
    for trial in plan(seed, targets=targets, references=("bare",), sliced=True).trials:
        cells[trial.block, trial.scenario, trial.added_ms].append(trial)
    for (_, scenario, _), trials in cells.items():
        beside = () if SCENARIOS[scenario].reaches_database else ("bare",)
        assert [trial.target for trial in trials] == [*targets, *beside]
        assert [trial.position for trial in trials] == list(range(len(trials)))


def test_a_block_has_the_places_that_are_due_and_its_numbers_go_on() -> None:
    made = plan(1, blocks=1)
    more = with_block(made, SCENARIOS, [("write", 20)])
    assert more.trials[: len(made.trials)] == made.trials
    added = more.trials[len(made.trials) :]
    assert {(trial.block, trial.scenario, trial.added_ms) for trial in added} == {(2, "write", 20)}
    assert [trial.number for trial in more.trials] == list(range(len(more.trials)))


def test_both_orders_come_up() -> None:
    first = {trial.target for seed in range(20) for trial in plan(seed).trials if trial.position == 0}
    assert first == {"async", "sync"}


def test_ids_numbers_and_key_prefixes_are_unique_and_none_is_the_seeds() -> None:
    trials = plan(3, PROFILES["full"]).trials
    assert len({trial.id for trial in trials}) == len(trials)
    assert [trial.number for trial in trials] == list(range(len(trials)))
    prefixes = {key_prefix(trial) for trial in trials}
    assert len(prefixes) == len(trials)
    assert "00000000" not in prefixes
    assert {len(prefix) for prefix in prefixes} == {8}


def test_a_scenario_without_a_database_runs_at_zero_only() -> None:
    levels = {trial.added_ms for trial in plan(1, PROFILES["default"]).trials if trial.scenario == "ping"}
    assert levels == {0}


@pytest.mark.parametrize(
    ("targets", "profile", "measure_s"),
    [
        (["async:probed"], "quick", PROBED_MEASURE_S),
        (["async", "sync:pool"], "quick", PROBED_MEASURE_S),
        (["async", "sync"], "quick", PROFILES["quick"].measure_s),
    ],
)
def test_a_trial_of_a_target_with_probes_is_long_enough_for_their_checks(
    targets: list[str], profile: str, measure_s: float
) -> None:
    services = Services(workload=WORKLOAD, postgres=None, toxiproxy=None, without_toxiproxy="")  # type: ignore[arg-type]  # none is asked
    asked = Comparison.of(WORKLOAD, profile, targets=targets, added_ms=[0])
    assert asked.plan(services, 1).plan.profile.measure_s == measure_s
    longer = replace(asked, profile=replace(asked.profile, measure_s=9.0))
    assert longer.plan(services, 1).plan.profile.measure_s == 9.0


@pytest.mark.parametrize(
    ("scenario", "added_ms", "within"),
    [
        (SCENARIOS["write"], 0, True),
        (SCENARIOS["point-read"], 0, True),
        (SCENARIOS["point-read"], 20, False),
        (SCENARIOS["mixed"], 0, False),  # at a pace
        (replace(SCENARIOS["write"], mix={"create_user": 9, "transfer": 1}), 0, False),
    ],
)
def test_nobody_is_stopped_in_a_request_while_latency_runs_or_with_a_lock_that_others_need(
    scenario: Scenario, added_ms: int, *, within: bool
) -> None:
    assert stops_within_requests(scenario, added_ms, WORKLOAD) == within
