"""One cause, one culprit: what only follows from a loop that stands still refers to it and names no line of its own."""

from dataclasses import replace

import pytest

from harness.analysis.checks.consequence import referred
from harness.analysis.checks.registry import judge_trial
from harness.model.evidence import Sample
from harness.model.findings import Finding, in_unit
from harness.model.measures import PHASES
from harness.model.verdict import Verdict
from harness.report.sentences.findings import finding_text
from tests.evidence import TARGET, evidence, op, place, sample

LAG = sample("loop", "lag_max_s", 0.004, own_s=0.004)
LATE = sample("loop", "lag_max_s", 0.3, own_s=0.3)
STALL = sample("loop", "stall_s", 0.9, call_site=place("a.py:7 work"), proven_s=0.9, computed_s=0.0)
FREE, STANDS = (LAG,), (LAG, STALL)
STATES = ("active", "long_active", "idle_in_transaction", "long_idle_in_transaction")
AT_SESSION = place("session.py:9 get_session")


def pool_of(holders: str, waiting: int = 0) -> tuple[Sample, ...]:
    """A pool of four, whose holders do this at all looks, while so many wait for it."""
    held = sample("pool", "in_use", 4, longest_s=0.1, call_site=AT_SESSION, **{holders: 4})
    waits = sample("pool", "waiting", waiting, connection=waiting)
    return (*[held, waits] * 20, *(sample("sessions", state, 0, limit_s=0.05, ages="") for state in STATES))


def judged(check: str, *samples: Sample, probes: tuple[str, ...] = ("loop", "pool", "requests")) -> Finding:
    """What is said of a trial by one of its checks."""
    target = replace(TARGET, pool=4, threads=4, probes=probes)
    trial = replace(evidence(op(0), samples=samples), target=target)
    (found,) = [one for one in judge_trial(trial) if one.check == check]
    return found


def test_what_a_loop_that_stands_brings_about_in_the_pool_is_left_to_it() -> None:
    pool = pool_of("database", waiting=3)
    found = judged("pool", *STANDS, *pool)
    assert (found.verdict, found.code, found.place, found.facts) == (
        Verdict.UNDECIDED,
        "follows_from_loop",
        None,
        {"cause": "held_up"},
    )
    assert finding_text(found).summary.endswith("see the check loop, held_up")
    own = judged("pool", *FREE, *pool)
    assert own.verdict is Verdict.FAIL
    assert own.place == AT_SESSION


@pytest.mark.parametrize(("code", "follows"), [("transactions_idle", True), ("database_slow", False)])
def test_transactions_that_idle_follow_and_a_slow_database_does_not(code: str, *, follows: bool) -> None:
    stands = Finding(check="loop", verdict=Verdict.FAIL, code="held_up", place=AT_SESSION)
    of_pool = Finding(check="pool", verdict=Verdict.FAIL, code=code, place=AT_SESSION, count=9)
    loop, found = referred([stands, of_pool])
    assert loop == stands
    assert (found.verdict is Verdict.UNDECIDED, found.place is None, found == of_pool) == (
        follows,
        follows,
        not follows,
    )


def test_so_it_is_where_nobody_knows_why_the_loop_is_late() -> None:
    assert judged("pool", LATE, *pool_of("database", waiting=3)).facts == {"cause": "late"}


def test_what_was_not_watched_is_no_cause() -> None:
    pool = pool_of("database", waiting=3)
    assert judged("pool", *pool).code == judged("pool", *STANDS, *pool, probes=("pool",)).code == "pool_too_small"


def test_connections_leak_whatever_the_loop_does() -> None:
    assert judged("pool", *STANDS, *pool_of("over")).code == "connections_leak"


def test_what_passes_stays_as_it_is() -> None:
    assert judged("pool", *STANDS, *pool_of("briefly")).verdict is Verdict.PASS


def test_where_no_request_ended_as_the_loop_stood_still_that_is_said() -> None:
    assert judged("requests", *STANDS).code == "follows_from_loop"
    stands = Finding(check="loop", verdict=Verdict.FAIL, code="held_up")
    of_queries = Finding(check="n_plus_one", verdict=Verdict.UNDECIDED, code="nothing_looked_into")
    assert [one.code for one in referred([of_queries, stands])] == ["follows_from_loop", "held_up"]
    assert judged("requests", *FREE).code == "nothing_looked_into"
    some = sample("requests", "took_s", 0.1, bytes=7, in_flight=0, **dict.fromkeys(PHASES, 0.02))
    assert judged("requests", *STANDS, some).code == "served_in_one_task"


@pytest.mark.parametrize("code", ["wait_for_a_lock", "wait_in_a_queue", "wait_for_a_row"])
def test_who_has_a_lock_stands_with_the_loop(code: str) -> None:
    stands = Finding(check="loop", verdict=Verdict.FAIL, code="held_up", place=AT_SESSION)
    waits = Finding(check="waits", verdict=Verdict.FAIL, code=code, place=AT_SESSION, count=1)
    found = referred([stands, waits])[1]
    assert (found.verdict, found.code, found.place) == (Verdict.UNDECIDED, "follows_from_loop", None)
    late = replace(stands, verdict=Verdict.UNDECIDED, code="late")
    assert referred([late, waits])[1] == waits


@pytest.mark.parametrize("code", ["transactions_idle", "database_slow", "pool_too_small", "too_few_threads"])
def test_what_those_hold_who_wait_for_one_another_is_left_to_that(code: str) -> None:
    waits = Finding(check="waits", verdict=Verdict.FAIL, code="wait_for_a_row", place=AT_SESSION, count=1)
    of_pool = Finding(check="pool", verdict=Verdict.FAIL, code=code, place=AT_SESSION, count=9)
    cause, found = referred([waits, of_pool])
    assert cause == waits
    assert (found.verdict, found.code, found.place) == (Verdict.UNDECIDED, "follows_from_waits", None)
    assert finding_text(found).summary.endswith("see the check waits, wait_for_a_row")
    assert referred([replace(waits, verdict=Verdict.UNDECIDED, code="may_wait"), of_pool])[1] == of_pool
    leak = replace(of_pool, code="connections_leak")
    assert referred([waits, leak])[1] == leak


@pytest.mark.parametrize(("waited_s", "code"), [(1.1, "follows_from_machine"), (0.9, "pool_too_small")])
def test_a_pool_is_not_too_small_by_what_a_process_without_a_core_holds_for_longer(waited_s: float, code: str) -> None:
    values = in_unit("s", core_wait=waited_s, window=2.0)
    loop = Finding(check="loop", verdict=Verdict.PASS, code="late_by_machine", values=values)
    pool = Finding(check="pool", verdict=Verdict.FAIL, code="pool_too_small", place=AT_SESSION, count=9)
    _, found = referred([loop, pool])
    assert found.code == code
    assert (found.verdict, found.place) == ((Verdict.FAIL, AT_SESSION) if found == pool else (Verdict.UNDECIDED, None))
    leak = replace(pool, code="connections_leak")
    assert referred([loop, leak]) == (loop, leak)  # which no core would have spared
