"""The page of claims: a table first, then a card for each, whatever came of it."""

from dataclasses import replace

import pytest

from harness.console import show
from harness.model.summary import Summary
from harness.report.figures.claims import DRAWN
from harness.report.page import render
from harness.report.sentences.claims import claims_headline
from harness.terminal import Terminal
from tests.claims import claim_of, run_of
from tests.unit.test_claims_of_measurements import SEEN as MEASURED
from tests.unit.test_claims_of_one_request import SEEN as OF_ONE_REQUEST
from tests.unit.test_report import parse

SEEN = {**MEASURED, **OF_ONE_REQUEST}
WITHIN = claim_of("expire_on_commit", OF_ONE_REQUEST["expire_on_commit"])
WRONG = claim_of("bare_url", MEASURED["bare_url"])
UNKNOWN = replace(WRONG, claim=replace(WRONG.claim, name="x"))
TORN = replace(claim_of("alembic_imports", OF_ONE_REQUEST["alembic_imports"]), complete=False)


def test_the_table_comes_first_and_each_claim_has_its_card_with_its_code_and_command() -> None:
    html = render(run_of(WITHIN, WRONG, TORN))
    parse(html)
    table, _, cards = html.partition("</table>")
    for verdict in ("holds within limits", "does not hold", "undecided"):
        assert verdict in table
        assert verdict in cards
    assert cards.count('<article class="card"') == 3
    assert "MissingGreenlet" in cards
    assert "def f() -&gt; None:" in cards
    assert "twinbench claims expire_on_commit" in cards
    assert "Its experiment did not come to its end" in cards
    assert "With sqlalchemy 2.1.9." in cards


@pytest.mark.parametrize("name", SEEN)
def test_every_claim_is_drawn_with_what_was_seen(name: str) -> None:
    claim = claim_of(name, SEEN[name])
    html = render(run_of(claim))
    assert all(case.case in html for case in claim.cases)
    assert (html.count("<svg") > 0) == (name in DRAWN)
    assert "nan" not in html.split("</style>")[1].replace("nance", "")


@pytest.mark.parametrize(
    ("summary", "text"),
    [
        (run_of(WITHIN, WRONG, TORN), "Of 3 claims 1 holds within limits, 1 does not hold and 1 is undecided."),
        (run_of(WITHIN), "Of 1 claim 1 holds within limits."),
        (
            run_of(WRONG, UNKNOWN),
            "Of 2 claims 1 does not hold and 1 is undecided.",
        ),
        (run_of(), "No claim."),
    ],
)
def test_the_headline_counts_them(summary: Summary, text: str) -> None:
    assert claims_headline(summary) == text


def test_the_terminal_has_a_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    show(run_of(WITHIN, WRONG), "report.html", Terminal(width=200))
    told = capsys.readouterr().out
    assert "expire_on_commit" in told
    assert "does not hold" in told


def test_what_somebody_wrote_into_a_claim_is_text() -> None:
    hostile = '"><script>alert(1)</script>'
    claim = replace(WITHIN, claim=replace(WITHIN.claim, name=hostile, says=hostile), versions={hostile: hostile})
    html = render(run_of(claim))
    assert "<script" not in html
