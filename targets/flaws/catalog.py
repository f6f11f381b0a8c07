"""Every flaw: what it is, the check that must catch it, and the least that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from harness.model import Control, Target, Verdict

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


FLAWS: Mapping[str, Control] = {
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


def _seen_inside(name: str, caught_by: str, model: Literal["async", "sync"] = "async") -> Target:
    return Target(
        name=f"{PREFIX}{name}",
        model=model,
        driver={"async": "asyncpg", "sync": "psycopg2"}[model],
        app=f"targets.flaws.{name}:app",
        probes=(caught_by,),
        flaw=name,
        expected={caught_by: Verdict.FAIL},
    )


# Those that break nothing, and that only a probe inside the target sees; by plain load, without chaos.
SEEN_INSIDE: Mapping[str, Target] = {
    target.name: target
    for target in (
        _seen_inside("blocking_call", "loop"),
        _seen_inside("sync_driver", "loop"),
        _seen_inside("work_in_the_loop", "loop"),
        _seen_inside("lazy_loading", "queries"),
        _seen_inside("property_n_plus_one", "queries", model="sync"),
        _seen_inside("leaked_session", "pool"),
        _seen_inside("held_across_call", "pool"),
        _seen_inside("sync_leaked_session", "pool", model="sync"),
        _seen_inside("sync_held_across_call", "pool", model="sync"),
        # a pool that the clients fill, as a slow database by itself keeps nobody waiting for a connection
        replace(_seen_inside("slow_statement", "pool"), threads=4, pool=4),
        replace(_seen_inside("sync_slow_statement", "pool", model="sync"), threads=4, pool=4),
        _seen_inside("base_http_middleware", "requests"),
        replace(_seen_inside("threads_beyond_pool", "pool", model="sync"), threads=8, pool=4),
    )
}
