"""A timeline shows what a client saw: also that it was answered nothing."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.analysis.stats.timeline import timeline
from harness.model.evidence import Sample
from harness.model.measures import InsidePoint

SECOND = 10**9
OPS = st.lists(
    st.tuples(
        st.integers(0, 20 * SECOND),
        st.integers(0, SECOND),
        st.sampled_from(["ok", "fail", "unknown", "unsent"]),
        st.sampled_from(["async", "sync"]),
    ),
    max_size=60,
)


def frame(ops: list[tuple[int, int, str, str]]) -> pd.DataFrame:
    """Ops by intended start, latency, outcome and target."""
    columns = {"intended_ns": "int64", "ended_ns": "int64", "outcome": "object", "target": "object"}
    rows = [(start, start + took, outcome, target) for start, took, outcome, target in ops]
    return pd.DataFrame(rows, columns=list(columns)).astype(columns)


@settings(deadline=None)
@given(OPS, st.sampled_from([0.25, 0.5, 1.0]))
def test_every_op_that_ended_well_is_counted_once(ops: list[tuple[int, int, str, str]], bin_s: float) -> None:
    points = timeline(1, frame(ops), [], [], 0, bin_s).points
    for target in ("async", "sync"):
        counted = sum(point.rps * bin_s for point in points if point.target == target)
        assert counted == pytest.approx(sum(op[2:] == ("ok", target) for op in ops))


@settings(deadline=None)
@given(OPS)
def test_a_bin_has_a_latency_if_and_only_if_it_served(ops: list[tuple[int, int, str, str]]) -> None:
    for point in timeline(1, frame(ops), [], [], 0, 0.25).points:
        assert (point.p50_ms is None) == (point.rps == 0)


def test_a_stop_is_a_rate_of_zero_and_not_a_gap() -> None:
    ops = [(0, 10, "ok", "async"), (SECOND, 10, "unknown", "async"), (2 * SECOND, 10, "ok", "async")]
    assert [point.rps for point in timeline(1, frame(ops), [], [], 0, 1.0).points] == [1.0, 0.0, 1.0]


def test_a_target_that_was_not_asked_has_no_bin() -> None:
    points = timeline(1, frame([(0, 10, "ok", "async")]), [], [], 0, 1.0).points
    assert {point.target for point in points} == {"async"}


def test_no_op_at_all_leaves_the_faults() -> None:
    line = timeline(3, frame([]), [(SECOND, 2 * SECOND, "5 ms", 5)], [], SECOND // 2, 1.0)
    assert (line.block, line.points, line.faults) == (3, (), ((0.5, 1.5, "5 ms", 5),))


def test_what_was_not_answered_well_is_counted_beside_what_was() -> None:
    ops = [(0, 10, "ok", "async"), (0, 10, "fail", "async"), (0, 10, "unknown", "async")]
    (point,) = timeline(1, frame(ops), [], [], 0, 0.5).points
    assert (point.rps, point.not_ok_rps) == (2.0, 4.0)


def test_what_probes_saw_is_on_the_same_axis() -> None:
    def seen(t_s: float, probe: str, metric: str, value: float) -> tuple[str, Sample]:
        return "async", Sample(t_ns=round(t_s * SECOND), probe=probe, metric=metric, value=value)

    samples = [
        *(seen(5.1, "loop", "lag_max_s", late_s) for late_s in (0.002, 0.004)),
        *(seen(5.2, "pool", "in_use", count) for count in (1, 4)),
        seen(5.2, "pool", "waiting", 3),
        *(seen(5.6, "queries", "statements", count) for count in (1, 2)),
        seen(5.6, "cpu", "core_s", 9),
    ]
    ops = frame([(5 * SECOND, 10, "ok", "async")])
    points = {(p.metric, p.t_s): p for p in timeline(1, ops, [], samples, 5 * SECOND, 0.5).inside}
    assert points == {
        ("lag_ms", 0.0): InsidePoint(t_s=0.0, target="async", metric="lag_ms", value=4.0),
        ("in_use", 0.0): InsidePoint(t_s=0.0, target="async", metric="in_use", value=2.5),
        ("waiting", 0.0): InsidePoint(t_s=0.0, target="async", metric="waiting", value=3.0),
        ("statements", 0.5): InsidePoint(t_s=0.5, target="async", metric="statements", value=1.5),
    }
