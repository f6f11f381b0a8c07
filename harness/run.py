"""The lifecycle of every kind of run: plan → execute → store, and measure → judge → report.

``run`` makes evidence; ``conclude`` makes a report of evidence, and can do so again at any time, for a run that was
cut short as for a whole one.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import HarnessError, UsageError
from harness.experiments.base import Assessment, Config, Experiment, Progress, Run
from harness.experiments.registry import experiment
from harness.model.plan import Target
from harness.model.run_records import RunRecord
from harness.model.summary import Setting, Summary
from harness.model.verdict import merge
from harness.model.workload import Workload
from harness.provision.environment import environment
from harness.provision.testbed import started_services
from harness.report.page import write_report
from harness.seal import is_sealed
from harness.store import VERSION, Store
from harness.stored_file import AGAIN, unreadable

# What breaks on a value that is of its type and makes no sense; all else is a mistake in code.
OF_VALUES = (LookupError, ArithmeticError, ValueError, TypeError)


def run(chosen: Experiment, config: Config, progress: Progress, opened: Callable[[Store], None]) -> None:
    """Plan and execute an experiment, and store the evidence.

    ``opened`` is called with the store as soon as there is one, so that whatever happens afterwards, what was stored
    can be reported.

    Raises:
        HarnessError: The run could not be made, or not to its end.
    """
    began_s = time.monotonic()
    settings = _settings(config.workload, chosen.targets.values())
    store = Store.create(config.out, datetime.now(UTC).strftime("%Y%m%d-%H%M%S"))  # names sort by age
    with _still_there(store.folder), store.kept_if_begun(), store.sealed():
        with (
            chosen.reserved(),
            started_services(
                workload=config.workload,
                postgres_url=config.postgres_url,
                toxiproxy_url=config.toxiproxy_url,
                log=store.log,
                say=progress.say,
            ) as services,
        ):
            planned = chosen.plan(services, config.seed)
            begun = Run(planned=planned, services=services, store=store, progress=progress)
            store.write_record(_record(config, chosen.kind, settings, begun))
            opened(store)
            chosen.execute(begun)
        store.finish(time.monotonic() - began_s)


def conclude(store: Store) -> Summary:
    """Make numbers, findings and the report of whatever is stored.

    Raises:
        EvidenceUnreadable: The stored run is torn or of another version.
        UsageError: Its folder is somebody else's.
    """
    if not os.access(store.folder, os.W_OK | os.X_OK):
        raise UsageError(f"Nothing can be written to {store.folder}", "Copy that run to a folder of yours")
    summary = _summary(store, store.record(), assess(store))
    store.write_summary(summary)
    write_report(summary, store.folder)
    return summary


def assess(store: Store) -> Assessment:
    """Measure and judge whatever is stored, and write nothing.

    Raises:
        EvidenceUnreadable: The stored run is torn or of another version.
    """
    record = store.record()
    return experiment(record.kind).assess(store, record)


@contextmanager
def read_from(store: Store) -> Iterator[None]:
    """Say in one line that what a run left when it was killed makes no sense: nothing tells what became of it since.

    A run that is as its manifest has it is what we stored, and whatever breaks on it is a bug of ours.

    Raises:
        EvidenceUnreadable: An error was raised that values can cause.
    """
    try:
        yield
    except OF_VALUES as error:
        if is_sealed(store.folder):
            raise
        frames = traceback.extract_tb(error.__traceback__)
        place = [frame for frame in frames if Path(frame.filename).is_relative_to(Path(__file__).parent)][-1]
        why = f"{type(error).__name__}: {error}, in {Path(place.filename).name}:{place.lineno}"
        raise unreadable(store.folder, why, AGAIN) from error


@contextmanager
def _still_there(folder: Path) -> Iterator[None]:
    """Say so where what went wrong is that somebody took a run's folder away while it lasted.

    Raises:
        HarnessError: Somebody did.
    """
    try:
        yield
    except OSError as error:
        if os.access(folder / "trials", os.W_OK | os.X_OK):
            raise
        raise HarnessError(
            f"The run's folder {folder} can't be used any more: {error.strerror}", "Leave it alone while a run lasts"
        ) from error


def _settings(workload: Workload, targets: Iterable[Target]) -> tuple[Setting, ...]:
    """Read the settings of each target, which variables of the environment may change; "–" for what it has not."""
    known = tuple(targets)
    values: dict[tuple[str, str], dict[str, str]] = {}
    for target in known:
        for name, value, why in workload.settings(target):
            values.setdefault((name, why), {one.name: "–" for one in known})[target.name] = value
    return tuple(Setting(name=name, values=by_target, why=why) for (name, why), by_target in values.items())


def _record(config: Config, kind: str, settings: tuple[Setting, ...], begun: Run) -> RunRecord:
    return RunRecord(
        version=VERSION,
        run=begun.store.folder.name,
        kind=kind,
        command=config.command,
        workload=config.workload_name,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        started_ns=time.monotonic_ns(),
        environment=environment(begun.services, begun.planned.plan.processors),
        settings=settings,
        **vars(begun.planned),
    )


def _summary(store: Store, record: RunRecord, assessment: Assessment) -> Summary:
    known = {name: value for name, value in vars(record).items() if name in Summary.__dataclass_fields__}
    return Summary(
        **(known | vars(assessment)),  # which has the controls as they were judged, instead of as they were planned
        sections=experiment(record.kind).sections,
        duration_s=record.took_s or 0.0,
        complete=store.is_complete(record),
        verdict=merge(finding.verdict for finding in assessment.findings),
        trials_done=sum(map(store.is_over, record.plan.trials)),
    )
