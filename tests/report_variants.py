"""Summaries of another kind than the usual, and of runs that lack something."""

from dataclasses import replace

from harness.experiments.registry import experiment
from harness.model.findings import Finding, in_unit
from harness.model.measures import Interval, Measures, PageCost
from harness.model.verdict import Verdict
from tests.decomposed import DECOMPOSED
from tests.report_fixture import PROFILE, SCENARIOS, SUMMARY, TARGETS, known, plan_of

NOTHING = Measures()
ONE_BLOCK = replace(
    SUMMARY.measures,
    cells=tuple(
        replace(c, throughput_rps=Interval(value=3.0, low=None, high=None, blocks=1), latency_ms={}, service_ms={})
        for c in SUMMARY.measures.cells
        if c.scenario == "write"
    ),
    comparisons=tuple(
        replace(
            c,
            ratio=Interval(value=1.5, low=None, high=None, blocks=1),
            word="too_few_blocks",
            detectable=None,
        )
        for c in SUMMARY.measures.comparisons
    ),
)
NEAR = tuple(c for c in SUMMARY.measures.cells if c.added_ms == 0)


def page(target: str, strategy: str, added_ms: int, users: int, posts_each: int, statements: float | None) -> PageCost:
    """What a page costs, more or less."""
    return PageCost(
        target=target,
        strategy=strategy,
        added_ms=added_ms,
        users=users,
        posts_each=posts_each,
        statements=statements,
        round_trips=(statements or 0) + 2,
        bytes_down=400.0 * users * posts_each,
        answer_bytes=500.0 * users * posts_each,
        took_ms=known(3 + (statements or 0) * (1 + added_ms)),
    )


STATEMENTS = {"lazy": None, "selectin": 2, "joined": 1, "raise": 1}
# A run that compares loading strategies.
LOADING = replace(
    SUMMARY,
    kind="eager_loading",
    sections=experiment("eager_loading").sections,
    plan=plan_of(("async", "sync"), (), replace(PROFILE, scenarios=(), added_ms=(0, 5), blocks=0)),
    scenarios=(),
    measures=NOTHING,
    findings=(
        Finding(
            check="eager_loading", verdict=Verdict.PASS, code="as_promised", values=in_unit("readings", readings=64)
        ),
    ),
    pages=tuple(
        page(target, strategy, added_ms, users, posts_each, users + 1 if count is None else count)
        for target in ("async", "sync")
        for strategy, count in STATEMENTS.items()
        for added_ms in (0, 5)
        for users, posts_each in ((1, 5), (20, 5), (100, 5), (20, 1), (20, 20))
    ),
)
# What a report must be able to draw, whatever is missing.
SPARSE = {
    "nothing at all": replace(
        SUMMARY, measures=NOTHING, findings=(), complete=False, trials_done=0, verdict=Verdict.UNDECIDED
    ),
    "one block": replace(SUMMARY, measures=ONE_BLOCK),
    "no added latency": replace(
        SUMMARY,
        measures=replace(SUMMARY.measures, cells=tuple(replace(c, added_round_trip_ms=None) for c in NEAR)),
        not_done=("Not compared at 20 ms from the database: Toxiproxy can be had in no way.",),
        verdict=Verdict.UNDECIDED,
    ),
    "one target": replace(
        SUMMARY,
        plan=plan_of(("sync",), SCENARIOS),
        targets=TARGETS[1:],
        measures=replace(
            SUMMARY.measures,
            comparisons=(),
            cells=tuple(c for c in SUMMARY.measures.cells if c.target == "sync" and c.scenario != "write"),
            garbage=(),
        ),
    ),
}
ALL = {"whole": SUMMARY, "loading": LOADING, "decomposed": DECOMPOSED, **SPARSE}
