"""The check of each claim, by the claim's name."""

from collections.abc import Callable, Iterable, Mapping

from harness.analysis.checks.claims.alembic_imports import check_alembic_imports
from harness.analysis.checks.claims.alembic_round_trip import check_alembic_round_trip
from harness.analysis.checks.claims.bare_url import check_bare_url
from harness.analysis.checks.claims.blocked_loop import check_blocked_loop
from harness.analysis.checks.claims.common_mistakes import check_common_mistakes
from harness.analysis.checks.claims.connection_in_request import check_connection_in_request
from harness.analysis.checks.claims.expire_on_commit import check_expire_on_commit
from harness.analysis.checks.claims.layers import check_layers
from harness.analysis.checks.claims.loading import check_loading
from harness.analysis.checks.claims.missing_await import check_missing_await
from harness.analysis.checks.claims.missing_rollback import check_missing_rollback
from harness.analysis.checks.claims.schema_changes import check_schema_changes
from harness.analysis.checks.claims.session_closed import check_session_closed
from harness.analysis.checks.claims.survival import check_survival
from harness.analysis.checks.claims.waiting import check_waiting
from harness.model.claims import MeasuredClaim
from harness.model.findings import Finding

CLAIM_CHECKS: Mapping[str, Callable[[MeasuredClaim], Iterable[Finding]]] = {
    "waiting": check_waiting,
    "blocked_loop": check_blocked_loop,
    "bare_url": check_bare_url,
    "expire_on_commit": check_expire_on_commit,
    "connection_in_request": check_connection_in_request,
    "session_closed": check_session_closed,
    "missing_rollback": check_missing_rollback,
    "loading": check_loading,
    "missing_await": check_missing_await,
    "common_mistakes": check_common_mistakes,
    "alembic_imports": check_alembic_imports,
    "alembic_round_trip": check_alembic_round_trip,
    "schema_changes": check_schema_changes,
    "layers": check_layers,
    "survival": check_survival,
}
