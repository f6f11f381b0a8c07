"""Every fault by its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from harness.faults.added_latency import Latency
from harness.faults.bandwidth import Bandwidth
from harness.faults.base import BaseFault
from harness.faults.black_hole import BlackHole
from harness.faults.black_hole_heals import BlackHoleHeals
from harness.faults.blind_retry import BlindRetry
from harness.faults.cancel_statement import CancelStatement
from harness.faults.connections_exhausted import ConnectionsExhausted
from harness.faults.context import FaultContext
from harness.faults.cut import Cut
from harness.faults.database import Question
from harness.faults.deadlock import Deadlock
from harness.faults.deferred_constraint import DeferredConstraint
from harness.faults.disconnect_after_commit import DisconnectAfterCommit
from harness.faults.disconnect_before_commit import DisconnectBeforeCommit
from harness.faults.disconnect_during_commit import DisconnectDuringCommit
from harness.faults.exhaust_pool import ExhaustPool
from harness.faults.freeze_backend import FreezeBackend
from harness.faults.freeze_postmaster import FreezePostmaster
from harness.faults.freeze_worker import FreezeWorker
from harness.faults.idle_in_transaction_timeout import IdleInTransactionTimeout
from harness.faults.immediate_restart import ImmediateRestart
from harness.faults.jitter import Jitter
from harness.faults.kill_backend import KillBackend
from harness.faults.kill_worker import KillWorker
from harness.faults.lock_contention import LockContention
from harness.faults.out_of_file_space import OutOfFileSpace
from harness.faults.proxy_disabled import ProxyDisabled
from harness.faults.proxy_frozen import ProxyFrozen
from harness.faults.reset import Reset
from harness.faults.same_key_twice import SameKeyTwice
from harness.faults.schema_change import SCHEMA_CHANGES
from harness.faults.serialization_failure import SerializationFailure
from harness.faults.slicer import Slicer
from harness.faults.slow_close import SlowClose
from harness.faults.slow_reader import SlowReader
from harness.faults.slow_writer import SlowWriter
from harness.faults.statement_timeout import StatementTimeout
from harness.faults.terminate_backend import TerminateBackend
from harness.faults.terminate_worker import TerminateWorker
from harness.faults.upstream_dead import UpstreamDead
from harness.model.evidence import Fault
from harness.model.workload import Workload

ADDED_MS = 50


def latency(context: FaultContext) -> Fault:
    """Make the fault that adds the latency of a comparison."""
    return Latency(proxy=context.proxy, added_ms=ADDED_MS, round_trip_s=lambda: Question(context).answered_s(5.0))


KINDS: tuple[type[BaseFault], ...] = (
    *(Jitter, Bandwidth, BlackHole, BlackHoleHeals, Reset, Slicer, SlowClose, Cut),
    *(ProxyDisabled, UpstreamDead, ProxyFrozen),
    *(TerminateBackend, CancelStatement, KillBackend, FreezeBackend, FreezePostmaster, ImmediateRestart),
    *(LockContention, Deadlock, StatementTimeout, IdleInTransactionTimeout, SerializationFailure),
    *(DeferredConstraint, ConnectionsExhausted, OutOfFileSpace),
    *(KillWorker, TerminateWorker, FreezeWorker, ExhaustPool),
    *(DisconnectBeforeCommit, DisconnectDuringCommit, DisconnectAfterCommit),
    *(SlowReader, SlowWriter, BlindRetry, SameKeyTwice),
    *SCHEMA_CHANGES,
)
NEEDS = {kind.kind: kind.needs for kind in KINDS}
FAULTS: Mapping[str, Callable[[FaultContext], Fault]] = {"latency": latency, **{kind.kind: kind for kind in KINDS}}
# What a run has that is not asked for all: of the schema changes what a statement cache and a queue for a lock make.
_TYPICAL = ("schema_change:alter_read_type", "schema_change:add_column:queued")
_SELDOM = {kind.kind for kind in SCHEMA_CHANGES}.difference(_TYPICAL)
USUAL = tuple(kind for kind in FAULTS if kind not in _SELDOM)


def why_not(kind: str, workload: Workload) -> str:
    """Return why a fault is left out: what it needs and the workload does not name; empty if there is nothing."""
    lacking = [need for need in NEEDS.get(kind, ()) if not getattr(workload.handles, need)]
    return f"{workload.name} names no {' and no '.join(lacking).replace('_', ' ')}" if lacking else ""
