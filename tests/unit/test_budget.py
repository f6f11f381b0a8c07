"""A comparison goes on where intervals are wide, and ends when all are narrow or its time is spent."""

import math

import pytest
import typer

from harness.commands.amounts import seconds, share
from harness.experiments.comparison.budget import Budget, Gone

PLACES = [("ping", 0), ("read", 0), ("read", 20)]


def test_the_first_block_has_every_row() -> None:
    assert Budget(seconds=60).due(PLACES, {}, Gone()) == PLACES


def test_a_row_that_is_narrow_enough_is_left_out() -> None:
    gone = Gone(blocks=4, rows=12, seconds=30)
    widths = {PLACES[0]: 0.02, PLACES[1]: 0.04, PLACES[2]: 0.031}
    assert Budget(seconds=600, precision=0.03).due(PLACES, widths, gone) == PLACES[1:]


def test_a_row_waits_until_the_widest_is_less_than_twice_as_wide() -> None:
    gone = Gone(blocks=4, rows=12, seconds=30)
    widths = {PLACES[0]: 0.10, PLACES[1]: 0.21, PLACES[2]: 0.05}
    assert Budget(seconds=600).due(PLACES, widths, gone) == [PLACES[1]]
    assert Budget(seconds=600).due(PLACES, {**widths, PLACES[1]: 0.19}, gone) == PLACES[:2]


def test_a_row_without_bounds_is_the_widest() -> None:
    gone = Gone(blocks=1, rows=3, seconds=30)
    assert Budget(seconds=600).due(PLACES, {PLACES[0]: 0.1, PLACES[1]: math.inf}, gone) == PLACES[1:]


def test_the_last_block_has_the_widest_rows_that_fit() -> None:
    widths = {PLACES[0]: 0.10, PLACES[1]: 0.15, PLACES[2]: 0.12}
    for left_s, rows in ((9.0, []), (11.0, [PLACES[1]]), (21.0, PLACES[1:]), (31.0, PLACES)):
        gone = Gone(blocks=4, rows=12, seconds=120.0)
        assert Budget(seconds=120 + left_s).due(PLACES, widths, gone) == rows


def test_it_ends_when_all_are_narrow() -> None:
    gone = Gone(blocks=4, rows=12, seconds=30)
    widths = dict.fromkeys(PLACES, 0.03)
    assert Budget(seconds=600, precision=0.03).due(PLACES, widths, gone) == []
    assert Budget(seconds=600, precision=0.03).why_over(widths.values()) == "precision"
    assert Budget(seconds=600, precision=0.02).why_over(widths.values()) == "time"


def test_so_many_blocks_are_so_many_whatever_they_show() -> None:
    budget = Budget(seconds=1, precision=0.5, blocks=2)
    assert budget.due(PLACES, dict.fromkeys(PLACES, 0.0), Gone(blocks=1, rows=3, seconds=100)) == PLACES
    assert budget.due(PLACES, {}, Gone(blocks=2, rows=6, seconds=0.1)) == []
    assert budget.why_over([0.0]) == "blocks"


@pytest.mark.parametrize(("text", "expected"), [("3%", 0.03), ("0.5 %", 0.005), (" 12.5%", 0.125)])
def test_a_percentage_is_a_share(text: str, expected: float) -> None:
    assert share(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["3", "0%", "100%", "-3%", "x%", "", "1e1%", "0.05%"])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="such as 3%"):
        share(text)


@pytest.mark.parametrize(("text", "expected"), [("8m", 480), ("90s", 90), ("90", 90), ("1.5h", 5400), ("24h", 86400)])
def test_a_duration_is_seconds(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "m", "9s", "25h", "-8m", "8 minutes", "8d", "nan"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="such as 90s"):
        seconds(text)
