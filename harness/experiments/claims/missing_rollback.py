"""Claim 7: without a rollback writes are partial and the state inconsistent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any
from uuid import uuid4

from harness.experiments.base import Run
from harness.experiments.claims.claim_test import ClaimTest, Shown
from harness.load.single_client import Client
from harness.model.claims import Claim, Observation, seen
from harness.model.workload import Request
from harness.provision.postgres import connect
from harness.provision.target import wait_until_serving
from harness.provision.testbed import open_testbed

ANSWER_S = 10.0
SOUND = 5  # requests after the one that fails
CREDITS = 7
NOBODY = 999_999_999
REFUSING = """
CREATE FUNCTION claim_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF NEW.write_key = '{key}' THEN RAISE EXCEPTION 'refused'; END IF; RETURN NEW; END $$;
CREATE TRIGGER claim_refuse BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION claim_refuse();
"""
ACCEPTING = "DROP TRIGGER claim_refuse ON audit_log; DROP FUNCTION claim_refuse()"
# What is left of a write by its key, and how far the sum of credits, which no transfer changes, is off.
LEFT = """
SELECT (SELECT count(*) FROM users WHERE write_key = %(key)s)
     + (SELECT count(*) FROM posts WHERE write_key = %(key)s)
     + (SELECT count(*) FROM audit_log WHERE write_key = %(key)s)
     + (SELECT count(*) FROM transfers WHERE write_key = %(key)s)
"""
SUM = "SELECT sum(credits) FROM users"

CLAIM = Claim(
    number=7,
    name="missing_rollback",
    says="Without a rollback in the error path writes are partial and the state is inconsistent; with it they are not.",
    method="One write fails in the middle, and then five sound ones follow. It fails in the application (the receiver"
    " of a transfer is looked for when the giver has paid, and is not there), and in the database (a trigger refuses"
    " the last row). Once with a session that is rolled back, once with one that lives on and is not.",
    measure="Rows and credits that are left of the write that failed, and how many of the sound ones are refused. With"
    " the rollback none of either, or the claim does not hold. Without: parts left after either error, and the claim"
    " holds; after one of them only, or only requests refused, and it holds within that limit; neither, and it does"
    " not hold. No margin: these are counts.",
)


def observe(run: Run) -> Iterator[Observation]:
    """Let one write fail in each way on each target."""
    for case, name in (("rollback", "async"), ("no rollback", "flaw:missing_rollback")):
        key = uuid4().hex
        request = _transfer(key, to=NOBODY)
        yield _tried(run, f"{case}, error of the application", name, key, request)
    for case, name in (("rollback", "async"), ("no rollback", "flaw:session_reused_without_rollback")):
        key = uuid4().hex
        request = run.workload.request("create_user", 1, key)
        with _refused(run, key):
            yield _tried(run, f"{case}, error of the database", name, key, request)


def _transfer(key: str, to: int) -> Request:
    body = {"from_user_id": 100, "to_user_id": to, "credits": CREDITS}
    return Request(method="POST", path="/api/v1/transfers", body=body, headers={"Write-Key": key})


def _tried(run: Run, case: str, target: str, key: str, failing: Request) -> Observation:
    """Send what fails, and then what should be served, which also commits what a session still holds."""
    with ExitStack() as stack:
        log = run.store.log(f"claim-missing-rollback-{target}")
        testbed = stack.enter_context(open_testbed(run.services, run.target(target), log))
        wait_until_serving(testbed.running)
        client = stack.enter_context(Client(testbed.running.url, ANSWER_S))
        (before,) = _asked(run, SUM)
        status = client.send(failing).status
        sound = (_sound(run, failing) for _ in range(SOUND))
        refused = sum(client.send(request).status >= 400 for request in sound)  # noqa: PLR2004 - RFC 9110
        (left,), (after,) = _asked(run, LEFT, key=key), _asked(run, SUM)
    counts = {"rows left": left, "credits lost": before - after, "refused afterwards": refused}
    return seen(case, "rows, credits or requests", counts, status=str(status))


def _sound(run: Run, failing: Request) -> Request:
    """Return a request of the same kind that nothing is wrong with."""
    key = uuid4().hex
    if failing.path.endswith("/transfers"):
        return _transfer(key, to=101)
    return run.workload.request("create_user", 1, key)


@contextmanager
def _refused(run: Run, key: str) -> Iterator[None]:
    """Have the database refuse the last row of one write."""
    _asked(run, REFUSING.format(key=key))
    try:
        yield
    finally:
        _asked(run, ACCEPTING)


def _asked(run: Run, query: str, **words: str) -> tuple[Any, ...]:
    with closing(connect(run.services.postgres.url)) as connection, connection.cursor() as cursor:
        cursor.execute(query, words or None)
        return (cursor.fetchone() or ()) if cursor.description else ()


TEST = ClaimTest(
    claim=CLAIM,
    observe=observe,
    libraries=("sqlalchemy", "asyncpg"),
    targets=("async", "flaw:missing_rollback", "flaw:session_reused_without_rollback"),
    shows=(
        Shown(file="targets/flaws/missing_rollback.py", names=("create_transfer",)),
        Shown(file="targets/flaws/session_reused_without_rollback.py", names=("create_user",)),
    ),
)
