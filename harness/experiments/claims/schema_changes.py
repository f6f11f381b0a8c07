"""Claim 13: schema changes are safe under real traffic."""

from __future__ import annotations

from collections.abc import Iterator

from harness.experiments.base import Run
from harness.experiments.claims.claim_test import ClaimTest, Shown
from harness.experiments.claims.judged_trials import checks_with, judged_trials, observed_faults, planned
from harness.faults.schema_change import CHANGES, SCHEMA_CHANGES
from harness.model.claims import Claim, Observation
from harness.model.findings import in_unit, known_facts
from harness.model.verdict import Verdict

TWINS = ("async", "sync")
KIND = "schema_change"
# Of the twelve kinds, each alone, behind a long transaction, and there with the remedy: what each of these comes to.
SAMPLE = (
    *(f"{KIND}:{name}" for name in ("add_column", "alter_type", "alter_read_type", "create_index", "drop_column")),
    *(f"{KIND}:{name}:queued" for name in ("add_column", "create_index_concurrently")),
    *(f"{KIND}:{name}:retried" for name in ("add_column", "alter_read_type")),
)
FAULTS = {"default": SAMPLE, "full": tuple(kind.kind for kind in SCHEMA_CHANGES)}
WRONG = {"writes", "invariants"}  # the checks that compare rows with what clients were told

CLAIM = Claim(
    number=13,
    name="schema_changes",
    says="Schema changes are safe under real traffic.",
    method=f"{len(CHANGES)} kinds of DDL, there and back, come under a load of every kind of write on both twins: by"
    " themselves, behind a transaction that takes a second, and behind it with the remedy, a short lock_timeout and"
    " retries. By default a sample of them, by --profile full all. The rows are compared with what clients were told.",
    measure="Writes that are wrong, requests that fail, and the longest request. A wrong row, and the claim does not"
    " hold. No wrong row, but requests that fail or take a second or longer, which is what the transaction in the way"
    " takes: it holds within that limit. Neither, and it holds. A change that nothing proves is undecided. No margin"
    " but that second.",
)


def observe(run: Run) -> Iterator[Observation]:
    """Change the schema under load, and back."""
    plan = planned(run, CLAIM.name, TWINS, FAULTS[run.plan.profile.name])
    judged = {trial.id: (trial, findings) for trial, findings in judged_trials(run, plan)}
    for name, row in observed_faults(run, plan).items():
        trial, findings = judged[name]
        failed = checks_with(findings, Verdict.FAIL)
        wrong = WRONG.intersection(failed)
        told = ", ".join(f"{count} {kind}" for kind, count in row.errors.items())
        yield Observation(
            case=f"{trial.target}, {trial.fault.removeprefix(f'{KIND}:')}",
            values=in_unit("checks", **{"checks of rows that failed": len(wrong)})
            | in_unit("requests", **{"requests failed": sum(row.errors.values())})
            | in_unit("changes", proven=bool(row.proof))
            | in_unit("s", **{"longest request": row.longest_s or 0.0}),
            facts=known_facts(**{"failed with": told, "checks that failed": ", ".join(failed), "proof": row.proof}),
        )


TEST = ClaimTest(
    claim=CLAIM,
    observe=observe,
    libraries=("sqlalchemy", "asyncpg", "psycopg2-binary"),
    targets=TWINS,
    adds_latency=True,
    shows=(Shown(file="harness/faults/schema_change.py", names=("SchemaChange",)),),
)
