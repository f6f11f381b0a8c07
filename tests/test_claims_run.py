"""Claims put to the test, as a person would."""

from pathlib import Path

import pytest

from harness.experiments.claims.catalog import CLAIMS
from harness.model.summary import Summary
from harness.model.verdict import Verdict
from harness.store import Store
from tests.test_command_line import twinbench

# Those that no measurement decides.
CERTAIN = {
    "expire_on_commit": "holds_within_limits",
    "connection_in_request": "holds_within_limits",
    "session_closed": "holds",
    "missing_rollback": "holds_within_limits",
    "missing_await": "holds",
    "alembic_imports": "holds",
    "alembic_round_trip": "holds_within_limits",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Summary]:
    """All that a single request or a plain process decides."""
    out: Path = tmp_path_factory.mktemp("results")
    done = twinbench("claims", *CERTAIN, "--seed", "7", "--out", str(out))
    assert done.returncode == 0, done.stderr + done.stdout
    store = Store.open(out / "latest")
    summary = store.summary()
    assert summary is not None
    return store, summary


def test_each_has_the_verdict_that_these_versions_give_it(run: tuple[Store, Summary]) -> None:
    _, summary = run
    assert (summary.kind, summary.verdict, summary.complete) == ("claims", Verdict.PASS, True)
    assert {one.check: one.code for one in summary.findings} == CERTAIN
    assert all(one.facts["versions"] for one in summary.findings)


def test_the_page_has_the_code_that_was_run(run: tuple[Store, Summary]) -> None:
    page = (run[0].folder / "report.html").read_text()
    for name in CERTAIN:
        assert f'id="claim-{name}"' in page
        (first, *_) = CLAIMS[name].begun().code
        assert f"{first.file}:{first.line}" in page


def test_a_stored_run_is_judged_again_without_load(run: tuple[Store, Summary]) -> None:
    done = twinbench("check", str(run[0].folder))
    assert done.returncode == 0
    assert "expire_on_commit" in done.stdout


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_are_put_to_the_test_in_ten_minutes(tmp_path: Path) -> None:
    done = twinbench("claims", "--seed", "7", "--out", str(tmp_path), timeout_s=800)
    summary = Store.open(tmp_path / "latest").summary()
    assert summary is not None, done.stderr
    assert {one.check for one in summary.findings} == set(CLAIMS)
    assert summary.verdict is not Verdict.FAIL
