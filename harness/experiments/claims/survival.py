"""Claim 15: the stack survives real traffic, real failures and real schema changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from harness.experiments.base import Run
from harness.experiments.chaos.cut_map import map_cuts
from harness.experiments.claims.claim_test import ClaimTest, Shown
from harness.experiments.claims.judged_trials import checks_with, judged_trials, planned
from harness.model.claims import Claim, Observation, seen
from harness.model.verdict import Verdict
from harness.model.write_status import OFFENCES, status_of_cut

TWINS = ("async", "sync")
STRIDE = {"default": 20, "full": 3}  # bytes between two cuts
FAULTS = {
    "default": ("terminate_backend", "immediate_restart", "kill_worker", "reset"),
    "full": (
        *("terminate_backend", "immediate_restart", "kill_worker", "reset", "black_hole", "deadlock"),
        *("lock_contention", "statement_timeout", "exhaust_pool", "deferred_constraint", "terminate_worker"),
    ),
}

CLAIM = Claim(
    number=15,
    name="survival",
    says="The stack survives real traffic, real failures and real schema changes: no write is halved or lost, and it"
    " serves again afterwards.",
    method="A short sample of `make chaos` on both twins: a write is cut at every 20th byte of its conversation with"
    " PostgreSQL, and faults come under load: a session ended in its transaction, PostgreSQL crashed, a worker killed,"
    " connections reset. Schema changes have a claim of their own.",
    measure="Writes that are partial, lost, stored though refused, or stored twice, over all cuts; and checks that fail"
    " in a trial with a fault. None of either on both twins, and the claim holds; on one of them, and it holds within"
    " that limit; on neither, and it does not hold. A check that can't decide leaves it undecided. A sample proves no"
    " more than itself: `make chaos` cuts at every byte. No margin: these are counts.",
)


def observe(run: Run) -> Iterator[Observation]:
    """Cut, and then inject."""
    profile = run.plan.profile.name
    cuts = map_cuts(run, [run.target(name) for name in TWINS], ("create_user",), STRIDE[profile]).cuts
    for name in TWINS:
        statuses = Counter(status_of_cut(cut) for cut in cuts if cut.target == name)
        offences = sum(statuses[status] for status in OFFENCES)
        told = ", ".join(f"{count} {status.value}" for status, count in statuses.items())
        yield seen(f"{name}, cuts", "cuts", {"made": statuses.total(), "offences": offences}, told=told)
    for trial, findings in judged_trials(run, planned(run, CLAIM.name, TWINS, FAULTS[profile])):
        failed, open_ = (checks_with(findings, verdict) for verdict in (Verdict.FAIL, Verdict.UNDECIDED))
        yield seen(
            f"{trial.target}, {trial.fault}",
            "checks",
            {"failed": len(failed), "undecided": len(open_)},
            **{"which failed": ", ".join(failed), "which are undecided": ", ".join(open_)},
        )


TEST = ClaimTest(
    claim=CLAIM,
    observe=observe,
    libraries=("fastapi", "sqlalchemy", "asyncpg", "psycopg2-binary"),
    targets=TWINS,
    adds_latency=True,
    shows=(Shown(file="targets/async_api/services.py", names=("create_user",)),),
)
