"""Every flaw: what it is, the check that must catch it, and the least that shows it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from harness.model.findings import Place, Verdict
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
        _flaw("commit_in_two_steps", "cut_map", ("create_user",), ()),
        _flaw("autocommit_per_statement", "cut_map", ("create_user",), ()),
        _flaw("commit_after_the_response", "cut_map", ("create_user",), ()),
        _flaw("fire_and_forget", "cut_map", ("create_user",), ()),
        _flaw("blind_retry", "cut_map", ("create_post",), ()),
        _flaw("swallowed_error", "writes", (), ("serialization_failure",)),
        _flaw("session_shared", "writes", (), SLOW, besides=("invariants", "recovery")),
        _flaw("kept_in_memory", "writes", (), ("kill_worker",)),
        _flaw("synchronous_commit_off", "writes", (), ("immediate_restart",)),
        _flaw("lost_update", "invariants", (), ("lock_contention",)),
        _flaw("session_reused_without_rollback", "recovery", (), ("immediate_restart",)),
    )
}


PROBES = {"n_plus_one": "queries"}  # that a check needs, where it goes by another name


def _seen_inside(
    name: str,
    caught_by: str,
    function: str,
    *,
    model: Literal["async", "sync"] = "async",
    load: str = "point-read",
    sizes: tuple[int, int] = (20, 20),
) -> Control:
    """Return a flaw that a check names in a ``function`` of its file; ``sizes`` are threads and pool."""
    target = Target(
        name=f"{PREFIX}{name}",
        model=model,
        driver={"async": "asyncpg", "sync": "psycopg2"}[model],
        app=f"targets.flaws.{name}:app",
        probes=(PROBES.get(caught_by, caught_by),),
        flaw=name,
        expected={caught_by: Verdict.FAIL},
        threads=sizes[0],
        pool=sizes[1],
    )
    return Control(target=target, load=(load,), place=Place(f"{name}.py", 0, function))


def _refusing(flaw: Control) -> Control:
    """Return a flaw that ends with requests that find no connection and are refused."""
    return replace(flaw, besides=("success_rate",))


# Those that break no write, and that only a probe inside the target sees; by plain load, without chaos. A leak ends
# with requests that are refused, as does a pool that waits for itself.
SEEN_INSIDE: Mapping[str, Control] = {
    flaw.target.name: flaw
    for flaw in (
        _seen_inside("blocking_call", "loop", "ask_somebody"),
        # a call that waits for the database holds the loop up for as long as the database is away
        replace(_seen_inside("sync_driver", "loop", "get_user"), added_ms=(10,)),
        _seen_inside("work_in_the_loop", "loop", "compute"),
        _seen_inside("lazy_loading", "n_plus_one", "list_users", load="pages"),
        _seen_inside("property_n_plus_one", "n_plus_one", "author", model="sync", load="pages"),
        _refusing(_seen_inside("leaked_session", "pool", "get_user")),
        _seen_inside("held_across_call", "pool", "ask_somebody"),
        _refusing(_seen_inside("sync_leaked_session", "pool", "get_user", model="sync")),
        _seen_inside("sync_held_across_call", "pool", "ask_somebody", model="sync"),
        # a pool that the clients fill, as a slow database by itself keeps nobody waiting for a connection
        _seen_inside("slow_statement", "pool", "get_user", sizes=(4, 4)),
        _seen_inside("sync_slow_statement", "pool", "get_user", model="sync", sizes=(4, 4)),
        _seen_inside("base_http_middleware", "requests", "dispatch"),
        replace(
            _refusing(_seen_inside("threads_beyond_pool", "pool", "get_session", model="sync", sizes=(8, 4))),
            place=Place("session.py", 0, "get_session"),
        ),
    )
}
FLAWS: Mapping[str, Control] = {**BROKEN_BY_FAULTS, **SEEN_INSIDE}
