"""docs/claims.md is what the experiments and the stored run say, and nothing else."""

from harness.experiments.claims.catalog import CLAIMS
from tools.claims_page import PAGE, page, stored


def test_the_page_is_made_of_the_experiments_and_the_stored_run() -> None:
    assert PAGE.read_text() == page(stored())


def test_the_stored_run_has_every_claim_as_it_is_told_now() -> None:
    assert {one.claim.name: one.claim for one in stored()} == {name: test.claim for name, test in CLAIMS.items()}
    assert all(one.complete for one in stored())


def test_what_is_not_in_the_stored_run_is_said_to_be_missing() -> None:
    assert "not in the stored run" in page(())
