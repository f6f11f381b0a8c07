"""What is stored can be read again, whole or torn, and what is not there is said."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.commands.list import stored_runs
from harness.errors import EvidenceUnreadable, UsageError
from harness.experiments.registry import EXPERIMENTS, experiment
from harness.model.run_records import TrialRecord
from harness.store import VERSION, Store
from tests.evidence import FAULT, SCENARIO, TARGET, WINDOW, distances, ledger, op
from tests.stored_run import record_of, write_ops
from tests.unit.test_plan import plan

PLAN = plan(1)
RECORD = record_of(
    PLAN,
    [TARGET, replace(TARGET, name="sync")],
    [replace(SCENARIO, name=name) for name in ("write", "ping", "point-read")],
)
TRIAL = PLAN.trials[0]
END_OF_STREAM = 8  # bytes


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A run that has begun."""
    made = Store.create(tmp_path, "20260101-000000")
    made.write_record(RECORD)
    return made


def write_batches(store: Store, batches: int) -> Path:
    """Write the ops of the first trial in so many batches of two."""
    write_ops(store, TRIAL, [op(number) for number in range(2 * batches)], batches)
    return store.ops_path(TRIAL)


@pytest.mark.parametrize("cut_off", [0, END_OF_STREAM], ids=["ended", "of a killed generator"])
def test_a_trial_comes_back_as_it_was(store: Store, cut_off: int) -> None:
    path = write_batches(store, 2)
    path.write_bytes(path.read_bytes()[: path.stat().st_size - cut_off])
    known = TrialRecord(trial=TRIAL, window=WINDOW, samples=distances(20, 1), faults=(FAULT,), ledger=ledger())
    assert not store.is_over(TRIAL)
    store.write_trial(known)
    assert store.is_over(TRIAL)
    found = Store.open(store.folder).evidence(TRIAL, store.record())
    assert found is not None
    assert found.complete
    assert (found.window, found.samples, found.faults) == (WINDOW, known.samples, (FAULT,))
    assert [(op.name, op.outcome, op.status) for op in found.ops] == [("create_user", "ok", 201)] * 4
    assert store.record() == RECORD


def test_a_torn_tail_costs_its_batch_only(store: Store) -> None:
    path = write_batches(store, 3)
    path.write_bytes(path.read_bytes()[:-20])
    found = store.evidence(TRIAL, RECORD)
    assert found is not None
    assert len(found.ops) == 4
    assert not found.complete
    assert found.window is None


@pytest.mark.parametrize("left", [0, 10])
def test_a_record_torn_at_its_head_holds_nothing(store: Store, left: int) -> None:
    path = write_batches(store, 1)
    path.write_bytes(path.read_bytes()[:left])
    assert store.evidence(TRIAL, RECORD) is None


def test_latest_points_to_the_newest_run(store: Store) -> None:
    other = Store.create(store.folder.parent, "20260102-000000")
    other.write_record(RECORD)
    assert (store.folder.parent / "latest").resolve() == other.folder
    assert stored_runs(store.folder.parent) == [other.folder, store.folder]


def test_two_runs_in_one_second_get_a_folder_each(store: Store) -> None:
    assert Store.create(store.folder.parent, store.folder.name).folder != store.folder


def test_a_run_is_complete_if_it_came_to_an_end_and_was_sealed(store: Store) -> None:
    assert not store.is_complete(store.record())
    store.finish(1.5)
    assert store.record().took_s == 1.5
    assert not store.is_complete(store.record())  # killed before its manifest was written
    with store.sealed():
        pass
    assert store.is_complete(store.record())


def test_a_run_that_was_interrupted_is_sealed_and_complete_only_if_its_plan_was_cut_down(store: Store) -> None:
    def interrupt(ended: str) -> None:
        with store.sealed():
            store.write_plan(PLAN, ended)
            raise KeyboardInterrupt

    for ended, complete in (("", False), ("interrupted", True)):
        with pytest.raises(KeyboardInterrupt):
            interrupt(ended)
        assert Store.open(store.folder).is_complete(store.record()) is complete


def test_a_run_that_never_began_is_not_sealed(tmp_path: Path) -> None:
    store = Store.create(tmp_path, "r")
    with store.kept_if_begun(), store.sealed():
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_results_should_go_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("in the way")
    with pytest.raises(UsageError, match="--out"):
        Store.create(tmp_path / "results", "r")


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_is_in_the_way_of_the_link_to_the_newest_run_is_a_usage_error(kind: str, store: Store) -> None:
    """As it is in results that were copied, or fetched as an archive, by what knows no links."""
    results = store.folder.parent
    Store.create(results, "a")
    (results / "latest").unlink()
    (results / "latest").mkdir() if kind == "folder" else (results / "latest").touch()
    with pytest.raises(UsageError, match=r"latest is in the way.*--out"):
        Store.create(results, "b")
    assert not (results / "b").exists()


def test_a_file_system_without_links_is_a_usage_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_paths: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("pathlib.Path.symlink_to", refuse)
    with pytest.raises(UsageError, match=r"Operation not permitted.*--out"):
        Store.create(tmp_path, "r")


def test_no_run_another_version_and_a_torn_record_are_told_apart(store: Store, tmp_path: Path) -> None:
    with pytest.raises(EvidenceUnreadable, match="No run is stored"):
        Store.open(tmp_path / "nowhere")
    record = store.folder / "run.json"
    record.write_text(record.read_text().replace(f'"version": {VERSION}', '"version": 99', 1))
    with pytest.raises(EvidenceUnreadable, match="version 99"):
        store.record()
    record.write_text("{")
    with pytest.raises(EvidenceUnreadable, match="can't be read"):
        store.record()


def test_a_run_of_the_version_before_is_refused_in_one_line(store: Store) -> None:
    record = store.folder / "run.json"
    before = VERSION - 1
    record.write_text(record.read_text().replace(f'"version": {VERSION}', f'"version": {before}', 1))
    told = rf"is of version {before}, and this twinbench reads version {VERSION}\."
    with pytest.raises(EvidenceUnreadable, match=told) as refused:
        store.record()
    assert "\n" not in str(refused.value)


def test_a_run_of_a_kind_that_is_not_known_is_refused() -> None:
    with pytest.raises(EvidenceUnreadable, match="'capacity', and this twinbench knows comparison, chaos"):
        experiment("capacity")
    for kind in EXPERIMENTS:
        assert experiment(kind).kind == kind
