"""What the proxy costs: measured on stored evidence, told where it was measured, and left out where it was not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.analysis.measures import analyse
from harness.errors import UsageError
from harness.experiments.comparison.experiment import Comparison
from harness.model.evidence import Sample
from harness.model.measures import Interval, ProxyCost
from harness.provision import testbed
from harness.provision.testbed import _linked
from harness.report import tables
from harness.report.sections import sections
from targets.catalog import CATALOG
from targets.workload import WORKLOAD
from tests.decomposed import stored
from tests.evidence import sample
from tests.report_fixture import WITHOUT_FIGURES, known

MEANS = {"a": 30, "b": 40, "a:direct": 60, "b:direct": 40}
TWINS = {"a": "a:direct", "b": "b:direct"}
NO_TOXIPROXY: Any = SimpleNamespace(toxiproxy=None, without_toxiproxy="It can be had in no way.")
TOXIPROXY: Any = SimpleNamespace(toxiproxy=object(), without_toxiproxy="")


def round_trips(**ms: float) -> tuple[Sample, ...]:
    """Three round trips by each way, one of them disturbed."""
    return tuple(
        sample("distance", "round_trip_s", taken / 1e3, route=route)
        for route, one in ms.items()
        for taken in (one, one, 20 * one)
    )


TIMED = round_trips(direct=0.4, clean=0.7, a=5.0)


def bounds(interval: Interval) -> tuple[float, float]:
    """The bounds of an interval that has some."""
    assert interval.low is not None
    assert interval.high is not None
    return interval.low, interval.high


def measured(folder: Path, samples: tuple[Sample, ...] = TIMED, **changes: Any) -> dict[str, ProxyCost]:
    """What is measured of stored evidence, by target."""
    evidence = stored(folder, MEANS, known=None, samples=samples, **({"direct_twins": TWINS} | changes))
    return {one.target: one for one in analyse(*evidence).proxy_costs}


def test_a_target_that_the_proxy_slows_is_told_from_one_that_it_does_not(tmp_path: Path) -> None:
    found = measured(tmp_path)
    slowed, unslowed = found["a"], found["b"]
    assert (slowed.scenario, slowed.direct) == ("write", "a:direct")
    assert slowed.kept.value == pytest.approx(0.5, rel=0.1)
    assert slowed.processor.value == pytest.approx(2.0, rel=0.1)
    assert bounds(slowed.kept)[1] < 1 < bounds(slowed.processor)[0]
    for ratio in (unslowed.kept, unslowed.processor):
        assert bounds(ratio)[0] < 1 < bounds(ratio)[1]


def test_added_time_is_that_of_a_clean_proxy_over_a_direct_connection_over_blocks(tmp_path: Path) -> None:
    added = measured(tmp_path)["a"].round_trip_ms
    assert added.value == pytest.approx(0.3)
    assert added.blocks == 4


def test_intervals_of_all_targets_hold_together(tmp_path: Path) -> None:
    store, record = stored(tmp_path, MEANS, known=None, direct_twins=TWINS, samples=TIMED)
    alone = replace(
        record, targets=tuple(one if one.name == "a" else replace(one, direct_twin="") for one in record.targets)
    )
    of_both, of_one = (analyse(store, known_record).proxy_costs for known_record in (record, alone))
    assert (len(of_both), len(of_one)) == (2, 1)
    assert of_both[0].kept.value == of_one[0].kept.value
    assert bounds(of_both[0].kept)[0] < bounds(of_one[0].kept)[0]
    assert bounds(of_both[0].kept)[1] > bounds(of_one[0].kept)[1]


def test_without_a_proxy_or_a_direct_twin_nothing_is_told(tmp_path: Path) -> None:
    assert measured(tmp_path / "no proxy", round_trips(direct=0.4)) == {}
    assert measured(tmp_path / "no twin", direct_twins={}) == {}
    assert list(measured(tmp_path / "one twin", direct_twins={"b": "b:direct"})) == ["b"]


def test_direct_targets_are_compared_nowhere_else(tmp_path: Path) -> None:
    measures = analyse(*stored(tmp_path, MEANS, known=None, direct_twins=TWINS, samples=TIMED))
    assert {one.target for one in measures.cells} == {"a", "b"}
    assert {(one.first, one.second) for one in measures.ratios} == {("a", "b")}
    assert {one for row in measures.held_up for one in (row.first, row.second)} <= {"a", "b"}


def test_only_the_plain_twins_have_a_direct_twin_which_differs_in_the_way_alone() -> None:
    having = {name: CATALOG[target.direct_twin] for name, target in CATALOG.items() if target.direct_twin}
    assert set(having) == set(WORKLOAD.twins)
    for name, direct in having.items():
        assert replace(CATALOG[name], name=direct.name, direct=True, direct_twin="") == direct


def test_a_comparison_of_twins_runs_their_direct_ones_beside_them() -> None:
    usual = Comparison.of(WORKLOAD, "quick")
    assert list(usual.directs) == ["async:direct", "sync:direct"]
    planned = usual.plan(TOXIPROXY, 1)
    assert planned.plan.directs == ("async:direct", "sync:direct")
    assert planned.plan.targets == ("async", "sync")
    assert {target.name for target in planned.targets} > {"async:direct", "sync:direct"}


def test_without_toxiproxy_a_row_for_it_or_a_partner_there_is_no_direct_target() -> None:
    planned = Comparison.of(WORKLOAD, "quick").plan(NO_TOXIPROXY, 1)
    assert planned.plan.directs == ()
    assert not any(target.direct for target in planned.targets)
    for asked in ({"added_ms": (20,)}, {"scenarios": ["ping", "mixed"]}, {"targets": ["async:psycopg"]}):
        assert not Comparison.of(WORKLOAD, "quick", **asked).directs  # type: ignore[arg-type]  # options by name


def test_no_latency_can_be_added_to_a_direct_target() -> None:
    named = ["async", "async:direct"]
    with pytest.raises(UsageError, match="No latency can be added to async:direct"):
        Comparison.of(WORKLOAD, "quick", targets=named)
    near = Comparison.of(WORKLOAD, "quick", targets=named, added_ms=(0,))
    assert list(near.targets) == named
    assert not near.directs


def test_a_direct_target_is_led_past_the_proxy_and_any_other_through_it() -> None:
    @contextmanager
    def link(_name: str, _upstream: tuple[str, int]) -> Iterator[Any]:
        yield SimpleNamespace(port=7)

    postgres = SimpleNamespace(url="postgresql://u@127.0.0.1:5/d", address=("127.0.0.1", 5))
    services: Any = SimpleNamespace(postgres=postgres, toxiproxy=SimpleNamespace(link=link))
    with _linked(services, CATALOG["async:direct"], "n", postgres.address) as (url, linked):
        assert (url, linked) == (postgres.url, None)
    with _linked(services, CATALOG["async:direct"], "n", ("127.0.0.1", 6)) as (url, linked):
        assert ":6/" in url  # a relay is still on its way
    with _linked(services, CATALOG["async"], "n", postgres.address) as (url, linked):
        assert ":7/" in url
        assert linked is not None


def test_what_needs_the_proxy_of_a_direct_target_is_told_what_is_wrong() -> None:
    running: Any = SimpleNamespace(target=CATALOG["sync:direct"])
    opened = testbed.Testbed(services=TOXIPROXY, running=running, url="", link=None)
    with pytest.raises(UsageError, match="sync:direct reaches PostgreSQL without Toxiproxy"):
        assert opened.proxy


COST = ProxyCost(
    scenario="point-read",
    target="async",
    direct="async:direct",
    round_trip_ms=Interval(value=0.2, low=0.1, high=0.3, blocks=4),
    kept=known(0.9),
    processor=known(1.0, 0.02),
)


def test_the_report_has_a_row_for_each_target_or_no_section() -> None:
    told = replace(WITHOUT_FIGURES, measures=replace(WITHOUT_FIGURES.measures, proxy_costs=(COST,)))
    shown = tables.proxy_cost(told)
    assert shown.title == "What does the proxy cost?"
    assert shown.table.rows == (
        (
            *("async", "async:direct", "point-read", "0.200 (0.100 to 0.300)"),
            *("0.90 (0.81 to 0.99)", "1.00 (0.98 to 1.02)"),
        ),
    )
    assert "hold together" in shown.note
    assert "hold together" not in tables.proxy_cost(replace(told, plan=replace(told.plan, sliced=False))).note
    assert "proxy_cost" in {section.name for section in sections(told)}
    assert "proxy_cost" not in {section.name for section in sections(WITHOUT_FIGURES)}
