"""What matplotlib draws stands inside a page: no shared ids, no own typeface, text as it was given."""

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from harness.report.palette import INK, VARIABLES, with_variables
from harness.report.panel import canvas
from harness.report.svg import inlined, slug
from harness.report.ticks import MAX_TICKS, log_ticks, ratio_ticks, span

RATIOS = st.lists(st.floats(min_value=0.01, max_value=100), min_size=1, max_size=20)


def drawn(title: str, prefix: str = "p") -> str:
    """A panel with this title."""
    with canvas(prefix, "label") as one:
        one.axes.plot([0, 1], [0, 1], marker="o", color=INK)
        one.axes.set_title(title)
    return str(one.panel.svg)


@pytest.mark.parametrize("title", ["$x$ costs $5", "a <b> & 'c'", "50 % \\frac{", "ü \N{EM DASH} ß"])
def test_text_is_drawn_as_it_is(title: str) -> None:
    escaped = title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f">{escaped}</text>" in drawn(title)


def test_two_panels_share_no_id() -> None:
    one, other = (set(re.findall(r' id="([^"]*)"', drawn("t", prefix))) for prefix in ("a", "b"))
    assert one
    assert not one & other


def test_references_follow_their_ids() -> None:
    svg = drawn("t", 'odd "name" <here>')
    ids = set(re.findall(r' id="([^"]*)"', svg))
    assert set(re.findall(r'(?: href="#|url\(#)([^")]*)', svg)) <= ids


@given(st.text(), st.text())
def test_names_that_differ_give_ids_that_differ(one: str, other: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9-]*", slug(one))
    assert (slug(one) == slug(other)) == (one == other) or "-" in one + other


def test_the_page_sets_typeface_and_colours() -> None:
    svg = drawn("t")
    assert "font-family" not in svg
    assert "font: " not in svg
    assert not any(stand_in in svg for stand_in in VARIABLES)
    assert "var(--ink)" in svg


def test_bold_stays_bold() -> None:
    assert re.search(r'font-weight="(?:bold|700)"', drawn("t"))


def test_marks_say_their_style_once() -> None:
    uses = '<use href="#m" x="1" style="fill: red"/><use href="#m" x="2" style="fill: red"/>'
    assert inlined(f"<svg><g>{uses}</g></svg>", "p").count('fill="red"') == 1


def test_marks_that_differ_keep_their_styles() -> None:
    uses = '<use href="#m" x="1" style="fill: red"/><use href="#m" x="2" style="fill: blue"/>'
    assert {"red", "blue"} <= set(re.findall(r'fill="(\w+)', inlined(f"<svg><g>{uses}</g></svg>", "p")))


def test_what_a_style_says_attributes_say_and_text_that_looks_like_one_stays() -> None:
    styled = '<path style="fill: none; stroke-dasharray: 5.5,2; clip-path: url(#c)"/><text> style="fill: red"</text>'
    assert inlined(f"<svg>{styled}</svg>", "p") == (
        '<svg><path fill="none" stroke-dasharray="5.5,2" clip-path="url(#p-c)"/><text> style="fill: red"</text></svg>'
    )
    assert not re.search(r"<[^<>]* style=|<style", drawn('x style="fill: red"'))


def test_shortening_leaves_text_alone() -> None:
    assert inlined('<svg><path d="M 1.23456 2"/><text x="1.23456">1.23456</text></svg>', "p") == (
        '<svg><path d="M 1.23 2"/><text x="1.23">1.23456</text></svg>'
    )


def test_no_stand_in_is_part_of_another() -> None:
    assert with_variables(" ".join(VARIABLES)).split() == list(VARIABLES.values())
    assert len(set(VARIABLES.values())) == len(VARIABLES)


@given(RATIOS)
def test_ratio_ticks_are_few_and_hold_1(values: list[float]) -> None:
    axes = Figure().subplots()
    axes.set_xscale("log")
    ratio_ticks(axes, values)
    ticks = axes.get_xticks()
    low, high = axes.get_xlim()
    assert 1.0 in ticks
    assert len(ticks) <= MAX_TICKS
    assert all(low <= edge <= high for edge in [1.0, *values])
    assert all(math.log(b / a) >= 0.99 * math.log(high / low) / MAX_TICKS for a, b in pairwise(ticks))


@given(st.lists(st.floats(min_value=1e-3, max_value=1e6), min_size=1, max_size=20))
def test_log_ticks_are_few_and_the_axis_holds_all(values: list[float]) -> None:
    axes = Figure().subplots()
    axes.set_yscale("log")
    log_ticks(axes, "y", values)
    low, high = axes.get_ylim()
    assert len(axes.get_yticks()) <= 2 * MAX_TICKS
    assert all(low <= value <= high for value in values)


def test_an_axis_of_nothing_has_limits_all_the_same() -> None:
    low, high = span([0.0, -1.0, float("nan"), float("inf")])
    assert 0 < low < high
