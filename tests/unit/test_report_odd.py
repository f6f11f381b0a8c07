"""A report is drawn of whatever a run left behind, and then names it as it was."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.model.measures import CellName, Comparison, Interval, Measures, MeasureWarning, Timeline, TimelinePoint
from harness.model.plan import Profile, Target
from harness.model.summary import Summary
from harness.report.figures.levels import draw_garbage
from harness.report.figures.ratios import draw_processor, draw_ratios
from harness.report.figures.timelines import draw_timelines
from harness.report.page import render, write_report
from harness.report.palette import Style, styles
from harness.report.panel import FigureOf
from harness.report.sections import FIGURES
from harness.report.words import UNKNOWN
from tests.report_fixture import SCENARIOS, SUMMARY, WITHOUT_FIGURES, comparison, fixed, known, plan_of

BRIDGE = Target(name="bridge", model="async", driver="psycopg", app="e:f")
BOTH = (draw_ratios, draw_processor)
HOSTILE = '$x$ "><script>alert(1)</script>'


WRITES = tuple(cell for cell in SUMMARY.measures.cells if cell.scenario == "write")  # fewer figures are soon drawn


def having(**parts: object) -> Summary:
    """The summary with other numbers."""
    return replace(SUMMARY, measures=replace(SUMMARY.measures, **parts))  # type: ignore[arg-type]  # as the tests write them


def test_a_ratio_of_nothing_is_named() -> None:
    """Both served nothing, or were never run in one block: there is no ratio."""
    nothing = replace(
        comparison("write", 0, 1.0, "too_few_blocks"),
        ratio=Interval(value=math.nan, low=None, high=None, blocks=0),
    )
    html = render(having(comparisons=(nothing,), cells=(), timelines=()))
    assert "no ratio" in html
    assert "nan" not in html.split("</style>")[1].lower().replace("finance", "")


def test_throughput_of_zero_is_drawn() -> None:
    cells = tuple(replace(c, ops=0, throughput_rps=known(0.0), latency_ms={}, histogram_ms=()) for c in WRITES)
    html = render(having(cells=cells, comparisons=(), timelines=()))
    assert 'id="throughput"' in html
    assert 'id="latency"' not in html


def test_an_interval_that_reaches_below_zero_is_drawn() -> None:
    wide = Interval(value=5.0, low=-40.0, high=50.0, blocks=2)
    cells = tuple(replace(c, throughput_rps=wide, latency_ms={"p50": wide}) for c in WRITES)
    assert "5.00 (-40.0 to 50.0)" in render(having(cells=cells, comparisons=(), timelines=()))


@pytest.mark.parametrize("detail", ["connection reset", "12.5 ms", "", HOSTILE])
def test_any_fault_has_its_shade_and_name(detail: str) -> None:
    line = replace(SUMMARY.measures.timelines[0], faults=((0.0, 1.0, detail, 0), (2.0, 3.0, "20 ms", 20)))
    figure = draw_timelines(having(timelines=(line,)))
    assert figure is not None
    assert any(detail in cell for row in figure.table.rows for cell in row)


def test_a_timeline_without_a_request_is_drawn() -> None:
    line = Timeline(block=1, bin_s=0.25, points=(), faults=((0.0, 1.0, "20 ms", 20),))
    assert draw_timelines(having(timelines=(line,))) is not None


def blocks(count: int, **trouble: Sequence[int]) -> FigureOf:
    """The figure of as many blocks, some of which had requests that failed, or slices that were held up."""
    usual = TimelinePoint(t_s=0.0, target="async", rps=400, p50_ms=10)
    lines = tuple(
        Timeline(
            block=number,
            bin_s=0.25,
            points=(usual, replace(usual, t_s=0.25, not_ok_rps=number if number in trouble.get("failed", ()) else 0)),
            faults=(),
            held_up=number if number in trouble.get("held_up", ()) else 0,
        )
        for number in range(1, count + 1)
    )
    figure = draw_timelines(having(timelines=lines))
    assert figure is not None
    return figure


def drawn(figure: FigureOf) -> list[str]:
    assert [row[0] for row in figure.table.rows[::2]] == [panel.label.split(":")[0][6:] for panel in figure.panels]
    return [row[0] for row in figure.table.rows[::2]]


def test_few_blocks_are_all_drawn_and_nothing_is_said_of_others() -> None:
    figure = blocks(6)
    assert drawn(figure) == ["1", "2", "3", "4", "5", "6"]
    assert "summary.json" not in figure.note


def test_of_many_blocks_the_ends_are_drawn_and_those_in_which_something_went_wrong() -> None:
    figure = blocks(24, failed=(3,), held_up=(9, 20))
    assert drawn(figure) == ["1", "3", "9", "20", "24"]
    assert "most slices were held up; 19 other blocks are in summary.json only." in figure.note
    assert drawn(blocks(7)) == ["1", "7"]


def test_the_worst_come_first_and_a_failure_before_a_slice_that_was_held_up() -> None:
    assert drawn(blocks(24, held_up=(4, 5, 6, 7, 8))) == ["1", "5", "6", "7", "8", "24"]
    figure = blocks(7, failed=(2,), held_up=(3, 4, 5, 6))
    assert drawn(figure) == ["1", "2", "4", "5", "6", "7"]
    assert "1 other block is in summary.json only." in figure.note


def test_hostile_names_are_text_everywhere() -> None:
    scenario = replace(SCENARIOS[1], name=HOSTILE, question=HOSTILE)
    profile = Profile(name=HOSTILE, scenarios=(HOSTILE,), added_ms=(0, 20), blocks=2, warmup_s=1, measure_s=1)
    changed = replace(
        having(
            cells=tuple(replace(c, scenario=HOSTILE) for c in WRITES),
            timelines=(),
            comparisons=(comparison(HOSTILE, 0, 1.5, "first"),),
            warnings=(MeasureWarning(code=HOSTILE, cells=(CellName(scenario=HOSTILE, added_ms=0, target=HOSTILE),)),),
        ),
        scenarios=(scenario,),
        plan=plan_of(("async", "sync"), (scenario,), profile),
        not_done=(HOSTILE,),
        run=HOSTILE,
    )
    html = render(changed)
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_three_targets_are_told_apart() -> None:
    targets = (*SUMMARY.targets, BRIDGE)
    cells = WRITES
    more: tuple[Comparison, ...] = tuple(replace(c, second="bridge") for c in SUMMARY.measures.comparisons)
    summary = replace(
        having(
            cells=(*cells, *(replace(c, target="bridge") for c in cells if c.target == "sync")),
            comparisons=(*SUMMARY.measures.comparisons, *more),
            timelines=(),
        ),
        targets=targets,
        plan=plan_of(tuple(target.name for target in targets), SCENARIOS),
    )
    figure = draw_ratios(summary)
    assert figure is not None
    assert "bridge and sync" in figure.title
    assert "bridge, 20 ms" in str(figure.panels[1].svg)
    assert render(summary)


def test_a_twin_looks_alike_in_every_report() -> None:
    def looks(*names: str) -> dict[str, Style]:
        targets = {one.name: one for one in (*SUMMARY.targets, BRIDGE)}
        chosen = tuple(targets[name] for name in names)
        return styles(replace(SUMMARY, targets=chosen, plan=replace(SUMMARY.plan, targets=names)))

    assert looks("sync")["sync"] == looks("async", "sync")["sync"] == looks("bridge", "sync")["sync"]
    three = looks("async", "bridge", "sync").values()
    assert len({style.colour for style in three}) == len({style.marker for style in three}) == 3


def test_a_target_by_another_name_looks_like_the_twin_of_its_kind() -> None:
    renamed = replace(SUMMARY, targets=(replace(SUMMARY.targets[1], name="wide"),))
    assert styles(replace(renamed, plan=replace(SUMMARY.plan, targets=("wide",))))["wide"] == styles(SUMMARY)["sync"]


def test_faults_are_in_the_order_of_what_they_add_whatever_they_are_called() -> None:
    faults = ((0.0, 1.0, "far", 20), (2.0, 3.0, "near", 5), (4.0, 5.0, "9 a second", 40))
    figure = draw_timelines(having(timelines=(replace(SUMMARY.measures.timelines[0], faults=faults),)))
    assert figure is not None
    svg = str(figure.panels[0].svg)
    assert svg.index(">near<") < svg.index(">far<") < svg.index(">9 a second<")


def test_faster_is_on_one_side_whatever_is_compared() -> None:
    figure = draw_ratios(SUMMARY)
    assert figure is not None
    for panel in figure.panels:
        assert panel.svg.index("sync faster") < panel.svg.index("async faster")


def test_the_cheaper_one_is_on_the_side_of_the_faster_one_and_has_its_colour() -> None:
    figure = draw_processor(SUMMARY)
    assert figure is not None
    assert figure.title == "Does a request to async take less processor time than one to sync?"
    ping, write = (str(panel.svg) for panel in figure.panels)
    for svg in (ping, write):
        assert svg.index("sync cheaper") < svg.index("async cheaper")
        assert "processor time a request, async / sync" in svg
    places = dict(re.findall(r'x="([\d.]+)"[^>]*>(0\.8|1|1\.25)</text>', ping))
    assert [places[x] for x in sorted(places, key=float)] == ["1.25", "1", "0.8"]
    assert "var(--series-1)" in ping  # 0.6: async is the cheaper one
    assert "var(--series-2)" in write  # 1.4: sync is


def test_each_ratio_is_in_one_figure_and_scales_no_other() -> None:
    dear = comparison("write", 0, 30.0, "first", "processor")
    figures = [draw(having(comparisons=(comparison("write", 0, 1.5, "first"), dear))) for draw in BOTH]
    assert [[row[3] for row in figure.table.rows] for figure in figures if figure] == [
        ["1.50 (1.42 to 1.58)"],
        ["30.00 (28.50 to 31.50)"],
    ]
    assert figures[0]
    assert ">10<" not in figures[0].panels[0].svg
    assert [draw(having(comparisons=(dear,))) is None for draw in BOTH] == [True, False]


def test_an_interval_that_is_far_too_wide_leaves_the_panel_readable() -> None:
    wide = replace(
        comparison("write", 0, 1.5, "not_significant"), ratio=Interval(value=1.5, low=0.01, high=70, blocks=2)
    )
    figure = draw_ratios(having(comparisons=(wide,)))
    assert figure is not None
    assert ">20<" not in figure.panels[0].svg
    assert ">3<" in figure.panels[0].svg
    assert figure.table.rows[0][3] == "1.50 (0.01 to 70.00)"


@pytest.mark.parametrize("draw", BOTH)
def test_what_was_fixed_beforehand_is_told_with_what_it_would_have_shown(
    draw: Callable[[Summary], FigureOf | None],
) -> None:
    at_any_time, by_blocks = draw(SUMMARY), draw(fixed(SUMMARY))
    assert at_any_time is not None
    assert by_blocks is not None
    assert "would show" not in at_any_time.table.columns
    shown = by_blocks.table.columns.index("would show")
    assert {row[shown] for row in by_blocks.table.rows} == {"12.0 %"}
    assert (at_any_time.table.columns[-1], by_blocks.table.columns[-1]) == ("units", "blocks")
    assert all(len(row) == len(one.table.columns) for one in (at_any_time, by_blocks) for row in one.table.rows)


def test_the_kind_of_interval_is_said() -> None:
    at_any_time, by_blocks = draw_ratios(SUMMARY), draw_ratios(fixed(SUMMARY))
    assert at_any_time is not None
    assert by_blocks is not None
    assert "the ratio of two rates, over all slices" in at_any_time.note
    assert "of single blocks" in by_blocks.note
    assert "hold at any time, all 8 of this run together at 95 %" in at_any_time.note
    assert "one interval in twenty" not in at_any_time.note
    assert "About one interval in twenty misses the truth." in by_blocks.note
    assert "at any time" not in by_blocks.note


def test_what_garbage_collections_take_is_drawn_of_targets_and_told_in_numbers() -> None:
    figure = draw_garbage(SUMMARY)
    (panel,) = figure.panels
    assert "async at 20 ms full collections 13.0 (11.7 to 14.3)" in panel.label
    assert {row[2] for row in figure.table.rows} == {"async", "sync"}
    assert figure.table.rows[0][3:] == ("13.0 (11.7 to 14.3)", "16.0 (14.4 to 17.6)", "48.0", "430")
    assert figure.table.rows[1][3:] == ("0 (0 to 0)", "2.00 (1.80 to 2.20)", UNKNOWN, UNKNOWN)


def test_next_to_no_garbage_looks_like_next_to_none() -> None:
    little = tuple(replace(one, full=known(0.001), all=known(0.002)) for one in SUMMARY.measures.garbage)
    (panel,) = draw_garbage(having(garbage=little)).panels
    assert ">6<" in panel.svg


def test_no_figure_is_drawn_of_nothing() -> None:
    empty = replace(SUMMARY, measures=Measures())
    assert not [figure for draw in FIGURES.values() if (figure := draw(empty))]


def test_a_report_that_cannot_be_drawn_leaves_the_earlier_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_report(WITHOUT_FIGURES, tmp_path)
    before = (tmp_path / "report.html").read_bytes()
    monkeypatch.setattr(Path, "replace", _full)
    with pytest.raises(OSError, match="disk full"):
        write_report(replace(WITHOUT_FIGURES, run="another"), tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_bytes() == before


def _full(*_: object) -> Path:
    raise OSError("disk full")
