"""A finding reads well whatever it is of: by its check's words, and without any by its code and numbers."""

import ast
from pathlib import Path

import pytest

from harness.analysis.checks import consequence, registry, waits
from harness.model.claims import ClaimVerdict
from harness.model.findings import Case, Finding, in_unit
from harness.model.verdict import Verdict
from harness.report.sentences.cases import CASES, STATUSES, case_text
from harness.report.sentences.findings import CHECKS, finding_text
from harness.report.words import filled
from tests.evidence import op, place

SOURCES = sorted((Path(registry.__file__).parent).glob("*.py"))
BY_NAME, FIRST = {"Finding", "_Told"}, {"_Shortage", "Churn"}  # how a code is given to what
NEW = Finding(
    check="brand_new",
    verdict=Verdict.FAIL,
    code="queue_too_long",
    values={**in_unit("requests", waiting=1234, most_allowed=10), **in_unit("s", longest_wait=2.5)},
    count=3,
    subject="01-000",
)


def codes_of_findings(source: str) -> set[str]:
    """Every code that a check's source gives to a finding: by ``code=``, or by assignment together with a verdict."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in BY_NAME | FIRST:
            given = [word.value for word in node.keywords if word.arg == "code"]
            given += node.args[:1] if getattr(node.func, "id", "") in FIRST else []
            found |= {one.value for one in given for one in ast.walk(one) if isinstance(one, ast.Constant)}
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            names = [getattr(name, "id", "") for name in node.targets[0].elts]
            if "code" in names:
                given = [both.elts[names.index("code")] for both in ast.walk(node.value) if isinstance(both, ast.Tuple)]
                found |= {one.value for one in given if isinstance(one, ast.Constant)}
    return {str(code) for code in found}


def test_every_code_has_words_and_all_words_are_of_a_code() -> None:
    codes = {code for path in SOURCES for code in codes_of_findings(path.read_text())}
    codes |= {*STATUSES, *ClaimVerdict, *waits.CODES.values(), *consequence.FOLLOWS.values()}
    said = {code for words in CHECKS.values() for code in words.summaries}
    assert len(codes) > 60
    assert codes - said - {"acknowledged", "refused", "committed", "rolled_back"} == set()
    assert said - codes == set()
    assert CHECKS.keys() == {"any", *(check.name for check in registry.CHECKS)}


def test_a_check_that_has_no_words_is_told_by_its_code_and_its_numbers() -> None:
    text = finding_text(NEW)
    assert text.summary == "Queue too long"
    assert text.measured == "waiting 1,234 requests, most allowed 10.0 requests, longest wait 2.50 s"
    assert text.line() == f"fail: brand_new in 01-000: Queue too long; measured: {text.measured}"


def test_a_case_that_has_no_words_is_told_by_all_that_it_holds() -> None:
    case = Case(code="waited_long", values=in_unit("s", waited=2.5), ops=(op(3),), rows={"users": 1})
    assert case.code not in CASES
    assert case_text(case) == "Waited long: waited 2.50 s: create_user #3, told ok 201; stored 1 in users"
    assert case_text(Case(code="x", place=place("a.py:7 f"), facts={"fix": "g"})) == "a.py:7 f: g spares it"


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ({"a": 1, "b": 2, "c": 3}, "a 1, b 2; c 3"),
        ({"a": 1, "c": 3}, "a 1; c 3"),
        ({"b": 2, "c": 3}, "b 2; c 3"),
        ({"a": 1}, "a 1"),
        ({}, ""),
    ],
)
def test_a_fragment_of_which_something_is_not_known_is_left_out(known: dict[str, int], text: str) -> None:
    assert filled(("a {a}", ", b {b}", "c {c}"), known) == text
