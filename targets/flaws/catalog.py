"""Every flaw: what it is, the check that must catch it, and the least that shows it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from harness.model.plan import Control, Target
from harness.model.verdict import Place, Verdict

PREFIX = "flaw:"
# Faults that break nothing: they stretch requests, so that more of them meet.
SLOW = ("latency", "jitter")
# A leak ends with requests that find no connection, as does a pool that waits for itself, and a loop that stands still
# with clients that wait no longer.
REFUSED = ("success_rate",)


PROBES = {
    "n_plus_one": "queries",
    "waits": "requests",
    **{name: name for name in ("loop", "pool", "requests")},
}  # by the check that needs it


def _flaw(
    name: str, caught_by: str, model: Literal["async", "sync"] = "async", sizes: tuple[int, int] = (20, 20)
) -> Target:
    """Return a twin with a flaw; ``sizes`` are threads and pool."""
    return Target(
        name=f"{PREFIX}{name}",
        model=model,
        driver={"async": "asyncpg", "sync": "psycopg2"}[model],
        app=f"targets.flaws.{name}:app",
        probes=(PROBES[caught_by],) if caught_by in PROBES else (),
        flaw=name,
        expected={caught_by: Verdict.FAIL},
        threads=sizes[0],
        pool=sizes[1],
    )


BROKEN_BY_FAULTS: Mapping[str, Control] = {
    flaw.target.name: flaw
    for flaw in (
        Control(target=_flaw("commit_in_two_steps", "cut_map"), cuts=("create_user",)),
        Control(target=_flaw("autocommit_per_statement", "cut_map"), cuts=("create_user",)),
        Control(target=_flaw("commit_after_the_response", "cut_map"), cuts=("create_user",)),
        Control(target=_flaw("fire_and_forget", "cut_map"), cuts=("create_user",)),
        Control(target=_flaw("blind_retry", "cut_map"), cuts=("create_post",)),
        Control(target=_flaw("key_kept_later", "cut_map"), cuts=("transfer+retry_key",)),
        Control(target=_flaw("swallowed_error", "writes"), faults=("serialization_failure",)),
        Control(target=_flaw("session_shared", "writes"), faults=SLOW, besides=("invariants", "recovery")),
        Control(target=_flaw("kept_in_memory", "writes"), faults=("kill_worker",)),
        Control(target=_flaw("synchronous_commit_off", "writes"), faults=("immediate_restart",)),
        Control(target=_flaw("lost_update", "invariants"), faults=("lock_contention",)),
        Control(target=_flaw("session_reused_without_rollback", "recovery"), faults=("immediate_restart",)),
    )
}


def _seen_inside(target: Target, function: str, load: str = "point-read") -> Control:
    """Return a flaw that a check names in a ``function`` of its file."""
    return Control(target=target, load=(load,), place=Place(f"{target.flaw}.py", 0, function))


# What is never awaited is named with its line; that it was to be a commit, the database tells by what it does not hold.
_MISSING_AWAIT = replace(
    _flaw("missing_await", "requests"), expected={"requests": Verdict.FAIL, "writes": Verdict.FAIL}
)
# Those that a probe inside the target sees; by plain load, without chaos.
SEEN_INSIDE: Mapping[str, Control] = {
    flaw.target.name: flaw
    for flaw in (
        _seen_inside(_flaw("blocking_call", "loop"), "ask_somebody"),
        # a call that waits for the database holds the loop up for as long as the database is away
        replace(_seen_inside(_flaw("sync_driver", "loop"), "get_user"), added_ms=(10,)),
        _seen_inside(_flaw("work_in_the_loop", "loop"), "compute"),
        _seen_inside(_flaw("signature_in_middleware", "loop"), "check"),
        _seen_inside(_flaw("tls_context_per_request", "loop"), "new_client"),
        _seen_inside(_flaw("rare_wait", "loop"), "refresh"),
        _seen_inside(_flaw("thousands_of_tasks", "loop"), "get_user"),
        # of those that come at once the last wait for longer than clients do
        replace(_seen_inside(_flaw("waits_for_seconds", "loop"), "ask_somebody"), besides=REFUSED),
        # no line of the application is on the stack; with a probe that knows how large answers are
        replace(_seen_inside(replace(_flaw("whole_history", "loop"), probes=("loop", "requests")), ""), place=None),
        _seen_inside(_flaw("lazy_loading", "n_plus_one"), "list_users", "pages"),
        _seen_inside(_flaw("raw_sql_n_plus_one", "n_plus_one"), "list_users", "pages"),
        _seen_inside(_flaw("eager_n_plus_one", "n_plus_one"), "list_users", "pages"),
        _seen_inside(_flaw("driver_n_plus_one", "n_plus_one"), "list_users", "pages"),
        _seen_inside(_flaw("id_n_plus_one", "n_plus_one"), "list_users", "pages"),
        _seen_inside(_flaw("answer_n_plus_one", "n_plus_one", "sync"), "list_users", "pages"),
        # thousands of rows take the loop, too
        replace(_seen_inside(_flaw("pagination_in_python", "n_plus_one"), "list_users", "pages"), besides=("loop",)),
        _seen_inside(_flaw("property_n_plus_one", "n_plus_one", "sync"), "author", "pages"),
        replace(_seen_inside(_flaw("leaked_session", "pool"), "get_user"), besides=REFUSED),
        _seen_inside(_flaw("held_across_call", "pool"), "ask_somebody"),
        replace(_seen_inside(_flaw("sync_leaked_session", "pool", "sync"), "get_user"), besides=REFUSED),
        _seen_inside(_flaw("sync_held_across_call", "pool", "sync"), "ask_somebody"),
        # a pool that the clients fill, as a slow database by itself keeps nobody waiting for a connection
        _seen_inside(_flaw("slow_statement", "pool", sizes=(4, 4)), "get_user"),
        _seen_inside(_flaw("sync_slow_statement", "pool", "sync", sizes=(4, 4)), "get_user"),
        _seen_inside(_flaw("no_pool", "pool"), "the_engine"),
        _seen_inside(_flaw("engine_disposed", "pool"), "clean_up"),
        _seen_inside(_flaw("sync_connect_in_route", "pool", "sync"), "connect"),
        _seen_inside(_flaw("engine_per_request", "pool"), "open_session"),
        _seen_inside(_flaw("sync_engine_per_request", "pool", "sync"), "__init__"),
        _seen_inside(_flaw("connection_thrown_away", "pool"), "get_user"),
        replace(_seen_inside(_flaw("asyncpg_second_connection", "pool"), "is_known"), besides=REFUSED),
        # a pool that the clients fill
        replace(_seen_inside(_flaw("second_session", "pool", sizes=(8, 8)), "note"), besides=REFUSED),
        replace(_seen_inside(_flaw("sync_second_session", "pool", "sync", sizes=(20, 8)), "get_user"), besides=REFUSED),
        _seen_inside(_flaw("base_http_middleware", "requests"), "dispatch"),
        _seen_inside(_MISSING_AWAIT, "create_user", "write"),
        _seen_inside(_flaw("lock_around_query", "waits"), "get_user"),
        _seen_inside(_flaw("sync_lock_around_call", "waits", "sync"), "ask_somebody"),
        _seen_inside(_flaw("hot_row", "waits"), "count_read"),
        _seen_inside(_flaw("sync_advisory_lock", "waits", "sync"), "get_user"),
        _seen_inside(_flaw("one_worker", "waits"), "get_user"),
        replace(
            _seen_inside(_flaw("threads_beyond_pool", "pool", "sync", sizes=(8, 4)), "get_session"),
            besides=REFUSED,
            place=Place("session.py", 0, "get_session"),
        ),
    )
}
FLAWS: Mapping[str, Control] = {**BROKEN_BY_FAULTS, **SEEN_INSIDE}
# Those that take several blocks to show, and so a comparison: no trial of a control is enough for an interval.
SEEN_IN_COMPARISONS: Mapping[str, Target] = {
    target.name: target for target in (_flaw("rows_cached_as_lists", "garbage"),)
}
# Those that show in requests that fail, and to no check of a trial: a claim counts what they leave behind.
SEEN_IN_CLAIMS: Mapping[str, Target] = {
    target.name: target
    for target in (
        _flaw("manual_session", "session_closed"),
        _flaw("sync_manual_session", "session_closed", "sync"),
        _flaw("missing_rollback", "missing_rollback"),
    )
}
