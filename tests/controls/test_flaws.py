"""Every flaw is caught by the check that it names, and by the same means the twins by none. On real parts."""

from pathlib import Path

import pytest

from harness.checks.cuts import check_cuts
from harness.cuts import map_cuts
from harness.fates import OFFENCES, fate_of_cut
from harness.faults.catalog import FAULTS
from harness.judge import judge_trial
from harness.model import CutMap, Target, Verdict
from harness.programme import fresh_ring, make_programme, run_fault
from harness.provision.postgres import Postgres
from harness.provision.stage import Parts
from harness.provision.toxiproxy import ToxiproxyServer
from harness.store import RunRecord, Store
from scenarios.catalog import CHAOS, CUTTABLE
from scenarios.operations import DATASET
from targets.catalog import CATALOG
from targets.flaws.catalog import FLAWS

ROWS = (DATASET.users, DATASET.posts_per_user)
CUT_FLAWS = [name for name, flaw in FLAWS.items() if flaw.cuts]
FAULT_FLAWS = [name for name, flaw in FLAWS.items() if flaw.faults]
STRIDE = 100


@pytest.fixture(scope="module")
def parts(postgres: Postgres, toxiproxy: ToxiproxyServer) -> Parts:
    """PostgreSQL and Toxiproxy of the session."""
    return Parts(postgres=postgres, toxiproxy=toxiproxy, without_toxiproxy="")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path, "run")


def cuts(parts: Parts, store: Store, target: Target, operations: tuple[str, ...]) -> CutMap:
    return map_cuts(parts, [target], operations, ROWS, store, lambda: None, lambda _total: None, stride=STRIDE)


def verdicts(parts: Parts, store: Store, target: Target, faults: tuple[str, ...]) -> dict[str, set[Verdict]]:
    """What each check says of a target under faults, over all of them."""
    plan = make_programme((target.name,), faults, 1, 1, "default")
    record = RunRecord(
        version=2,
        run="run",
        started_at="",
        started_ns=0,
        plan=plan,
        targets=(target,),
        scenarios=(CHAOS,),
        environment={},
        settings=(),
        not_done=(),
        kind="chaos",
    )
    found: dict[str, set[Verdict]] = {}
    with fresh_ring(parts, target, CHAOS, plan, ROWS, store) as ring:
        for trial in plan.trials:
            run_fault(trial, ring)
            known = store.evidence(trial, record)
            assert known is not None
            for finding in judge_trial(known):
                found.setdefault(finding.check, set()).add(finding.verdict)
    return found


def test_every_flaw_names_one_check_and_says_how_it_comes_about() -> None:
    for flaw in FLAWS.values():
        assert len(flaw.target.expected) == 1
        text = Path(__file__).parents[2].joinpath(*flaw.target.app.partition(":")[0].split(".")).with_suffix(".py")
        for part in ("What goes wrong:", "How it comes about:", f"Caught by: ``{next(iter(flaw.target.expected))}``"):
            assert part in text.read_text(), (flaw.target.name, part)


@pytest.mark.parametrize("name", CUT_FLAWS)
def test_a_flaw_that_cuts_bring_to_light(name: str, parts: Parts, store: Store) -> None:
    flaw = FLAWS[name]
    assert flaw.target.expected == {"cuts": Verdict.FAIL}
    found = list(check_cuts(cuts(parts, store, flaw.target, flaw.cuts)))
    assert Verdict.FAIL in {finding.verdict for finding in found if finding.check == "cuts"}


@pytest.mark.parametrize("name", FAULT_FLAWS)
def test_a_flaw_that_faults_bring_to_light(name: str, parts: Parts, store: Store) -> None:
    flaw = FLAWS[name]
    found = verdicts(parts, store, flaw.target, flaw.faults)
    failed = {check for check, seen in found.items() if Verdict.FAIL in seen}
    assert failed == set(flaw.target.expected)


@pytest.mark.parametrize("twin", ["async", "sync"])
def test_cuts_find_no_fault_with_a_twin(twin: str, parts: Parts, store: Store) -> None:
    cut_map = cuts(parts, store, CATALOG[twin], CUTTABLE)
    assert [cut for cut in cut_map.cuts if fate_of_cut(cut) in OFFENCES] == []
    assert len(cut_map.cuts) > 100
    for finding in check_cuts(cut_map):
        assert finding.verdict is not Verdict.FAIL, finding


@pytest.mark.parametrize("twin", ["async", "sync"])
def test_the_same_faults_find_no_fault_with_a_twin(twin: str, parts: Parts, store: Store) -> None:
    faults = tuple(dict.fromkeys(fault for flaw in FLAWS.values() for fault in flaw.faults))
    assert set(faults) <= set(FAULTS)
    found = verdicts(parts, store, CATALOG[twin], faults)
    assert {check for check, seen in found.items() if Verdict.FAIL in seen} == set()
