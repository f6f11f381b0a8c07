"""The report is one file that holds everything, whatever there is to hold."""

import base64
import hashlib
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest

from harness.model.findings import Case, Finding, in_unit
from harness.model.measures import Interval, ProbeOverhead
from harness.model.verdict import Place, Verdict
from harness.report.figures.probe_overhead import draw_probe_overhead
from harness.report.page import render, write_report
from harness.report.palette import VARIABLES
from harness.report.sections import FIGURES, OWN, TABLES
from tests.report_fixture import SUMMARY, WITHOUT_FIGURES
from tests.report_variants import ALL

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """Checks that every element is closed, and keeps what a test asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.css = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        self.css += data if self.open[-1:] == ["style"] else ""


def parse(html: str) -> Page:
    """Read a page; an element that is not closed fails."""
    page = Page()
    page.feed(html)
    page.close()
    assert page.open == []
    return page


@cache
def drawn(name: str) -> str:
    """A summary's page, each of which takes seconds to draw."""
    return render(ALL[name])


def whole() -> str:
    """The usual page."""
    return drawn("whole")


@pytest.fixture(params=ALL, scope="module")
def page(request: pytest.FixtureRequest) -> Page:
    """Each summary's page in turn."""
    return parse(drawn(request.param))


def test_it_loads_nothing(page: Page) -> None:
    for tag, attributes in page.attributes:
        assert tag not in {"script", "iframe", "object", "embed", "base"}
        for name in ("src", "href", "xlink:href", "srcset", "action"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:")), f"{tag} {name}={value}"


def test_the_policy_lets_nothing_in_but_the_one_style_that_is_the_pages(page: Page) -> None:
    equivalents = {one.get("http-equiv"): one for tag, one in page.attributes if tag == "meta"}
    policy = equivalents["Content-Security-Policy"]["content"] or ""
    known = dict(part.split(maxsplit=1) for part in policy.split("; "))
    digest = base64.b64encode(hashlib.sha256(page.css.encode()).digest()).decode()
    assert known == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    tags = [tag for tag, _ in page.attributes]
    assert tags.count("style") == 1
    assert tags.index("style") > tags.index("meta")
    assert not [name for _, attributes in page.attributes for name in attributes if name == "style" or name[:2] == "on"]


def test_no_style_loads_anything() -> None:
    html = whole()
    assert "@import" not in html
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", html))


def test_ids_are_unique(page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.attributes if attributes.get("id")]
    assert len(ids) == len(set(ids))


def test_every_reference_within_leads_somewhere(page: Page) -> None:
    ids = {attributes.get("id") for _, attributes in page.attributes}
    for _, attributes in page.attributes:
        for name in ("href", "xlink:href"):
            value = attributes.get(name) or ""
            if value.startswith("#"):
                assert value[1:] in ids


def test_every_figure_says_what_it_shows(page: Page) -> None:
    figures = [attributes for tag, attributes in page.attributes if tag == "figure"]
    for attributes in figures:
        assert attributes["role"] == "img"
        assert len(attributes["aria-label"] or "") > 20


def test_every_figure_has_its_place_and_is_drawn_again_to_the_byte() -> None:
    html = whole()
    figures = {name: FIGURES[name](SUMMARY) for name in SUMMARY.sections if name in FIGURES}
    assert [name for name, figure in figures.items() if not figure] == ["decomposition"]  # of other targets
    assert len(figures) == 11
    for name, figure in figures.items():
        assert (f'<section id="{name}">' in html) is bool(figure)
        assert all(panel.svg in html for panel in (figure.panels if figure else ()))


def test_every_figure_is_titled_by_a_question_and_has_units() -> None:
    html = whole()
    titles = re.findall(r"<h2>(.*?)</h2>", html)
    assert len(titles) >= 10
    assert all(title.endswith("?") for title in titles)
    text = " ".join(parse(html).text)
    for unit in ("requests per second", "latency, ms", "added round trip to the database, ms", "cores"):
        assert unit in text


def test_a_target_has_the_same_colour_with_probes_as_without() -> None:
    probed = ("async:loop", "async:pool", "sync:loop", "sync:pool")
    observed = tuple(
        ProbeOverhead(
            scenario="ping",
            added_ms=0,
            plain=name.partition(":")[0],
            probed=name,
            share=Interval(value=0.99, low=0.98, high=1.0, blocks=8),
        )
        for name in probed
    )
    figure = draw_probe_overhead(
        replace(
            SUMMARY,
            plan=replace(SUMMARY.plan, targets=("async", "sync", *probed)),
            measures=replace(SUMMARY.measures, probe_overheads=observed),
        )
    )
    assert figure is not None
    (panel,) = figure.panels
    intervals = re.findall(r'fill="none" stroke="var\(--(series-\d)\)"', panel.svg)
    assert intervals == ["series-1", "series-1", "series-2", "series-2"]


def test_on_a_phone_a_row_of_settings_has_a_column_for_each_kind_of_targets() -> None:
    (columns,) = re.findall(r"--targets: (\d+)", whole())
    tables = re.findall(r'<table class="settings">\n<thead>(.*?)</thead>', whole())
    assert tables
    assert {head.count("<th ") - len(("setting", "why")) for head in tables} == {int(columns)}


def test_colours_come_from_variables_that_both_modes_define() -> None:
    html = whole()
    css, dark = html.split("@media (prefers-color-scheme: dark)")[:2]
    used = set(VARIABLES.values())
    for variable in used:
        name = variable.removeprefix("var(").removesuffix(")")
        assert f"{name}:" in css
        assert f"{name}:" in dark
    assert not any(stand_in in html for stand_in in VARIABLES)
    svg = "".join(re.findall(r"<svg.*?</svg>", html, re.DOTALL))
    assert set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]+)', svg)) == set()
    assert re.search(r'(?:fill|stroke)="var\(--series-1\)"', svg)


def test_hostile_text_is_text() -> None:
    hostile = "<script>alert(1)</script>"
    case = Case(code=hostile, facts={hostile: hostile}, place=Place(hostile, 1, hostile), rows={hostile: 1})
    bad = Finding(
        check=hostile,
        verdict=Verdict.FAIL,
        code=hostile,
        values=in_unit(hostile, **{hostile: 1}),
        facts={hostile: hostile},
        first=case,
        worst=replace(case, place=None),
        count=1,
        subject=hostile,
    )
    changed = replace(WITHOUT_FIGURES, findings=(bad,), environment={hostile: hostile}, verdict=Verdict.FAIL)
    html = render(changed)
    assert hostile not in html
    assert parse(html)


def test_the_same_evidence_makes_the_same_bytes() -> None:
    assert render(WITHOUT_FIGURES) == render(WITHOUT_FIGURES)


def test_an_incomplete_run_says_so_before_anything_else() -> None:
    body = drawn("nothing at all").partition("</style>")[2]
    assert body.index("This run is incomplete") < body.index("<h1>")


def test_what_was_not_done_is_told() -> None:
    assert "Toxiproxy can be had in no way" in drawn("no added latency")


def test_it_is_written_whole(tmp_path: Path) -> None:
    path = write_report(WITHOUT_FIGURES, tmp_path)
    assert path.read_text(encoding="utf-8") == render(WITHOUT_FIGURES)
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_it_has_the_sections_that_are_named_in_their_order_and_no_other() -> None:
    chosen = ("findings", "round_trips", "environment")
    html = render(replace(WITHOUT_FIGURES, measures=SUMMARY.measures, sections=chosen))
    assert re.findall(r'<section id="(\w+)">', html) == list(chosen)
    with pytest.raises(KeyError):
        render(replace(WITHOUT_FIGURES, sections=("no such",)))


def test_no_section_is_called_as_another() -> None:
    assert len({*FIGURES, *TABLES, *OWN}) == len(FIGURES) + len(TABLES) + len(OWN)
