"""Every flaw: what it is, the check that must catch it, and the least that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from harness.model.outcome import Verdict
from harness.model.plan import Control, Target

PREFIX = "flaw:"
# Faults that break nothing: they stretch requests, so that more of them meet.
SLOW = ("latency", "jitter")


def _flaw(
    name: str, caught_by: str, cuts: tuple[str, ...], faults: tuple[str, ...], besides: tuple[str, ...] = ()
) -> Control:
    target = Target(
        name=f"{PREFIX}{name}",
        model="async",
        driver="asyncpg",
        app=f"targets.flaws.{name}:app",
        flaw=name,
        expected={caught_by: Verdict.FAIL},
    )
    return Control(target=target, cuts=cuts, faults=faults, besides=besides)


BROKEN_BY_FAULTS: Mapping[str, Control] = {
    flaw.target.name: flaw
    for flaw in (
        _flaw("commit_in_two_steps", "cuts", ("create_user",), ()),
        _flaw("autocommit_per_statement", "cuts", ("create_user",), ()),
        _flaw("commit_after_the_response", "cuts", ("create_user",), ()),
        _flaw("fire_and_forget", "cuts", ("create_user",), ()),
        _flaw("blind_retry", "cuts", ("create_post",), ()),
        _flaw("swallowed_error", "writes", (), ("serialization_failure",)),
        _flaw("session_shared", "writes", (), SLOW, besides=("balances", "recovery")),
        _flaw("kept_in_memory", "writes", (), ("kill_worker",)),
        _flaw("synchronous_commit_off", "writes", (), ("immediate_restart",)),
        _flaw("lost_update", "balances", (), ("lock_contention",)),
        _flaw("session_reused_without_rollback", "recovery", (), ("immediate_restart",)),
    )
}


def _seen_inside(  # noqa: PLR0913 - what a flaw is, and the least that shows it; sizes are threads and pool
    name: str,
    caught_by: str,
    place: str,
    *,
    model: Literal["async", "sync"] = "async",
    load: str = "point-read",
    besides: tuple[str, ...] = (),
    sizes: tuple[int, int] = (20, 20),
    added_ms: int = 0,
) -> Control:
    target = Target(
        name=f"{PREFIX}{name}",
        model=model,
        driver={"async": "asyncpg", "sync": "psycopg2"}[model],
        app=f"targets.flaws.{name}:app",
        probes=(caught_by,),
        flaw=name,
        expected={caught_by: Verdict.FAIL},
        threads=sizes[0],
        pool=sizes[1],
    )
    return Control(target=target, load=(load,), added_ms=(added_ms,), place=place, besides=besides)


# Those that break no write, and that only a probe inside the target sees; by plain load, without chaos. A leak ends
# with requests that find no connection and are refused, as does a pool that waits for itself.
SEEN_INSIDE: Mapping[str, Control] = {
    flaw.target.name: flaw
    for flaw in (
        _seen_inside("blocking_call", "loop", "blocking_call.py ask_somebody"),
        # a call that waits for the database holds the loop up for as long as the database is away
        _seen_inside("sync_driver", "loop", "sync_driver.py get_user", added_ms=10),
        _seen_inside("work_in_the_loop", "loop", "work_in_the_loop.py compute"),
        _seen_inside("lazy_loading", "queries", "lazy_loading.py list_users", load="pages"),
        _seen_inside("property_n_plus_one", "queries", "property_n_plus_one.py author", model="sync", load="pages"),
        _seen_inside("leaked_session", "pool", "leaked_session.py get_user", besides=("answers",)),
        _seen_inside("held_across_call", "pool", "held_across_call.py ask_somebody"),
        _seen_inside(
            "sync_leaked_session", "pool", "sync_leaked_session.py get_user", model="sync", besides=("answers",)
        ),
        _seen_inside("sync_held_across_call", "pool", "sync_held_across_call.py ask_somebody", model="sync"),
        # a pool that the clients fill, as a slow database by itself keeps nobody waiting for a connection
        _seen_inside("slow_statement", "pool", "slow_statement.py get_user", sizes=(4, 4)),
        _seen_inside("sync_slow_statement", "pool", "sync_slow_statement.py get_user", model="sync", sizes=(4, 4)),
        _seen_inside("base_http_middleware", "requests", "base_http_middleware.py dispatch"),
        _seen_inside(
            *("threads_beyond_pool", "pool", "session.py get_session"),
            model="sync",
            besides=("answers",),
            sizes=(8, 4),
        ),
    )
}
FLAWS: Mapping[str, Control] = {**BROKEN_BY_FAULTS, **SEEN_INSIDE}
