"""Every claim by its name, in the order of the article."""

from collections.abc import Mapping

from harness.experiments.claims import (
    alembic_imports,
    alembic_round_trip,
    bare_url,
    blocked_loop,
    common_mistakes,
    connection_in_request,
    expire_on_commit,
    layers,
    loading,
    missing_await,
    missing_rollback,
    schema_changes,
    session_closed,
    survival,
    waiting,
)
from harness.experiments.claims.claim_test import ClaimTest

TESTS = (
    waiting.TEST,
    blocked_loop.TEST,
    bare_url.TEST,
    expire_on_commit.TEST,
    connection_in_request.TEST,
    session_closed.TEST,
    missing_rollback.TEST,
    loading.TEST,
    missing_await.TEST,
    common_mistakes.TEST,
    alembic_imports.TEST,
    alembic_round_trip.TEST,
    schema_changes.TEST,
    layers.TEST,
    survival.TEST,
)
CLAIMS: Mapping[str, ClaimTest] = {test.claim.name: test for test in TESTS}
