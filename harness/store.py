"""A run on disk: written as it happens, readable whatever ended it.

    results/<run>/run.json            plan, targets, scenarios, environment: before the first trial
    results/<run>/wire.json           round trips per request
    results/<run>/trials/<id>/        ops.arrows as load runs; trial.json once the trial is over
    results/<run>/set-aside/<id>-<n>/ the n-th attempt at a trial that was run again
    results/<run>/cuts.json           every cut of a chaos run; those of its controls in control-cuts.json
    results/<run>/pages.json          what pages cost by each loading strategy
    results/<run>/slices.json            what targets took with and without probes, slice by slice
    results/<run>/finished.json       the completion mark, written last
    results/<run>/summary.json        what judge and analyse made of it; can be made again
    results/latest                    a link to the newest run

Files are written to a temporary name, synced and renamed, so that one is whole or not there.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pydantic import TypeAdapter, ValidationError

from harness.errors import EvidenceUnreadable, UsageError
from harness.model.cut_map import CutMap
from harness.model.evidence import Evidence, PageReading, SliceReading
from harness.model.measures import WireCount
from harness.model.plan import Plan, Trial
from harness.model.request_record import Op, Outcome
from harness.model.run_records import RunRecord, TrialRecord
from harness.model.summary import Summary

if TYPE_CHECKING:
    import pandas as pd

VERSION = 6
CONTROL_CUTS = "control-cuts"
T = TypeVar("T")
# Made once of each type, which takes longer than to read a file with it.
_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


class Store:
    """One run's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def create(cls, results: Path, name: str) -> Self:
        """Make the folder of a new run.

        Raises:
            UsageError: ``results`` can't be written to.
        """
        folder = results / name
        again = itertools.count(2)
        try:
            while folder.exists():  # two runs begun in one second
                folder = results / f"{name}-{next(again)}"
            (folder / "trials").mkdir(parents=True)
            (folder / "logs").mkdir()
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise UsageError(
                f"Results can't be written to {results}: {error.strerror}",
                "Make that folder writable, or name another by --out",
            ) from error
        return cls(folder)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a stored run.

        Raises:
            EvidenceUnreadable: There is no run in ``folder``.
        """
        if not os.access(folder / "run.json", os.R_OK):  # which says no of a name that can't be, too
            raise EvidenceUnreadable(
                f"No run is stored in {folder}", "Say 'twinbench list' to see those that there are"
            )
        return cls(folder.resolve())

    @contextmanager
    def kept_if_begun(self) -> Iterator[None]:
        """Remove the folder again if it ends without a plan and without a word in a log: nothing was run."""
        try:
            yield
        finally:
            logs = [path for path in (self.folder / "logs").iterdir() if path.stat().st_size]
            if not (self.folder / "run.json").exists() and not logs:
                shutil.rmtree(self.folder)

    def write_record(self, record: RunRecord) -> None:
        """Store what is known before the first trial, and point ``latest`` to this run."""
        _write(self.folder / "run.json", RunRecord, record)
        fresh = self.folder.parent / f".latest-{self.folder.name}"
        fresh.symlink_to(self.folder.name)
        fresh.replace(self.folder.parent / "latest")

    def write_plan(self, plan: Plan, ended: str = "") -> None:
        """Store what is known of the plan by now, and why the run ended where it did, if it has."""
        _write(self.folder / "run.json", RunRecord, replace(self.record(), plan=plan, ended=ended))

    def record(self) -> RunRecord:
        """Return what was known before the first trial.

        Raises:
            EvidenceUnreadable: It is of another version, or torn.
        """
        path = self.folder / "run.json"
        try:
            version = json.loads(path.read_bytes())["version"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EvidenceUnreadable(f"{path} can't be read: {error}", "Run the benchmark again") from error
        if version != VERSION:
            raise EvidenceUnreadable(
                f"{path} is of version {version}, and this twinbench reads version {VERSION}",
                "Report it with the twinbench that made it",
            )
        return _read(path, RunRecord)

    def log(self, name: str) -> Path:
        """Return where the log of a part goes."""
        return self.folder / "logs" / f"{name}.log"

    def ops_path(self, trial: Trial) -> Path:
        """Make a trial's folder and return where its ops go."""
        folder = self.folder / "trials" / trial.id
        folder.mkdir(parents=True, exist_ok=True)
        return folder / "ops.arrows"

    def write_trial(self, record: TrialRecord) -> None:
        """Store a trial that is over. Without this file it counts as interrupted."""
        _write(self.folder / "trials" / record.trial.id / "trial.json", TrialRecord, record)

    def set_aside(self, trial: Trial) -> None:
        """Put the attempt at a trial away, to be kept but not counted, so that it can be run again."""
        folder = self.folder / "set-aside"
        folder.mkdir(exist_ok=True)
        attempt = 1 + len(list(folder.glob(f"{trial.id}-*")))
        (self.folder / "trials" / trial.id).rename(folder / f"{trial.id}-{attempt}")

    def set_aside_records(self) -> list[TrialRecord]:
        """Return what is known of each attempt that was set aside."""
        return [_read(path, TrialRecord) for path in sorted((self.folder / "set-aside").glob("*/trial.json"))]

    def write_wire(self, counts: tuple[WireCount, ...]) -> None:
        """Store the round trips per request."""
        _write(self.folder / "wire.json", tuple[WireCount, ...], counts)

    def wire(self) -> tuple[WireCount, ...]:
        """Round trips per request; empty if they were not counted."""
        return self._kept("wire", tuple[WireCount, ...]) or ()

    def write_cuts(self, cut_map: CutMap, name: str = "cuts") -> None:
        """Store the cut map; that of the controls goes by ``CONTROL_CUTS``."""
        _write(self.folder / f"{name}.json", CutMap, cut_map)

    def cuts(self, name: str = "cuts") -> CutMap | None:
        """Return the cut map; None if there is none."""
        return self._kept(name, CutMap)

    def write_pages(self, readings: Sequence[PageReading]) -> None:
        """Store what pages cost so far."""
        _write(self.folder / "pages.json", tuple[PageReading, ...], tuple(readings))

    def pages(self) -> tuple[PageReading, ...]:
        """Return what pages cost; empty if none was asked for."""
        return self._kept("pages", tuple[PageReading, ...]) or ()

    def write_slices(self, readings: Sequence[SliceReading]) -> None:
        """Store what targets with and without probes took so far."""
        _write(self.folder / "slices.json", tuple[SliceReading, ...], tuple(readings))

    def slices(self) -> tuple[SliceReading, ...]:
        """Return what targets with and without probes took; empty if none were driven in slices."""
        return self._kept("slices", tuple[SliceReading, ...]) or ()

    def finish(self, duration_s: float) -> None:
        """Mark the run as complete."""
        _write(self.folder / "finished.json", float, duration_s)

    def duration_s(self) -> float | None:
        """Return how long the run took; None if it did not come to its end."""
        return self._kept("finished", float)

    def write_summary(self, summary: Summary) -> None:
        """Store what was made of the evidence."""
        _write(self.folder / "summary.json", Summary, summary)

    def summary(self) -> Summary | None:
        """Return what was made of the evidence; None if nothing was yet."""
        return self._kept("summary", Summary)

    def trial_record(self, trial: Trial) -> TrialRecord | None:
        """Return what is known of a trial that is over; None if it was interrupted or never begun."""
        return self._kept(f"trials/{trial.id}/trial", TrialRecord)

    def ops_frame(self, trial: Trial) -> pd.DataFrame | None:
        """Ops of a trial as a frame with the columns of ``Op``; None if it was never begun.

        A torn tail, as a killed generator leaves it, is passed over: every whole batch is read.
        """
        path = self.folder / "trials" / trial.id / "ops.arrows"
        if not path.exists() or path.stat().st_size == 0:
            return None
        import pyarrow as pa  # noqa: PLC0415 - takes half a second, which whoever reads no ops need not pay

        batches = []
        with pa.OSFile(str(path)) as source, suppress(pa.ArrowInvalid, OSError, StopIteration):
            reader = pa.ipc.open_stream(source)
            while True:
                batches.append(reader.read_next_batch())
        return pa.Table.from_batches(batches).to_pandas() if batches else None

    def evidence(self, trial: Trial, record: RunRecord) -> Evidence | None:
        """All that a check may look at, of one trial; None if it was never begun."""
        frame = self.ops_frame(trial)
        known = self.trial_record(trial)
        if frame is None and known is None:
            return None
        rows = [] if frame is None else zip(*(frame[name].tolist() for name in Op.__slots__), strict=True)
        named = (dict(zip(Op.__slots__, row, strict=True)) for row in rows)
        ops = tuple(Op(**{**op, "outcome": Outcome(op["outcome"])}) for op in named)
        return Evidence(
            trial=trial,
            target=next(target for target in record.targets if target.name == trial.target),
            scenario=next(scenario for scenario in record.scenarios if scenario.name == trial.scenario),
            environment=record.environment,
            ops=(*ops, *(known.noted if known else ())),
            samples=known.samples if known else (),
            faults=known.faults if known else (),
            window=known.window if known else None,
            ledger=known.ledger if known else None,
            complete=known is not None,
        )

    def _kept(self, name: str, kind: type[T]) -> T | None:
        path = self.folder / f"{name}.json"
        return _read(path, kind) if path.exists() else None


def _write(path: Path, kind: type[T], value: T) -> None:
    data = _adapter(kind).dump_json(value, indent=1)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path, kind: type[T]) -> T:
    try:
        known: T = _adapter(kind).validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise EvidenceUnreadable(
            f"{path} can't be read: {str(error).splitlines()[0]}", "Run the benchmark again"
        ) from error
    return known
