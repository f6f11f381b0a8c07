"""A small stored run that passes: both twins under writes, one block, everything in it that a reader may fall over."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from harness.model.evidence import Sample
from harness.model.measures import WireCount
from harness.model.plan import Plan, Profile, Scenario, Shape, Target, Trial
from harness.model.request_record import Op
from harness.model.run_records import RunRecord, TrialRecord
from harness.ops_file import SCHEMA
from harness.store import VERSION, Store
from tests.evidence import MS, SCENARIO, TARGET, TRIAL, WINDOW, ledger, op, sample

OPS = tuple(op(number, took_ms=20 + number % 7) for number in range(90))
CHECKED = replace(
    SCENARIO, shape=Shape(clients=16), checks=("completeness", "duplicate_requests", "success_rate", "writes")
)
TRIALS = tuple(
    replace(TRIAL, id=f"01-{slot:03d}-write-0ms-{target}", number=slot, slot=slot, target=target, added_ms=0)
    for slot, target in enumerate(("async", "sync"))
)
WIRE = {"operation": "create_user", "round_trips": 5, "statements": 5, "bytes_up": 981, "bytes_down": 264}
PLAN = Plan(
    profile=Profile(name="quick", scenarios=("write",), added_ms=(0,), blocks=1, warmup_s=0.4, measure_s=1.0),
    targets=("async", "sync"),
    trials=TRIALS,
    seed=1,
)


def record_of(plan: Plan, targets: Sequence[Target], scenarios: Sequence[Scenario], **changes: object) -> RunRecord:
    """What is stored of a run before its first trial; the usual, but for the changes."""
    usual: dict[str, Any] = {
        "version": VERSION,
        "run": "20260101-000000",
        "kind": "comparison",
        "command": "twinbench run write --seed 1",
        "workload": "targets.workload:WORKLOAD",
        "started_at": "2026-01-01T00:00:00+00:00",
        "started_ns": 0,
        "environment": {"cores": "2"},
        "settings": (),
        "not_done": (),
    }
    return RunRecord(plan=plan, targets=tuple(targets), scenarios=tuple(scenarios), **(usual | changes))


RECORD = record_of(PLAN, [TARGET, replace(TARGET, name="sync", model="sync", driver="psycopg2")], [CHECKED])


def edit(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Change a file of JSON."""
    known = json.loads(path.read_bytes())
    change(known)
    path.write_text(json.dumps(known))


def put_folder(path: Path) -> None:
    """Put a folder in a file's place."""
    path.unlink()
    path.mkdir()


def write_ops(store: Store, trial: Trial, ops: Sequence[Op], batches: int = 3) -> None:
    """Write ops in several batches, as load does."""
    each = -(-len(ops) // batches)
    with pa.OSFile(str(store.ops_path(trial)), "wb") as sink, pa.ipc.new_stream(sink, SCHEMA) as writer:
        for first in range(0, len(ops), each):
            some = ops[first : first + each]
            columns = [pa.array([getattr(one, field.name) for one in some], field.type) for field in SCHEMA]
            writer.write_batch(pa.record_batch(columns, schema=SCHEMA))


def passing_run(results: Path) -> Store:
    """Store the run in a folder of ``results``, with its manifest."""
    store = Store.create(results, RECORD.run)
    with store.sealed():
        store.write_record(RECORD)
        store.write_wire(tuple(WireCount(target=target, **WIRE) for target in PLAN.targets))
        for trial in TRIALS:
            ops = OPS if trial.target == "async" else OPS[:80]
            write_ops(store, trial, ops)
            store.write_trial(_record_of(trial, ops))
        disturbed = replace(TRIALS[0], id="disturbed")
        write_ops(store, disturbed, OPS[:9])
        store.write_trial(_record_of(disturbed, OPS[:9]))
        store.set_aside(disturbed)
        store.finish(3.0)
    return store


def _record_of(trial: Trial, ops: Sequence[Op]) -> TrialRecord:
    counted = (sample("load", "recorded", len(ops)), sample("served", "requests", len(ops)))
    processor = tuple(
        Sample(t_ns=t_ns, probe="cpu", metric="core_s", value=used_s, labels={"part": part, "edge": edge})
        for part in ("target", "generator")
        for t_ns, used_s, edge in ((0, 1.0, "measuring"), (1000 * MS, 1.4, "draining"))
    )
    return TrialRecord(
        trial=trial,
        window=WINDOW,
        samples=(*counted, *processor),
        faults=(),
        ledger=ledger(*((one.key, 1, 2, 1) for one in ops)),
    )
