"""The users/posts API as a workload: one application among others, and the one that ships."""

from collections.abc import Iterator, Mapping

from harness.errors import UsageError
from harness.model.plan import Target
from harness.model.workload import Filling, Handles, LockOrder, Questions, SumRead, Workload
from scenarios.catalog import CHAOS, CHAOS_PROFILES, PROFILES, SCENARIOS
from targets.catalog import CATALOG, CONTROLS, MODEL_AND_DRIVERS, NO_DRIVER, PROBED, PROBED_BY_ONE, TWINS
from targets.content import DATABASE
from targets.operations import OPERATIONS, WRITES, holders_of

HANDLES = Handles(
    time_limits={
        "TWIN_POOL_TIMEOUT_S": "1.0",
        "TWIN_CONNECT_TIMEOUT_S": "2",
        "TWIN_STATEMENT_TIMEOUT_MS": "1200",
        "TWIN_LOCK_TIMEOUT_MS": "800",
        "TWIN_IDLE_IN_TRANSACTION_TIMEOUT_MS": "1000",
        "TWIN_DEAD_PEER_MS": "1600",
    },
    written_table="audit_log",
    slow_table="posts",
    altered_table="users",
    read_column="name",
    filling=Filling(
        table="audit_log",
        insert="INSERT INTO audit_log (write_key, action, user_id)"
        " SELECT 'filler', 'filler', 0 FROM generate_series(1, %(rows)s)",
        delete="DELETE FROM audit_log WHERE write_key = 'filler'",
        sequence="audit_log_id_seq",
    ),
    locked_rows="SELECT id FROM users FOR UPDATE",
    rival_write="transfer",
    # half of those between whom credits move have ids on either side of the middle, and none has one beyond the end
    # with a lock that a foreign key's does not meet: writes that only refer to a user go on, and transfers keep coming
    lock_order=LockOrder(
        upper="SELECT id FROM users WHERE id BETWEEN 300 AND 500 ORDER BY id FOR NO KEY UPDATE",
        lower="SELECT id FROM users WHERE id < 300 ORDER BY id FOR NO KEY UPDATE",
        waiting="query LIKE '%FOR UPDATE%'",
    ),
    client_write="create_user",
    unique_write="create_user",
    retried_write="transfer",
    count_written="SELECT count(*) FROM audit_log WHERE write_key = ANY(%(keys)s)",
)


def variables(target: Target, url: str) -> Mapping[str, str]:
    """Return the variables that tell a target its database, driver and sizes."""
    sizes = {"TWIN_POOL_SIZE": str(target.pool), "TWIN_THREADS": str(target.threads)}
    return {"TWIN_DATABASE_URL": url, "TWIN_DRIVER": target.driver, **sizes, **target.variables}


def settings(target: Target) -> Iterator[tuple[str, str, str]]:
    """Yield name, value and reason of each setting of a target, which variables of the environment may change.

    A bare application has none.

    Raises:
        UsageError: Such a variable is malformed.
    """
    # imported here, as they take a while that the load generator need not pay
    from pydantic import ValidationError  # noqa: PLC0415 - see above

    from targets.shared.config import Settings, setting_rows  # noqa: PLC0415 - see above

    try:
        Settings()  # every variable, also those that a target is given another value of
        if target.driver == NO_DRIVER:
            return
        own = {name.removeprefix("TWIN_").lower(): value for name, value in target.variables.items()}
        chosen = Settings.model_validate(
            {"driver": target.driver, "pool_size": target.pool, "threads": target.threads, **own}
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = f"TWIN_{'_'.join(str(part) for part in first['loc'])}".upper()
        raise UsageError(f"{name} is {first['input']!r}: {first['msg']}", f"Correct or unset {name}") from error
    yield from setting_rows(target.model, chosen)


WORKLOAD = Workload(
    name="targets.workload:WORKLOAD",
    operations=OPERATIONS,
    writes=WRITES,
    health="get_health",
    database=DATABASE,
    questions=Questions(scenarios=SCENARIOS, profiles=PROFILES, chaos=CHAOS, chaos_profiles=CHAOS_PROFILES),
    targets=CATALOG,
    twins=tuple(TWINS),
    variables=variables,
    key_header="Write-Key",
    retry_header="Idempotency-Key",
    retry_rows={"replays": 1},
    sum_read=SumRead(operation="get_credits", field="credits", invariant="credits", moved_by=("transfer",)),
    locks=holders_of,
    handles=HANDLES,
    controls=CONTROLS,
    probed={**PROBED, **PROBED_BY_ONE},
    decomposition=MODEL_AND_DRIVERS,
    settings=settings,
)
