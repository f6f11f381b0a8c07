"""What the probes cost, as a person would ask for it: a little of it."""

from pathlib import Path

import pytest

from harness.experiments.probe_overhead.experiment import in_order
from harness.model.summary import Summary
from harness.provision.postgres import Postgres
from harness.provision.postgres_url import VARIABLE
from harness.store import Store
from tests.fix_command_line import Say

TIMES = {"async:probed": 2, "sync:pool": 1}  # with all the probes, more often
SHORTER = {
    "harness.experiments.probe_overhead.experiment.TIMES_ALL": TIMES["async:probed"],
    "harness.experiments.interleaved.WARM_UP_S": 0.2,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, say: Say, postgres: Postgres) -> tuple[Store, Summary]:
    """One block of it, of one pair on each twin."""
    out: Path = tmp_path_factory.mktemp("results")
    chosen = ("--target", "async:probed", "--target", "sync:pool")
    words = ("probe-overhead", *chosen, "--blocks", "1", "--seconds", "0.3", "--seed", "7", "--out", str(out))
    done = say(*words, changed=SHORTER, **{VARIABLE: postgres.url})
    store = Store.open(out / "latest")
    summary = store.summary()
    assert summary is not None, done.stderr + done.stdout
    # so little of it can hardly tell; whatever it says, it says so
    assert done.returncode == {"pass": 0, "fail": 1, "undecided": 3}[summary.verdict], done.stderr + done.stdout
    return store, summary


def test_every_pair_was_driven_by_both_kinds_of_request_as_often_as_it_should(run: tuple[Store, Summary]) -> None:
    store, summary = run
    pairs = {("async", "async:probed"), ("sync", "sync:pool")}
    told = sorted((one.plain, one.probed, one.scenario, one.block) for one in store.slices())
    scenarios = ("ping", "point-read")
    assert told == [
        (*pair, name, time) for pair in sorted(pairs) for name in scenarios for time in range(1, TIMES[pair[1]] + 1)
    ]
    for one in store.slices():
        assert len(one.plain_ms) == len(one.probed_ms) > 0
        assert min(*one.plain_ms, *one.probed_ms) > 0
    observed = summary.measures.probe_overheads
    assert {(one.plain, one.probed, one.scenario) for one in observed} == {
        (*pair, name) for pair in pairs for name in scenarios
    }
    # a block that the machine held up is left out, so on a busy one there may be fewer
    assert all(one.share.value > 0 and 1 <= one.share.blocks <= TIMES[one.probed] for one in observed)


def test_each_block_has_every_pair_as_often_as_it_is_given_in_an_order_of_its_own_that_the_seed_fixes() -> None:
    pairs = (("a", "b"), ("a", "c"), ("a", "c"), ("d", "e"))
    order = list(in_order(pairs, 5, seed_of_run=3))
    blocks = [[pair for _, *pair in order[begin : begin + 4]] for begin in range(0, 20, 4)]
    assert [sorted(map(tuple, block)) for block in blocks] == [sorted(pairs)] * 5
    assert len({str(block) for block in blocks}) > 1
    assert [time for time, *pair in order if pair == ["a", "c"]] == list(range(1, 11))
    assert [time for time, *pair in order if pair == ["a", "b"]] == list(range(1, 6))
    assert order == list(in_order(pairs, 5, seed_of_run=3)) != list(in_order(pairs, 5, seed_of_run=4))


def test_each_is_judged_and_drawn(run: tuple[Store, Summary]) -> None:
    store, summary = run
    assert (summary.kind, summary.complete) == ("probe_overhead", True)
    assert [finding.check for finding in summary.findings] == ["probe_overhead"] * 4
    page = (store.folder / "report.html").read_text()
    assert '<section id="probe_overhead">' in page
    dearest = min(summary.measures.probe_overheads, key=lambda one: one.share.value)
    assert summary.findings[0].values["share"].value == dearest.share.value
    assert f"{dearest.scenario} at 0 ms: {dearest.probed} has {dearest.share.value:.3f}" in page
    assert "proxy adds" not in page  # there is none in the way
    assert "twinbench probe-overhead --target async:probed --target sync:pool --blocks 1 --seconds 0.3 --seed 7" in page


def test_a_target_without_probes_has_nothing_to_tell(tmp_path: Path, say: Say) -> None:
    done = say("probe-overhead", "--target", "async", "--out", str(tmp_path))
    assert done.returncode == 2
    assert "No target with probes is called 'async'" in done.stderr
