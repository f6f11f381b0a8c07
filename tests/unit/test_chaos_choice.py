"""What a chaos run tries is what was named, or else what its profile has."""

import pytest

from harness.errors import UsageError
from harness.experiments.chaos.experiment import Chaos
from harness.faults.catalog import FAULTS, USUAL
from harness.workload.find import load_workload

WORKLOAD = load_workload()


@pytest.mark.parametrize("name", ["flaw:commit_in_two_steps", "flaw:lost_update", "flaw:lazy_loading", "async"])
def test_a_control_that_is_named_is_tried_alone_and_as_a_control(name: str) -> None:
    chosen = Chaos.of(WORKLOAD, "flaws", targets=[name])
    assert chosen.targets == {}
    assert [control.target.name for control in chosen.controls] == [name]


def test_all_controls_are_tried_if_none_is_named_and_what_is_none_is_refused() -> None:
    assert [one.target.name for one in Chaos.of(WORKLOAD, "flaws").controls] == list(WORKLOAD.controls)
    with pytest.raises(UsageError, match="No control is called 'async:reference'"):
        Chaos.of(WORKLOAD, "flaws", targets=["async:reference"])


def test_the_twins_meet_every_fault_if_nothing_is_named() -> None:
    chosen = Chaos.of(WORKLOAD, "default")
    assert tuple(chosen.targets) == WORKLOAD.twins
    assert chosen.cuts == ("create_user", "create_user+retry_key")
    assert (chosen.faults, chosen.draw) == (USUAL, len(FAULTS))
    assert chosen.controls == ()


def test_what_is_named_is_tried_and_none_is_nothing() -> None:
    choice = Chaos.of(WORKLOAD, "default", cuts=["none"], faults=["cut", "kill_worker", "cut"], blocks=3)
    assert (choice.cuts, choice.faults, choice.blocks) == ((), ("cut", "kill_worker"), 3)
    assert Chaos.of(WORKLOAD, "default", faults=["none"]).faults == ()


def test_a_flaw_alone_gets_the_least_that_shows_it_where_that_is_chaos() -> None:
    cut, broken, seen = ("flaw:blind_retry", "flaw:kept_in_memory", "flaw:lazy_loading")
    assert Chaos.of(WORKLOAD, "default", targets=[cut]).cuts == ("create_post",)
    assert Chaos.of(WORKLOAD, "default", targets=[broken]).faults == ("kill_worker",)
    assert Chaos.of(WORKLOAD, "default", targets=[seen]).faults == USUAL


def test_full_tries_the_flaws_besides_and_the_twins_once() -> None:
    chosen = Chaos.of(WORKLOAD, "full")
    controls = {control.target.name for control in chosen.controls}
    assert not controls & chosen.targets.keys()
    assert controls == WORKLOAD.controls.keys() - chosen.targets.keys()


def test_of_the_schema_changes_there_are_two_or_in_full_all() -> None:
    def changes(profile: str) -> list[str]:
        return [kind for kind in Chaos.of(WORKLOAD, profile).faults if kind.startswith("schema_change:")]

    assert changes("default") == changes("soak")
    assert len(changes("default")) == 2
    assert changes("full") == [kind for kind in FAULTS if kind.startswith("schema_change:")]
    assert len(changes("full")) == 36
