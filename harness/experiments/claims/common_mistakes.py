"""Claim 10: five common mistakes, none of which causes an immediate error in development."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

from harness.experiments.base import Run
from harness.experiments.claims.claim_test import ClaimTest, Shown
from harness.experiments.claims.judged_trials import checks_with, judged_trials, planned_controls
from harness.load.single_client import Client
from harness.model.claims import Claim, Observation, seen
from harness.model.request_record import Outcome
from harness.model.verdict import Verdict
from harness.provision.target import wait_until_serving
from harness.provision.testbed import open_testbed

ANSWER_S = 10.0
TWIN = "async"


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A mistake by its flaw, and the operation that meets it."""

    flaw: str
    operation: str


MISTAKES = {
    "a synchronous query in async code": Mistake(flaw="flaw:sync_driver", operation="get_user"),
    "a missing rollback": Mistake(flaw="flaw:session_reused_without_rollback", operation="create_user"),
    "a session by hand": Mistake(flaw="flaw:leaked_session", operation="get_user"),
    "lazy loading in a loop": Mistake(flaw="flaw:lazy_loading", operation="list_users"),
    "a missing await": Mistake(flaw="flaw:missing_await", operation="create_user"),
}

CLAIM = Claim(
    number=10,
    name="common_mistakes",
    says="Five mistakes are common: a synchronous query in async code, a missing rollback, a session by hand, lazy"
    " loading in a loop, and a missing await. None of them causes an immediate error in development.",
    method="Each is a copy of the async twin with that mistake alone. It is sent one request that meets the mistake, as"
    " a developer would. Then it is put under the load, or meets the fault, that `make flaws` tries it by.",
    measure="Whether the one request is answered with success, as by the twin, and whether the check that the mistake"
    " is known by fails under load. The claim holds if all five answer with success; if some do, it holds within that"
    " limit, and if none does, it does not hold. Each must be caught under load, and the twin must answer with success,"
    " or the experiment is wrong. No margin: these are counts.",
)


def observe(run: Run) -> Iterator[Observation]:
    """Send each one request, and then put it under load."""
    for case, mistake in MISTAKES.items():
        alone, sound = (_alone(run, name, mistake.operation) for name in (mistake.flaw, TWIN))
        yield seen(case, "requests", {"succeeded alone": alone, "of the twin": sound}, flaw=mistake.flaw)
    cases = {mistake.flaw: case for case, mistake in MISTAKES.items()}
    controls = [run.workload.controls[flaw] for flaw in cases]
    for trial, findings in judged_trials(run, planned_controls(run, CLAIM.name, controls)):
        failed = checks_with(findings, Verdict.FAIL)
        expected = next(iter(run.workload.targets[trial.target].expected))
        facts = {"checks that failed": ", ".join(failed)}
        yield seen(cases[trial.target], "trials", {"caught under load": expected in failed}, **facts)


def _alone(run: Run, target: str, operation: str) -> bool:
    """Send a fresh target one request, and say whether it is answered with success."""
    with open_testbed(run.services, run.target(target), run.store.log(f"claim-alone-{target}")) as testbed:
        wait_until_serving(testbed.running)
        with Client(testbed.running.url, ANSWER_S) as client:
            return client.send(run.workload.request(operation, 1, uuid4().hex)).outcome is Outcome.OK


TEST = ClaimTest(
    claim=CLAIM,
    observe=observe,
    libraries=("sqlalchemy", "fastapi", "asyncpg"),
    targets=(TWIN, *(mistake.flaw for mistake in MISTAKES.values())),
    adds_latency=True,
    shows=(
        Shown(file="targets/flaws/sync_driver.py", names=("get_user",)),
        Shown(file="targets/flaws/session_reused_without_rollback.py", names=("create_user",)),
        Shown(file="targets/flaws/leaked_session.py", names=("get_user",)),
        Shown(file="targets/flaws/lazy_loading.py", names=("list_users",)),
        Shown(file="targets/flaws/missing_await.py", names=("create_user",)),
    ),
)
