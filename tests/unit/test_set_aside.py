"""A trial whose distance came out wrong is set aside, and run again; nothing else is."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.analysis.checks.added_latency import is_off
from harness.experiments.block import key_prefix
from harness.experiments.comparison import experiment
from harness.model.evidence import Sample
from harness.model.plan import Trial
from harness.model.run_records import TrialRecord
from harness.store import Store
from tests.evidence import SCENARIO, TRIAL, WINDOW, distances

GOOD, OFF = distances(20.9, 0.4), distances(21.9, 0.4)
TRIALS = [replace(TRIAL, id=f"01-{slot:03d}", number=slot, slot=slot) for slot in range(20)]


@pytest.mark.parametrize(
    ("measured_ms", "off"), [(18.99, True), (19.01, False), (20.0, False), (20.99, False), (21.01, True)]
)
def test_off_is_what_the_check_does_not_pass(measured_ms: float, off: bool) -> None:  # noqa: FBT001 - the expectation
    assert is_off(TRIAL, distances(measured_ms + 0.4, 0.4)) is off


def test_what_was_not_read_is_not_off() -> None:
    assert not is_off(TRIAL, distances(30.0, 0.4, count=4))


def block(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    samples: Callable[[Trial], tuple[Sample, ...]],
    *,
    checked: bool = True,
    sliced: bool = False,
    trials: Sequence[Trial] = TRIALS,
) -> tuple[Store, list[tuple[str, int]]]:
    """Run trials with ``samples`` for what the meter reads; return the store and all attempts."""
    store = Store.create(tmp_path, "run")
    made: list[tuple[str, int]] = []

    def run_trial(trial: Trial, _block: object) -> TrialRecord:
        made.append((trial.id, trial.attempt))
        store.ops_path(trial)
        record = TrialRecord(trial=trial, window=WINDOW, samples=samples(trial), faults=(), ledger=None)
        store.write_trial(record)
        return record

    monkeypatch.setattr(experiment, "run_trial", run_trial)
    monkeypatch.setattr(experiment, "run_sliced", lambda group, over: [run_trial(one, over) for one in group])
    far = replace(SCENARIO, checks=("added_latency",) if checked else ())
    run = SimpleNamespace(store=store, scenario=lambda _name: far, plan=SimpleNamespace(sliced=sliced))
    over: Any = SimpleNamespace(run=run)
    experiment.run_block(trials, over)
    return store, made


def test_a_quiet_block_runs_each_trial_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store, made = block(monkeypatch, tmp_path, lambda _trial: GOOD)
    assert made == [(trial.id, 1) for trial in TRIALS]
    assert store.set_aside_records() == []


def test_where_the_distance_is_not_checked_nothing_is_run_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, made = block(monkeypatch, tmp_path, lambda _trial: OFF, checked=False)
    assert made == [(trial.id, 1) for trial in TRIALS]


def test_a_disturbed_trial_is_run_again_at_the_end_and_both_are_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    disturbed = TRIALS[3]
    store, made = block(
        monkeypatch,
        tmp_path,
        lambda trial: OFF if (trial.id, trial.attempt) in {(disturbed.id, 1), (disturbed.id, 2)} else GOOD,
    )
    assert made[len(TRIALS) :] == [(disturbed.id, 2), (disturbed.id, 3)]
    kept = store.trial_record(disturbed)
    assert kept is not None
    assert kept.trial.attempt == 3
    assert kept.samples == GOOD
    assert [(record.trial.attempt, record.samples) for record in store.set_aside_records()] == [(1, OFF), (2, OFF)]


def test_a_machine_that_is_never_quiet_is_given_up_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store, made = block(monkeypatch, tmp_path, lambda _trial: OFF)
    again = [attempt for _, attempt in made if attempt > 1]
    assert again == [2] * len(TRIALS) + [3] * (experiment.MOST_REPEATED - len(TRIALS))
    assert all(store.trial_record(trial) is not None for trial in TRIALS)


def test_a_trial_that_is_always_disturbed_is_given_up_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store, made = block(monkeypatch, tmp_path, lambda trial: OFF if trial.id == TRIALS[0].id else GOOD)
    assert [attempt for name, attempt in made if name == TRIALS[0].id] == list(range(1, experiment.ATTEMPTS + 1))
    assert len(store.set_aside_records()) == experiment.ATTEMPTS - 1


def test_in_slices_all_targets_of_a_row_are_run_again_together(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rows = [
        replace(TRIAL, id=f"{added_ms}-{target}", target=target, added_ms=added_ms)
        for added_ms in (5, 20)
        for target in ("async", "sync")
    ]
    store, made = block(
        monkeypatch,
        tmp_path,
        lambda trial: OFF if (trial.id, trial.attempt) == ("20-async", 1) else distances(trial.added_ms + 0.9, 0.4),
        sliced=True,
        trials=rows,
    )
    assert made == [*((trial.id, 1) for trial in rows), ("20-async", 2), ("20-sync", 2)]
    assert {record.trial.id for record in store.set_aside_records()} == {"20-async", "20-sync"}


def test_attempts_write_under_keys_of_their_own() -> None:
    attempts = range(1, experiment.ATTEMPTS + 1)
    prefixes = {key_prefix(replace(trial, attempt=attempt)) for trial in TRIALS for attempt in attempts}
    assert len(prefixes) == experiment.ATTEMPTS * len(TRIALS)
    assert all(len(prefix) == 8 and prefix.strip("0") for prefix in prefixes)
