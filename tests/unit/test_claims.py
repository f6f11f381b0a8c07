"""Claims as a whole: each has words, code and a check, and a run of them ends as it must."""

from dataclasses import replace

import pytest

from harness.analysis.checks.claims.catalog import CLAIM_CHECKS
from harness.analysis.checks.registry import judge_claim
from harness.analysis.claims import measured_claim
from harness.analysis.judge import judge_claims
from harness.errors import UsageError
from harness.experiments.claims.alembic_project import operations
from harness.experiments.claims.catalog import CLAIMS
from harness.experiments.claims.claim_test import ClaimTest, Shown
from harness.experiments.claims.experiment import Claims
from harness.model.claims import RATIO, ClaimEvidence, ClaimVerdict, seen
from harness.model.verdict import Verdict, merge
from harness.report.sentences.findings import CHECKS
from targets.workload import WORKLOAD
from tests.claims import claim_of
from tests.unit.test_claims_of_one_request import EXPIRE


@pytest.mark.parametrize("test", CLAIMS.values(), ids=CLAIMS)
def test_every_claim_says_what_how_and_what_decides_and_shows_the_code(test: ClaimTest) -> None:
    begun = test.begun()
    for text in (test.claim.says, test.claim.method, test.claim.measure):
        assert len(text.split()) > 6
        assert text.endswith(".")
    assert "holds" in test.claim.measure or "hold" in test.claim.measure
    assert all(listing.text for listing in begun.code)
    assert begun.code
    assert all(begun.versions.values())
    assert set(test.targets) <= set(WORKLOAD.targets)
    assert not begun.complete


def test_claims_and_checks_have_the_same_names_and_every_number_comes_once() -> None:
    assert list(CLAIMS) == list(CLAIM_CHECKS)
    numbers = [test.claim.number for test in CLAIMS.values()]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("name", CLAIMS)
def test_every_claim_has_words_for_holding_or_within_limits_and_for_not_holding(name: str) -> None:
    words = CHECKS[name].summaries
    assert words.keys() <= set(ClaimVerdict)
    assert ClaimVerdict.DOES_NOT_HOLD in words
    assert words.keys() & {ClaimVerdict.HOLDS, ClaimVerdict.WITHIN_LIMITS}


def test_what_was_not_observed_to_its_end_is_undecided_and_so_is_what_has_no_check() -> None:
    whole = claim_of("expire_on_commit", EXPIRE)
    (torn,) = judge_claim(replace(whole, complete=False))
    (unknown,) = judge_claim(replace(whole, claim=replace(whole.claim, name="no_such")))
    (holey,) = judge_claim(replace(whole, cases=()))
    assert [one.code for one in (torn, unknown, holey)] == ["not_observed", "no_check", "crashed"]
    assert {one.verdict for one in (torn, unknown, holey)} == {Verdict.UNDECIDED}


@pytest.mark.parametrize(
    ("case", "error", "verdict"),
    [
        ("async", "MissingGreenlet", Verdict.PASS),
        ("async", "none", Verdict.PASS),
        ("async, expire_on_commit=False", "MissingGreenlet", Verdict.FAIL),
    ],
)
def test_a_claim_that_does_not_hold_is_decided_and_only_a_control_fails_a_run(
    case: str, error: str, verdict: Verdict
) -> None:
    claim = claim_of("expire_on_commit", EXPIRE, {case: {"error": error}})
    assert merge(one.verdict for one in judge_claims([claim])) is verdict


def test_a_name_that_is_none_is_told_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match=r"No claim is called 'nonsense'. Choose of alembic_imports, "):
        Claims.of(WORKLOAD, ["nonsense", "waiting"], "default")
    assert [one.claim.name for one in Claims.of(WORKLOAD, ["layers", "waiting", "layers"], "full").tests] == [
        "layers",
        "waiting",
    ]
    assert len(Claims.of(WORKLOAD, None, "default").tests) == len(CLAIMS)


def test_code_that_is_not_there_is_an_error() -> None:
    with pytest.raises(LookupError, match="has no nothing_here"):
        list(Shown(file="targets/async_api/routes.py", names=("nothing_here",)).listings())
    (one,) = Shown(file="targets/async_api/routes.py", names=("get_user",)).listings()
    assert one.text.startswith('@stored.get("/users/{user_id}"')
    assert one.text.endswith("read_user(Repository(session), user_id)")


def test_operations_of_a_revision_are_read_as_they_are_written() -> None:
    revision = """
def upgrade() -> None:
    # a comment
    op.add_column("users", sa.Column("nickname", sa.String(length=40), nullable=True))
    op.drop_index(op.f("ix_orders_customer_id"), table_name="orders")
    op.drop_table("orders")

def downgrade() -> None:
    op.drop_column("users", "nickname")
"""
    assert list(operations(revision)) == [
        "add_column users nickname",
        "drop_index ix_orders_customer_id orders",
        "drop_table orders",
    ]
    assert list(operations("def upgrade() -> None:\n    pass\n")) == []


def test_a_ratio_has_the_mean_of_its_logarithms_and_any_other_number_its_own() -> None:
    observed = [seen("a", unit, {unit or "ms": value}) for unit in (RATIO, "") for value in (0.5, 2.0)]
    evidence = ClaimEvidence(claim=CLAIMS["layers"].claim, versions={}, code=(), observations=tuple(observed))
    claim = measured_claim(evidence)
    assert claim.value("a", RATIO) == pytest.approx(1.0)
    assert claim.interval("a", RATIO).low == pytest.approx(1 / (claim.interval("a", RATIO).high or 0))
    assert claim.value("a", "ms") == 1.25
