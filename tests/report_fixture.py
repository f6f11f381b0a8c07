"""A summary written by hand: two targets, two scenarios with a database and one without, two levels."""

from dataclasses import replace

from harness.experiments.comparison.plan import all_places, with_block
from harness.experiments.registry import experiment
from harness.model.findings import Finding, in_unit
from harness.model.measures import (
    Cell,
    CellName,
    Comparison,
    GarbageShare,
    InsidePoint,
    Interval,
    Measures,
    MeasureWarning,
    ProbeOverhead,
    Timeline,
    TimelinePoint,
    TimeUse,
    WireCount,
)
from harness.model.plan import Plan, Profile, Scenario, Shape, Target
from harness.model.summary import Setting, Summary
from harness.model.verdict import Verdict

PROFILE = Profile(
    name="quick",
    scenarios=("ping", "write", "mixed"),
    added_ms=(0, 20),
    blocks=2,
    warmup_s=0.4,
    measure_s=1.0,
)
SCENARIOS = (
    Scenario(
        name="ping", question="?", mix={"ping": 1}, shape=Shape(clients=16), reaches_database=False, called="pings"
    ),
    Scenario(name="write", question="?", mix={"create_user": 1}, shape=Shape(clients=16), called="four-row writes"),
    Scenario(name="mixed", question="?", mix={"get_user": 7}, shape=Shape(clients=16, pace_s=0.2)),
)
TARGETS = (
    Target(name="async", model="async", driver="asyncpg", app="a:b"),
    Target(name="sync", model="sync", driver="psycopg2", app="c:d"),
)


def plan_of(targets: tuple[str, ...], scenarios: tuple[Scenario, ...], profile: Profile = PROFILE) -> Plan:
    """A sliced plan of as many blocks as the profile has, each of every row."""
    named = {scenario.name: scenario for scenario in scenarios}
    plan = Plan(profile=profile, targets=targets, trials=(), seed=7, sliced=True)
    for _ in range(profile.blocks):
        plan = with_block(plan, named, all_places(plan, named))
    return plan


def known(value: float, spread: float = 0.1) -> Interval:
    """An interval of so many shares to both sides."""
    return Interval(value=value, low=value * (1 - spread), high=value * (1 + spread), blocks=2)


def fixed(summary: Summary) -> Summary:
    """The same by a number of blocks that was fixed beforehand, with ordinary intervals."""
    shown = tuple(replace(one, detectable=1.12) for one in summary.measures.comparisons)
    return replace(
        summary,
        plan=replace(summary.plan, sliced=False),
        measures=replace(summary.measures, comparisons=shown),
    )


def comparison(scenario: str, added_ms: int, value: float, word: str, metric: str = "throughput") -> Comparison:
    """Async against sync."""
    return Comparison(
        scenario=scenario,
        added_ms=added_ms,
        metric=metric,  # type: ignore[arg-type]  # one of the three, as the tests write them
        first="async",
        second="sync",
        ratio=known(value, 0.05),
        word=word,  # type: ignore[arg-type]  # one of the four, as the tests write them
        detectable=None,
    )


def cell(scenario: str, added_ms: int, target: str) -> Cell:
    """A cell with everything in it."""
    return Cell(
        scenario=scenario,
        added_ms=added_ms,
        target=target,
        trials=4,
        ops=400,
        not_ok=0,
        throughput_rps=known(400 - 10 * added_ms),
        latency_ms={"p50": known(10 + 5 * added_ms), "p95": known(20 + 6 * added_ms)},
        service_ms={"p50": known(9 + 5 * added_ms)},
        added_round_trip_ms=added_ms + 0.4,
        cpu_cores={"target": 0.9, "generator": 0.4, "postgres": 0.3, "toxiproxy": 0.1},
        histogram_ms=((1.0, 0.1), (10.0, 0.5), (100.0, 1.0)),
        parts_ms={
            "python": known(3.0),
            "thread": known(0.0),
            "connection": known(0.5),
            "database": known(5.0 * added_ms),
            "elsewhere": known(1.0),
            "queue": known(0.7),
            "outside": known(1.5),
        },
    )


SUMMARY = Summary(
    version=1,
    run="20260101-000000",
    kind="comparison",
    sections=experiment("comparison").sections,
    command="twinbench run ping write mixed --profile quick --seed 7",
    started_at="2026-01-01T00:00:00+00:00",
    duration_s=90.0,
    complete=True,
    verdict=Verdict.PASS,
    plan=plan_of(("async", "sync"), SCENARIOS),
    trials_done=20,
    ended="blocks",
    targets=TARGETS,
    scenarios=SCENARIOS,
    environment={"cores": "2", "python": "CPython"},
    settings=(
        Setting(name="driver", values={"async": "asyncpg", "sync": "psycopg2"}, why="They differ."),
        Setting(name="pool_size", values={"async": "20", "sync": "20"}, why="They don't."),
    ),
    measures=Measures(
        cells=tuple(
            cell(scenario, added_ms, target)
            for scenario, levels in (("ping", (0,)), ("write", (0, 20)), ("mixed", (0, 20)))
            for added_ms in levels
            for target in ("async", "sync")
        ),
        comparisons=(
            comparison("ping", 0, 2.0, "first"),
            comparison("write", 0, 1.5, "first"),
            comparison("write", 20, 1.01, "not_significant"),
            comparison("mixed", 0, 0.8, "second", "p50"),
            comparison("mixed", 20, 1.0, "not_significant", "p50"),
            comparison("ping", 0, 0.6, "second", "processor"),
            comparison("write", 0, 1.02, "not_significant", "processor"),
            comparison("write", 20, 1.4, "first", "processor"),
        ),
        garbage=tuple(
            GarbageShare(
                **vars(CellName(scenario="write", added_ms=added_ms, target=target)),
                full=known(0.13 if target == "async" else 0.0),
                all=known(0.16 if target == "async" else 0.02),
                full_ms=48.0 if target == "async" else 0.0,
                requests_each=430.0 if target == "async" else 0.0,
            )
            for added_ms in (0, 20)
            for target in ("async", "sync", "async:reference")
        ),
        wire=(
            WireCount(
                target="async",
                operation="create_user",
                round_trips=5,
                statements=5,
                bytes_up=981,
                bytes_down=264,
            ),
            WireCount(
                target="sync",
                operation="create_user",
                round_trips=5,
                statements=None,
                bytes_up=1242,
                bytes_down=502,
            ),
        ),
        time_use=TimeUse(whole_s=50.0, loaded_s=40.0, counted_s=30.0, slices=180),
        timelines=(
            Timeline(
                block=1,
                bin_s=0.25,
                points=(
                    TimelinePoint(t_s=0.0, target="async", rps=400, p50_ms=10),
                    TimelinePoint(t_s=0.25, target="sync", rps=300, p50_ms=None, not_ok_rps=8),
                ),
                faults=((0.5, 1.0, "5 ms", 5), (1.0, 2.0, "20 ms", 20)),
                inside=(
                    InsidePoint(t_s=0.0, target="async", metric="lag_ms", value=3.0),
                    InsidePoint(t_s=0.0, target="async", metric="in_use", value=4.0),
                    InsidePoint(t_s=0.0, target="async", metric="waiting", value=2.0),
                    InsidePoint(t_s=0.25, target="sync", metric="statements", value=1.0),
                ),
            ),
        ),
        warnings=(
            MeasureWarning(
                code="blocks_differ",
                cells=(CellName(scenario="write", added_ms=0, target="sync"),),
                values=in_unit("share", limit=0.1),
            ),
        ),
        probe_overheads=(
            ProbeOverhead(scenario="ping", added_ms=0, plain="async", probed="sync", share=known(0.98)),
            ProbeOverhead(
                scenario="write",
                added_ms=20,
                plain="async",
                probed="sync",
                share=Interval(value=1.0, low=None, high=None, blocks=1),
            ),
        ),
    ),
    findings=(
        Finding(
            check="completeness",
            verdict=Verdict.PASS,
            code="complete",
            values=in_unit("requests", recorded=40, sent=40),
            subject="01-000",
        ),
        Finding(
            check="framework_overhead",
            verdict=Verdict.PASS,
            code="near_reference",
            values={
                **in_unit("share", possible_loss=0.1, least_kept=0.8),
                **in_unit("ratio", most_processor=1.25),
            },
            facts={"target": "async", "reference": "async:reference"},
            subject="async",
        ),
    ),
    not_done=(),
)
# For tests of what is told in words: figures take seconds to draw.
WITHOUT_FIGURES = replace(
    SUMMARY,
    measures=replace(SUMMARY.measures, cells=(), comparisons=(), garbage=(), wire=(), timelines=(), probe_overheads=()),
)
