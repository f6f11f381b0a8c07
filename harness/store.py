"""A run on disk: written as it happens, readable whatever ended it.

    results/<run>/run.json            plan, targets, scenarios, environment: before the first trial
    results/<run>/wire.json           round trips per request
    results/<run>/trials/<id>/        ops.arrows as load runs; trial.json once the trial is over
    results/<run>/set-aside/<id>-<n>/ the n-th attempt at a trial that was run again
    results/<run>/cuts.json           every cut of a chaos run; those of its controls in control-cuts.json
    results/<run>/pages.json          what pages cost by each loading strategy
    results/<run>/claims.json         what was seen of each claim
    results/<run>/slices.json         what targets took with and without probes, slice by slice
    results/<run>/SHA256SUMS          the manifest of all of these, written last, unless the run is killed
    results/<run>/logs/               what the parts wrote
    results/<run>/summary.json        what judge and analyse made of it; can be made again
    results/latest                    a link to the newest run

Files are written to a temporary name, synced and renamed, so that one is whole or not there.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from harness.errors import EvidenceUnreadable, NothingMeasured, UsageError
from harness.model.claims import ClaimEvidence
from harness.model.cut_map import CutMap
from harness.model.evidence import Evidence, PageReading, SliceReading
from harness.model.measures import WireCount
from harness.model.plan import Plan, Trial
from harness.model.request_record import Op, Outcome
from harness.model.run_records import RunRecord, TrialRecord
from harness.model.summary import Summary
from harness.seal import is_sealed, require_as_sealed, seal
from harness.stored_file import AGAIN, read_json, unreadable, write_json

if TYPE_CHECKING:
    import pandas as pd

VERSION = 8
CONTROL_CUTS = "control-cuts"
LATEST = "latest"
T = TypeVar("T")


@dataclass(frozen=True)
class Versioned:
    """What is read of a record before all else."""

    version: int


class Store:
    """One run's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def create(cls, results: Path, name: str) -> Self:
        """Make the folder of a new run.

        Raises:
            UsageError: ``results`` can't be written to, or is no place for links.
        """
        folder, latest = results / name, results / LATEST
        if os.path.lexists(latest) and not latest.is_symlink():  # as of results that were copied
            raise UsageError(
                f"{latest} is in the way of the link to the newest run", "Rename it, or name another folder by --out"
            )
        again = itertools.count(2)
        try:
            while folder.exists():  # two runs begun in one second
                folder = results / f"{name}-{next(again)}"
            (folder / "trials").mkdir(parents=True)
            (folder / "logs").mkdir()
            with tempfile.TemporaryFile(dir=folder):
                pass
            (folder / ".link").symlink_to("trials")  # which some file systems have not
            (folder / ".link").unlink()
        except OSError as error:
            raise UsageError(
                f"Results can't be written to {results}: {error.strerror}",
                "Make that folder writable, or name another by --out",
            ) from error
        return cls(folder)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a stored run, and hold it against its manifest.

        Raises:
            EvidenceUnreadable: There is no run in ``folder``, or it has changed since it ended.
            NothingMeasured: The run was killed before there was a plan.
        """
        # which says no of a name that can't be, too
        if not os.path.lexists(folder / "run.json") and not is_sealed(folder):
            if os.path.lexists(folder / "trials"):
                raise NothingMeasured(f"{folder} has no plan: its run was killed before it began", AGAIN)
            raise EvidenceUnreadable(
                f"No run is stored in {folder}", "Say 'twinbench list' to see those that there are"
            )
        require_as_sealed(folder.resolve())
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

    @contextmanager
    def sealed(self) -> Iterator[None]:
        """Write the manifest when it ends, in whatever way, if there is a plan: only a run that is killed has none."""
        try:
            yield
        finally:
            if (self.folder / "run.json").exists():
                seal(self.folder)

    def write_record(self, record: RunRecord) -> None:
        """Store what is known before the first trial, and point ``latest`` to this run."""
        write_json(self.folder / "run.json", RunRecord, record)
        fresh = self.folder.parent / f".{LATEST}-{self.folder.name}"
        fresh.symlink_to(self.folder.name)
        fresh.replace(self.folder.parent / LATEST)

    def write_plan(self, plan: Plan, ended: str = "") -> None:
        """Store what is known of the plan by now, and why the run ended where it did, if it has."""
        write_json(self.folder / "run.json", RunRecord, replace(self.record(), plan=plan, ended=ended))

    def record(self) -> RunRecord:
        """Return what was known before the first trial.

        Raises:
            EvidenceUnreadable: It is of another version, torn, or at odds with itself.
        """
        path = self.folder / "run.json"
        version = read_json(path, Versioned).version
        if version != VERSION:
            raise EvidenceUnreadable(
                f"{path} is of version {version}, and this twinbench reads version {VERSION}",
                "Report it with the twinbench that made it",
            )
        record = read_json(path, RunRecord)
        if wrong := record.what_is_wrong():
            raise unreadable(path, wrong)
        return record

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
        write_json(self.folder / "trials" / record.trial.id / "trial.json", TrialRecord, record)

    def set_aside(self, trial: Trial) -> None:
        """Put the attempt at a trial away, to be kept but not counted, so that it can be run again."""
        folder = self.folder / "set-aside"
        folder.mkdir(exist_ok=True)
        attempt = 1 + len(list(folder.glob(f"{trial.id}-*")))
        (self.folder / "trials" / trial.id).rename(folder / f"{trial.id}-{attempt}")

    def set_aside_records(self) -> list[TrialRecord]:
        """Return what is known of each attempt that was set aside."""
        return [read_json(path, TrialRecord) for path in sorted((self.folder / "set-aside").glob("*/trial.json"))]

    def write_wire(self, counts: tuple[WireCount, ...]) -> None:
        """Store the round trips per request."""
        write_json(self.folder / "wire.json", tuple[WireCount, ...], counts)

    def wire(self) -> tuple[WireCount, ...]:
        """Round trips per request; empty if they were not counted."""
        return self._kept("wire", tuple[WireCount, ...]) or ()

    def write_cuts(self, cut_map: CutMap, name: str = "cuts") -> None:
        """Store the cut map; that of the controls goes by ``CONTROL_CUTS``."""
        write_json(self.folder / f"{name}.json", CutMap, cut_map)

    def cuts(self, name: str = "cuts") -> CutMap | None:
        """Return the cut map; None if there is none."""
        return self._kept(name, CutMap)

    def write_pages(self, readings: Sequence[PageReading]) -> None:
        """Store what pages cost so far."""
        write_json(self.folder / "pages.json", tuple[PageReading, ...], tuple(readings))

    def pages(self) -> tuple[PageReading, ...]:
        """Return what pages cost; empty if none was asked for."""
        return self._kept("pages", tuple[PageReading, ...]) or ()

    def write_claims(self, evidence: Sequence[ClaimEvidence]) -> None:
        """Store what was seen of each claim so far."""
        write_json(self.folder / "claims.json", tuple[ClaimEvidence, ...], tuple(evidence))

    def claims(self) -> tuple[ClaimEvidence, ...]:
        """Return what was seen of each claim; empty if none was put to the test."""
        return self._kept("claims", tuple[ClaimEvidence, ...]) or ()

    def write_slices(self, readings: Sequence[SliceReading]) -> None:
        """Store what targets with and without probes took so far."""
        write_json(self.folder / "slices.json", tuple[SliceReading, ...], tuple(readings))

    def slices(self) -> tuple[SliceReading, ...]:
        """Return what targets with and without probes took; empty if none were driven in slices."""
        return self._kept("slices", tuple[SliceReading, ...]) or ()

    def finish(self, took_s: float) -> None:
        """Note that the run came to its end, and how long it took."""
        write_json(self.folder / "run.json", RunRecord, replace(self.record(), took_s=took_s))

    def is_complete(self, record: RunRecord) -> bool:
        """Whether a run came to its end, or to one that was as good; one that was killed on the way did not."""
        return is_sealed(self.folder) and (record.took_s is not None or bool(record.ended))

    def write_summary(self, summary: Summary) -> None:
        """Store what was made of the evidence."""
        write_json(self.folder / "summary.json", Summary, summary)

    def summary(self) -> Summary | None:
        """Return what was made of the evidence; None if nothing was yet."""
        return self._kept("summary", Summary, "Say 'twinbench report' to make it again")

    def is_over(self, trial: Trial) -> bool:
        """Whether a trial came to its end, which is told without reading what is known of it."""
        return os.path.lexists(self.folder / "trials" / trial.id / "trial.json")

    def trial_record(self, trial: Trial) -> TrialRecord | None:
        """Return what is known of a trial that is over; None if it was interrupted or never begun.

        Raises:
            EvidenceUnreadable: It can't be read, or is of another trial.
        """
        name = f"trials/{trial.id}/trial"
        known = self._kept(name, TrialRecord)
        if known and known.trial.id != trial.id:
            raise unreadable(self.folder / f"{name}.json", f"it is of the trial {known.trial.id!r}")
        return known

    def ops_frame(self, trial: Trial) -> pd.DataFrame | None:
        """Ops of a trial as a frame with the columns of ``Op``; None if it was never begun.

        A torn tail, as a killed generator leaves it, is passed over: every whole batch is read.
        """
        path = self.folder / "trials" / trial.id / "ops.arrows"
        if not os.path.lexists(path):
            return None
        from harness.ops_file import read_ops  # noqa: PLC0415 - takes half a second, which not everyone need pay

        return read_ops(path)

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

    def _kept(self, name: str, kind: type[T], fix: str = AGAIN) -> T | None:
        path = self.folder / f"{name}.json"
        return read_json(path, kind, fix) if os.path.lexists(path) else None
