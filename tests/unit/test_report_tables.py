"""Tables and words: no count, no unit and no finding is lost on the way to the page."""

import math
from dataclasses import replace

import pytest

from harness.model.findings import Finding
from harness.model.measures import Interval
from harness.model.summary import Setting
from harness.model.verdict import Verdict
from harness.report import tables
from harness.report.panel import FigureOf, Table
from harness.report.words import UNKNOWN, count, interval, number, ratio
from tests.report_fixture import SUMMARY


def finding(verdict: Verdict, count: int = 0, check: str = "writes") -> Finding:
    """A finding that says its count."""
    return Finding(check=check, verdict=verdict, code="crashed", facts={"error": f"{count} cases"}, count=count)


def table_of(section: FigureOf | None) -> Table:
    """The table of a section that is there."""
    assert section is not None
    return section.table


def test_a_check_is_as_bad_as_its_worst_trial() -> None:
    found = [
        finding(Verdict.PASS),
        finding(Verdict.FAIL, 1),
        finding(Verdict.FAIL, 3),
        finding(Verdict.UNDECIDED, 9),
    ]
    (row,) = tables.by_check(found)
    assert row.verdict is Verdict.FAIL
    assert row.worst.summary == "The check crashed: 3 cases"
    assert list(row.counts.values()) == [1, 2, 1]


def test_the_gravest_come_first() -> None:
    found = [
        finding(Verdict.PASS, check="a"),
        finding(Verdict.UNDECIDED, check="b"),
        finding(Verdict.FAIL, check="c"),
    ]
    assert [row.check for row in tables.by_check(found)] == ["c", "b", "a"]
    assert [one.check for one in tables.listed(found)] == ["c", "b", "a"]


def test_too_many_passes_stay_in_the_summary_and_nothing_else_does() -> None:
    found = [finding(Verdict.PASS)] * tables.MOST_LISTED + [finding(Verdict.FAIL), finding(Verdict.UNDECIDED)]
    assert [one.verdict for one in tables.listed(found)] == [Verdict.FAIL, Verdict.UNDECIDED]
    assert len(tables.listed(found[: tables.MOST_LISTED])) == tables.MOST_LISTED


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([], "Nothing was checked."),
        ([Verdict.PASS], "Every check passed on this evidence (one finding)."),
        ([Verdict.PASS] * 1200, "Every check passed on this evidence (1,200 findings)."),
        ([Verdict.FAIL], "Of one finding, 1 failed."),
        ([Verdict.PASS, Verdict.UNDECIDED], "Of 2 findings, 1 could not be decided."),
        (
            [Verdict.UNDECIDED, Verdict.FAIL, Verdict.FAIL],
            "Of 3 findings, 2 failed and 1 could not be decided.",
        ),
    ],
)
def test_findings_are_counted(verdicts: list[Verdict], said: str) -> None:
    assert tables.tally([finding(verdict) for verdict in verdicts]) == said


def test_the_wire_puts_the_targets_of_an_operation_one_under_another() -> None:
    table = table_of(tables.round_trips(SUMMARY))
    assert [row[:3] for row in table.rows] == [("create_user", "async", "5"), ("create_user", "sync", "5")]
    assert table.rows[1][3:] == (UNKNOWN, "1,242", "502")


def test_added_latencies_have_a_column_a_target_and_none_has_no_row() -> None:
    table = table_of(tables.added_latency(SUMMARY))
    assert table.columns == ("planned", "scenario", "async, ms", "sync, ms")
    assert table.rows == (("20 ms", "mixed", "20.4", "20.4"), ("20 ms", "write", "20.4", "20.4"))


def test_an_added_latency_that_one_target_lacks_is_a_dash() -> None:
    cells = tuple(replace(c, added_round_trip_ms=None) if c.target == "sync" else c for c in SUMMARY.measures.cells)
    table = table_of(tables.added_latency(replace(SUMMARY, measures=replace(SUMMARY.measures, cells=cells))))
    assert {row[3] for row in table.rows} == {UNKNOWN}


@pytest.mark.parametrize(("values", "alike"), [(("1", "1"), True), (("1", "2"), False), (("1",), True), ((), True)])
def test_settings_are_alike_or_not(values: tuple[str, ...], *, alike: bool) -> None:
    by_name = {str(place): value for place, value in enumerate(values)}
    assert tables.alike(Setting(name="s", values=by_name, why="")) is alike


def test_targets_share_a_column_only_if_no_setting_tells_them_apart() -> None:
    pool = Setting(name="pool", values={"a": "5", "a:probed": "5", "b": "5", "c": "2"}, why="")
    driver = Setting(name="driver", values={"a": "x", "a:probed": "x", "b": "y"}, why="")
    targets = ("a", "b", "a:probed", "c", "d")
    assert tables.set_alike(targets, [pool, driver]) == [["a", "a:probed"], ["b"], ["c"], ["d"]]
    assert tables.set_alike(targets, []) == [list(targets)]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, UNKNOWN), (math.nan, UNKNOWN), (math.inf, UNKNOWN), (0, "0"), (0.012345, "0.0123"), (1, "1.00"),
     (12.345, "12.3"), (-0.5, "-0.500"), (1234.5, "1,234")],
)  # fmt: skip
def test_numbers_have_three_digits(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(5.0, "5"), (2.5, "2.50"), (163.7, "164"), (None, UNKNOWN), (math.nan, UNKNOWN)]
)
def test_counts_are_whole_where_they_are(value: float | None, text: str) -> None:
    assert count(value) == text


def test_an_interval_without_bounds_is_its_value() -> None:
    bare = Interval(value=1.5, low=None, high=None, blocks=1)
    assert (interval(bare), ratio(bare), interval(None)) == ("1.50", "1.50", UNKNOWN)
    assert ratio(Interval(value=math.nan, low=None, high=None, blocks=0)) == UNKNOWN
