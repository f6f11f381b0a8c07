"""A report is drawn of whatever a run left behind, and then names it as it was."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from harness.experiments.comparison.plan import make_plan
from harness.model.measures import CellName, Comparison, Interval, Measures, MeasureWarning, Timeline
from harness.model.plan import Profile, Target
from harness.model.summary import Summary
from harness.report.figures.ratios import draw_ratios
from harness.report.figures.timelines import draw_timelines
from harness.report.page import render, write_report
from harness.report.palette import Style, styles
from harness.report.sections import FIGURES
from tests.report_fixture import SCENARIOS, SUMMARY, WITHOUT_FIGURES, comparison, known

BRIDGE = Target(name="bridge", model="async", driver="psycopg", app="e:f")
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
        plan=make_plan(("async", "sync"), {HOSTILE: scenario}, profile, 7),
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
        plan=make_plan(tuple(t.name for t in targets), {s.name: s for s in SCENARIOS}, SUMMARY.plan.profile, 7),
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
