"""A ratio of targets that differ in several things is taken apart, and its factors multiply to it."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from harness.analysis.cells import measured_trials
from harness.analysis.measures import analyse, compared
from harness.analysis.stats.decomposition import decomposed
from harness.console import show
from harness.experiments.comparison.experiment import Comparison as Experiment
from harness.model.measures import Decomposed, Interval
from harness.model.plan import Decomposition
from harness.report.figures.decomposition import draw_decomposition
from harness.report.figures.ratios import draw_processor, draw_ratios
from harness.report.sentences.comparison import answers, headline
from harness.report.sentences.decomposition import decomposition_text
from targets.catalog import CATALOG, MODEL_AND_DRIVERS
from targets.workload import WORKLOAD
from tests.decomposed import ALL_RATIOS, CHAIN, DECOMPOSED, FOUR, ratios, stored
from tests.report_fixture import SUMMARY

MEANS = {"a": 60, "d": 30, "b": 50, "c": 33}


def planned(*names: str) -> Decomposition | None:
    """What a run of these targets takes apart."""
    return Experiment.of(WORKLOAD, "quick", targets=names).decomposition


def test_a_run_of_all_targets_of_the_chain_takes_the_ratio_apart_and_no_other_does() -> None:
    assert planned(*FOUR) == planned(*reversed(FOUR)) == MODEL_AND_DRIVERS
    assert planned(*FOUR[:3]) is None
    assert planned(*FOUR, "async:unfrozen") is None
    assert Experiment.of(WORKLOAD, "quick").decomposition is None
    assert Experiment.of(replace(WORKLOAD, decomposition=None), "quick", targets=FOUR).decomposition is None


def test_neighbours_in_the_shipped_chain_differ_in_the_model_or_in_the_driver_and_its_ends_are_the_twins() -> None:
    assert MODEL_AND_DRIVERS.whole == WORKLOAD.twins
    for factor in MODEL_AND_DRIVERS.factors:
        first, second = CATALOG[factor.first], CATALOG[factor.second]
        assert ("model" in factor.kind, "driver" in factor.kind) == (
            first.model != second.model,
            first.driver != second.driver,
        )


def test_what_is_no_chain_is_refused() -> None:
    with pytest.raises(ValueError, match="'first hop' ends with b, and 'last hop' begins with c"):
        Decomposition(factors=(CHAIN.factors[0], CHAIN.factors[2]))
    with pytest.raises(ValueError, match="two factors or more, not 1"):
        Decomposition(factors=CHAIN.factors[:1])


def test_pairs_are_the_ratio_and_its_factors_or_each_other_target_with_the_first() -> None:
    assert DECOMPOSED.plan.pairs == (
        ("async", "sync"),
        ("async", "async:psycopg"),
        ("async:psycopg", "sync:psycopg"),
        ("sync:psycopg", "sync"),
    )
    assert replace(DECOMPOSED.plan, decomposition=None).pairs == tuple(("async", other) for other in FOUR[1:])
    assert replace(SUMMARY.plan, targets=("sync",)).pairs == ()


def test_the_product_of_stored_evidence_is_the_ratio(tmp_path: Path) -> None:
    store, record = stored(tmp_path, MEANS)
    found = {one.whole.metric: one for one in analyse(store, record).decomposed}
    assert set(found) == {"throughput", "processor"}
    by_throughput = found["throughput"]
    assert by_throughput.whole.ratio.value == pytest.approx(2.0, rel=0.05)
    assert [one.ratio.value for one in by_throughput.factors] == pytest.approx([1.2, 1.5, 1.1], rel=0.1)
    for one in found.values():
        assert one.product == pytest.approx(one.whole.ratio.value)
        assert one.by_kind["the hops"] == pytest.approx(one.factors[0].ratio.value * one.factors[2].ratio.value)


def test_a_round_that_one_pair_lacks_leaves_the_product_near_the_ratio(tmp_path: Path) -> None:
    store, record = stored(tmp_path, MEANS, stopped="b")
    measures = analyse(store, record)
    assert [(one.first, one.second) for one in measures.held_up] == [("a", "b"), ("b", "c")]
    (one,) = (one for one in measures.decomposed if one.whole.metric == "throughput")
    assert one.product != pytest.approx(one.whole.ratio.value)
    assert one.product == pytest.approx(one.whole.ratio.value, rel=0.05)


def test_factors_are_no_comparisons_but_their_intervals_hold_together_with_theirs(tmp_path: Path) -> None:
    store, record = stored(tmp_path, MEANS)
    measures = analyse(store, record)
    assert {(one.first, one.second) for one in measures.comparisons} == {("a", "d")}
    assert len(measures.ratios) == 2 * 4
    trials = measured_trials(store, record)
    scenarios = {one.name: one for one in record.scenarios}
    alone = next(iter(compared(replace(record.plan, decomposition=None, targets=("a", "d")), trials, scenarios)))
    assert measures.comparisons[0].ratio.value == alone.ratio.value
    assert _width(measures.comparisons[0].ratio) > _width(alone.ratio)  # eight are shown instead of two


def _width(known: Interval) -> float:
    assert known.low is not None
    assert known.high is not None
    return known.high / known.low


def test_a_ratio_of_which_a_factor_is_missing_is_not_taken_apart() -> None:
    whole, *factors = ratios("write", 0, 1.43, 1.2, 1.1, 1.08)
    (one,) = decomposed(MODEL_AND_DRIVERS, [*factors, whole])
    assert one == Decomposed(
        whole=whole,
        factors=tuple(factors),
        by_kind={"the drivers": 1.2 * 1.08, "the execution model": 1.1},
        product=1.2 * 1.08 * 1.1,
    )
    assert list(decomposed(MODEL_AND_DRIVERS, [whole, *factors[:2]])) == []
    elsewhere = replace(factors[2], added_ms=20)
    assert list(decomposed(MODEL_AND_DRIVERS, [whole, *factors[:2], elsewhere])) == []
    assert list(decomposed(MODEL_AND_DRIVERS, factors)) == []


def test_the_sentence_says_what_comes_from_what_and_of_how_much_of_it_one_is_sure() -> None:
    assert decomposition_text(DECOMPOSED) == (
        "In requests per second, at 0 ms async / sync is 1.43 (1.36 to 1.50), the product of 1.30 from the drivers"
        " (significant in 2 of 2 ratios) and 1.10 (1.04 to 1.16) from the execution model (significant); at 20 ms it is"
        " 1.02 (0.97 to 1.07), the product of 1.02 from the drivers (significant in 0 of 2 ratios) and 1.00 (0.95 to"
        " 1.05) from the execution model (not significant)."
    )
    assert answers(DECOMPOSED)[0] == decomposition_text(DECOMPOSED)
    assert headline(DECOMPOSED).startswith(
        "Where the database is asked, at 0 ms async serves 1.43 × as much as sync; at 20 ms"
    )
    assert not any("psycopg" in sentence for sentence in answers(DECOMPOSED))
    assert decomposition_text(SUMMARY) == ""


def _with(*known: Decomposed) -> str:
    """The sentence about these."""
    return decomposition_text(replace(DECOMPOSED, measures=replace(DECOMPOSED.measures, decomposed=known)))


def test_scenarios_are_told_by_a_range_and_not_averaged() -> None:
    scenarios = (*DECOMPOSED.scenarios, replace(DECOMPOSED.scenarios[1], name="point-read"))
    known = (*ratios("write", 0, 1.43, 1.2, 1.1, 1.08), *ratios("point-read", 0, 1.2, 1.02, 1.2, 0.98))
    summary = replace(
        DECOMPOSED,
        scenarios=scenarios,
        measures=replace(DECOMPOSED.measures, decomposed=tuple(decomposed(MODEL_AND_DRIVERS, known))),
    )
    assert decomposition_text(summary) == (
        "In requests per second, at 0 ms async / sync is 1.20 to 1.43, the product of 1.00 to 1.30 from the drivers"
        " (significant in 2 of 4 ratios) and 1.10 to 1.20 from the execution model (significant in 2 of 2 ratios)."
    )


def test_too_few_blocks_are_no_answer() -> None:
    (one,) = decomposed(MODEL_AND_DRIVERS, ratios("write", 0, 1.43, 1.2, 1.1, 1.08))
    few = [replace(factor, word="too_few_blocks") for factor in one.factors]
    assert _with(replace(one, factors=tuple(few))) == (
        "There are too few blocks to say how much of async / sync comes from the drivers and how much from the"
        " execution model."
    )
    assert "from the execution model (too few blocks to say)" in _with(
        replace(one, factors=(one.factors[0], few[1], one.factors[2]))
    )
    of_processor = replace(one, whole=replace(one.whole, metric="processor"))
    assert _with(of_processor) == ""
    assert _with(replace(one, whole=replace(one.whole, scenario="ping"))) == ""


def test_the_figure_has_each_factor_with_its_interval_the_product_and_the_ratio() -> None:
    backwards = tuple(reversed(DECOMPOSED.measures.decomposed))
    figure = draw_decomposition(replace(DECOMPOSED, measures=replace(DECOMPOSED.measures, decomposed=backwards)))
    assert figure is not None
    assert [row[:2] for row in figure.table.rows[:3]] == [("ping", "0 ms"), ("write", "0 ms"), ("write", "20 ms")]
    assert figure.title == "How much of async / sync comes from the drivers and how much from the execution model?"
    assert [panel.label.partition(",")[0] for panel in figure.panels] == [
        "ping: requests per second",
        "write: requests per second",
        "mixed: median wait",
        "write: processor time a request",
    ]
    names = ("driver within async", "execution model", "driver within sync", "their product", "async / sync")
    write = str(figure.panels[1].svg)
    assert [write.index(f">{name}<") for name in names] == sorted(write.index(f">{name}<") for name in names)
    assert "at 0 ms driver within async 1.20 (1.14 to 1.26), sure, execution model 1.10" in figure.panels[1].label
    assert figure.table.columns[-5:] == names
    assert figure.table.rows[1] == (
        *("write", "0 ms", "requests per second", "1.20 (1.14 to 1.26)", "1.10 (1.04 to 1.16)"),
        *("1.08 (1.03 to 1.13)", "1.43", "1.43 (1.36 to 1.50)"),
    )
    assert draw_decomposition(SUMMARY) is None
    assert draw_decomposition(replace(DECOMPOSED, measures=replace(DECOMPOSED.measures, decomposed=()))) is None


def test_a_factor_has_the_colour_of_whom_it_speaks_for() -> None:
    def colours(*values: float, metric: str) -> str:
        known = tuple(decomposed(MODEL_AND_DRIVERS, ratios("write", 0, *values, metric=metric)))
        figure = draw_decomposition(replace(DECOMPOSED, measures=replace(DECOMPOSED.measures, decomposed=known)))
        assert figure is not None
        return str(figure.panels[0].svg)

    fast, slow = colours(1.3, 1.2, 1.0, 1.1, metric="throughput"), colours(0.7, 0.8, 1.0, 0.9, metric="throughput")
    assert ("var(--series-1)" in fast, "var(--series-2)" in fast) == (True, False)
    assert ("var(--series-1)" in slow, "var(--series-2)" in slow) == (False, True)
    cheap = colours(0.7, 0.8, 1.0, 0.9, metric="processor")
    assert ("var(--series-1)" in cheap, "var(--series-2)" in cheap) == (True, False)
    assert all(svg.index("for sync") < svg.index("for async") for svg in (fast, slow, cheap))


def test_the_figures_of_ratios_have_the_whole_alone_and_count_all() -> None:
    for draw, rows in ((draw_ratios, 4), (draw_processor, 1)):
        figure = draw(DECOMPOSED)
        assert figure is not None
        assert len(figure.table.rows) == rows
        assert "psycopg" not in str(figure.table.rows)
    figure = draw_ratios(DECOMPOSED)
    assert figure is not None
    assert f"all {len(ALL_RATIOS)} of this run together" in figure.note


@pytest.mark.parametrize("width", [80, 300])
def test_the_closing_table_has_every_pair_and_fits_a_narrow_terminal(width: int) -> None:
    told = io.StringIO()
    show(DECOMPOSED, "report.html", Console(file=told, width=width))
    lines = told.getvalue().splitlines()
    assert "…" not in told.getvalue()
    assert max(map(len, lines)) <= width
    if width > 80:
        assert [line for line in lines if "async:psycopg / sync:psycopg" in line and "1.10 (1.04 to 1.16)" in line]
        assert [line for line in lines if "sync:psycopg / sync" in line and "0.87 (0.83 to 0.91)" in line]
