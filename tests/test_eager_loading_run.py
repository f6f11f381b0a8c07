"""A comparison of loading strategies, as a person would run it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.experiments.eager_loading.pages import STRATEGIES, pages
from harness.model.measures import PageCost
from harness.model.summary import Summary
from harness.model.verdict import Verdict
from harness.provision.postgres import Postgres
from harness.provision.postgres_url import VARIABLE
from harness.store import Store
from tests.fix_command_line import Say

LEVEL_MS = 2


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, say: Say, postgres: Postgres) -> tuple[Store, Summary]:
    """One block of it, on both twins at one distance."""
    out: Path = tmp_path_factory.mktemp("results")
    words = ("eager-loading", "--blocks", "1", "--latency-ms", str(LEVEL_MS), "--seed", "7", "--out", str(out))
    done = say(*words, changed={"harness.experiments.eager_loading.pages.REQUESTS": 1}, **{VARIABLE: postgres.url})
    assert done.returncode == 0, done.stderr + done.stdout
    store = Store.open(out / "latest")
    summary = store.summary()
    assert summary is not None
    return store, summary


@pytest.fixture
def cost(run: tuple[Store, Summary]) -> Callable[..., PageCost]:
    """Find what one page cost."""

    def find(strategy: str, users: int = 20, posts_each: int = 5, target: str = "async") -> PageCost:
        wanted = (target, strategy, users, posts_each)
        (found,) = [one for one in run[1].pages if (one.target, one.strategy, one.users, one.posts_each) == wanted]
        return found

    return find


def test_every_page_was_asked_for_by_every_strategy_of_both_twins(run: tuple[Store, Summary]) -> None:
    _, summary = run
    assert len(summary.pages) == 2 * len(STRATEGIES) * len(pages())
    assert (summary.kind, summary.verdict, summary.complete) == ("eager_loading", Verdict.PASS, True)
    assert {finding.check for finding in summary.findings} == {"eager_loading"}


def test_each_statement_pays_the_distance(cost: Callable[..., PageCost]) -> None:
    for target in ("async", "sync"):
        lazy, selectin = cost("lazy", target=target), cost("selectin", target=target)
        assert lazy.round_trips - selectin.round_trips == 19
        for cost_of in (lazy, selectin):
            assert cost_of.took_ms.value >= cost_of.round_trips * LEVEL_MS


def test_joined_rows_repeat_their_user_and_posts_are_what_costs_bytes(cost: Callable[..., PageCost]) -> None:
    assert cost("joined", posts_each=20).bytes_down > cost("selectin", posts_each=20).bytes_down
    assert cost("raise", posts_each=20).bytes_down == pytest.approx(cost("raise", posts_each=1).bytes_down, rel=0.02)
    assert cost("selectin").answer_bytes == pytest.approx(cost("joined").answer_bytes, rel=0.02)


def test_the_report_draws_it(run: tuple[Store, Summary]) -> None:
    page = (run[0].folder / "report.html").read_text()
    assert '<section id="eager_loading">' in page
    assert f"twinbench eager-loading --blocks 1 --latency-ms {LEVEL_MS} --seed 7" in page
