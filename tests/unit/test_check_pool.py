"""The check of the pool: each name by what is seen of it, its nearest neighbours, and what leaves it open."""

from dataclasses import replace
from math import ceil, floor

import pytest

from harness.analysis.checks.pool import check_pool
from harness.analysis.checks.registry import judge_trial
from harness.model.evidence import Evidence, Sample
from harness.model.verdict import Verdict
from harness.report.sentences.findings import FindingText
from tests.evidence import TARGET, evidence, one, op, place, sample, told, values

LOOKS = 20
LONG_S = 0.05
POOL, THREADS = 4, 4
Look = tuple[Sample, Sample]


def look(
    holders: dict[str, int] | None = None,
    waiting: dict[str, int] | None = None,
    call_site: str = "",
    asks: str = "",
    wants: str = "",
) -> Look:
    """One look: what holders do, and what those without a connection wait for."""
    held = holders or {}
    at = {
        name: place(text) if text else None
        for name, text in {"call_site": call_site, "asks": asks, "wants": wants}.items()
    }
    waits = {name: (waiting or {}).get(name, 0) for name in ("connection", "thread", "elsewhere", "in_thread", "full")}
    return (
        sample("pool", "in_use", sum(held.values()), longest_s=0.1, **at, **held),
        sample("pool", "waiting", sum(waits.values()), **waits),
    )


def sessions(
    *, active: float = 0, long_active: float = 0, long_idle: float = 0, idle: float = 0, age_s: float = 0.2
) -> tuple[Sample, ...]:
    """What PostgreSQL says, in two readings; each that is ``idle`` long enough to be told is so for ``age_s``."""
    readings = (floor(long_idle), ceil(long_idle))
    return (
        sample("sessions", "active", active),
        sample("sessions", "long_active", long_active),
        sample("sessions", "idle_in_transaction", max(idle, long_idle)),
        *(
            sample("sessions", "long_idle_in_transaction", count, limit_s=LONG_S, ages=" ".join([f"{age_s}"] * count))
            for count in readings
        ),
    )


CALM = look({"database": 2, "python": 1})
SHORT = look({"database": 3, "python": 1}, {"connection": 2, "elsewhere": 1})
ALL_ASK = look({"database": POOL}, {"connection": 5})


def seen(*looks: Look, said: tuple[Sample, ...] = sessions(), more: tuple[Sample, ...] = ()) -> Evidence:
    target = replace(TARGET, pool=POOL, threads=THREADS, probes=("pool",))
    samples = tuple(reading for both in looks for reading in both)
    return replace(evidence(op(0), samples=(*samples, *said, *more)), target=target)


def judged(trial: Evidence) -> FindingText:
    """What the check says of a trial, in words."""
    return told(check_pool(trial))


def found(*looks: Look, said: tuple[Sample, ...] = sessions()) -> FindingText:
    return judged(seen(*looks, said=said))


def test_a_pool_that_nobody_waits_for_passes() -> None:
    assert found(*[CALM] * LOOKS).verdict is Verdict.PASS


def test_a_tenth_of_all_looks_may_find_somebody_waiting() -> None:
    assert found(*[CALM] * (LOOKS - 2), *[SHORT] * 2).verdict is Verdict.PASS
    assert found(*[CALM] * (LOOKS - 3), *[SHORT] * 3).verdict is Verdict.FAIL


def test_those_who_wait_while_a_connection_is_free_do_not_wait_for_one() -> None:
    assert found(*[look({"database": POOL - 1}, {"connection": 1, "elsewhere": 9})] * LOOKS).verdict is Verdict.PASS


def test_those_on_their_way_to_a_free_thread_do_not_wait_for_one() -> None:
    on_the_way = look({"database": 1}, {"thread": 2, "in_thread": THREADS - 2})
    assert found(*[on_the_way] * LOOKS).verdict is Verdict.PASS
    assert found(*[look({"database": 1}, {"thread": 3, "in_thread": THREADS - 2})] * LOOKS).verdict is Verdict.FAIL


def test_a_small_pool_has_its_name_and_says_how_many_wanted_a_connection() -> None:
    small = found(*[SHORT] * LOOKS)
    assert small.summary == "The pool is too small: 4 connections, while 7 requests wanted one"
    assert (small.count, small.measured) == (LOOKS, "somebody waited at 20 of 20 looks; 0 waits timed out")


def test_few_threads_have_their_name_and_say_how_many_could_have_gone_on() -> None:
    few = found(*[look({"database": 1, "python": 1, "thread": 1}, {"thread": 5, "in_thread": 4})] * LOOKS)
    assert few.summary == "Too few threads: 4, while 8 requests could have gone on"


def test_few_threads_are_told_from_a_small_pool_by_what_most_wait_for() -> None:
    both = {"in_thread": THREADS, "thread": 2, "connection": 3}
    assert found(*[look({"database": POOL}, both)] * LOOKS).summary.startswith("The pool is too small")


STUCK = look({"thread": POOL}, {"connection": THREADS, "in_thread": THREADS, "thread": 3})


def test_threads_and_connections_that_wait_for_each_other_have_their_name() -> None:
    assert found(*[STUCK] * LOOKS).summary.startswith("Threads and connections wait for each other: 4 threads for 4")


def test_who_waits_for_each_other_is_named_where_a_thread_wants_a_connection_or_else_where_one_is_held() -> None:
    def first(call_site: str, wants: str) -> str:
        stuck = look(
            {"thread": POOL}, {"connection": THREADS, "in_thread": THREADS, "thread": POOL}, call_site, wants=wants
        )
        return found(*[stuck] * LOOKS).first

    assert first("a.py:1 holds", "b.py:7 wants") == "b.py:7 wants"
    assert first("a.py:1 holds", "") == "a.py:1 holds"


@pytest.mark.parametrize(("stuck", "name"), [(5, "Too few threads"), (6, "Threads and connections")])
def test_they_wait_for_each_other_for_more_than_a_quarter_of_the_time(stuck: int, name: str) -> None:
    works = look({"database": 1, "thread": 3}, {"thread": 5, "in_thread": THREADS})
    assert found(*[STUCK] * stuck, *[works] * (LOOKS - stuck)).summary.startswith(name)


def test_while_one_works_nobody_is_stuck() -> None:
    works = look({"thread": POOL - 1, "python": 1}, {"connection": THREADS, "in_thread": THREADS, "thread": 3})
    assert not found(*[works] * LOOKS).summary.startswith("Threads and connections")


@pytest.mark.parametrize(
    "pair", [("database", "python"), ("python", "elsewhere"), ("elsewhere", "over"), ("over", "briefly")]
)
def test_whatever_holders_do_that_goes_on_is_work(pair: tuple[str, str]) -> None:
    waits = {"connection": THREADS, "in_thread": THREADS}
    works = look({"thread": POOL - 2, **dict.fromkeys(pair, 1)}, waits)
    assert not found(*[CALM] * 2, *[works] * LOOKS, CALM).summary.startswith("Threads and connections")


@pytest.mark.parametrize("pair", [("database", "python"), ("python", "elsewhere"), ("elsewhere", "briefly")])
def test_threads_are_too_few_when_more_wait_for_one_than_work(pair: tuple[str, str]) -> None:
    def name(for_threads: int) -> str:
        holders = dict.fromkeys(pair, 2)
        return found(*[look(holders, {"thread": for_threads, "in_thread": THREADS, "connection": 1})] * LOOKS).summary

    assert name(4).startswith("The pool is too small")
    assert name(5).startswith("Too few threads")


def test_transactions_that_idle_have_their_name_and_line() -> None:
    waits = look({"elsewhere": POOL}, {"elsewhere": 5}, call_site="routes.py:7 ask")
    idle = found(*[waits] * LOOKS, said=sessions(long_idle=3))
    assert idle.summary == "Transactions idle: of 4.0 connections in use, 3.0 asked nothing for long"
    assert idle.first == "routes.py:7 ask"


def test_transactions_that_idle_are_found_before_the_pool_is_empty() -> None:
    assert found(*[look({"elsewhere": 2})] * LOOKS, said=sessions(long_idle=1.5)).verdict is Verdict.FAIL
    assert found(*[look({"elsewhere": 2})] * LOOKS, said=sessions(long_idle=1)).verdict is Verdict.PASS


def test_a_slow_database_has_its_name() -> None:
    slow = found(*[ALL_ASK] * LOOKS, said=sessions(active=3.5, long_active=2))
    assert slow.summary == "The database is slow: of 4.0 connections in use, 3.5 waited for a statement, 2.0 long"


def test_a_database_is_slow_when_most_connections_wait_for_it() -> None:
    half = found(*[ALL_ASK] * LOOKS, said=sessions(active=2, long_active=2))
    assert half.summary.startswith("The pool is too small")


def test_a_database_that_answers_many_short_statements_is_not_slow() -> None:
    third = found(*[ALL_ASK] * LOOKS, said=sessions(active=3, long_active=1))
    assert third.summary.startswith("The pool is too small")


@pytest.mark.parametrize("long", [0.5, 1.0])
def test_a_slow_database_is_named_at_whatever_moment_of_its_statements_it_is_looked_at(long: float) -> None:
    """Statements in step with the looks, two to each: half of the looks may fall where none is old yet."""
    assert found(*[ALL_ASK] * LOOKS, said=sessions(active=4, long_active=4 * long)).summary.startswith("The database")


def test_a_leak_has_its_name_also_where_nobody_waits_yet() -> None:
    leaks = look({"over": 2}, call_site="users.py:9 read")
    leak = found(*[CALM] * LOOKS, *[leaks] * 6)
    assert (leak.verdict, leak.first) == (Verdict.FAIL, "users.py:9 read")
    assert leak.summary == "Connections leak: 2 of 4 are held for requests that are over"


def test_what_is_given_back_has_not_leaked() -> None:
    late = look({"over": 1})
    assert found(*[CALM] * LOOKS, *[late] * 5).verdict is Verdict.PASS
    assert found(*[late] * LOOKS, CALM).verdict is Verdict.PASS


def test_what_is_held_by_no_request_has_not_leaked() -> None:
    assert found(*[look({"background": 2})] * LOOKS).verdict is Verdict.PASS


def test_a_leak_goes_before_what_comes_of_it() -> None:
    assert found(*[look({"over": POOL}, {"connection": 9})] * LOOKS).summary.startswith("Connections leak: 4 of 4")


@pytest.mark.parametrize(
    ("looks", "said", "code", "known"),
    [
        ([look({"over": 2})] * LOOKS, {}, "connections_leak", {"leaked": 2, "pool": POOL}),
        ([SHORT] * LOOKS, {}, "pool_too_small", {"pool": POOL, "threads": THREADS, "need": 7}),
        ([STUCK] * LOOKS, {}, "threads_and_connections_deadlocked", {"pool": POOL, "threads": THREADS}),
        (
            [look({"database": 1, "python": 1, "thread": 1}, {"thread": 5, "in_thread": 4})] * LOOKS,
            {},
            "too_few_threads",
            {"pool": POOL, "threads": THREADS, "need": 8},
        ),
        ([look({"elsewhere": POOL})] * LOOKS, {"long_idle": 3}, "transactions_idle", {"in_use": 4, "long_idle": 3}),
        (
            [ALL_ASK] * LOOKS,
            {"active": 3.5, "long_active": 2},
            "database_slow",
            {"in_use": 4, "active": 3.5, "long_active": 2},
        ),
        ([CALM] * LOOKS, {}, "nobody_waited", {}),
    ],
)
def test_each_name_is_a_code_with_its_numbers(
    looks: list[Look], said: dict[str, float], code: str, known: dict[str, float]
) -> None:
    finding = one(check_pool(seen(*looks, said=sessions(**said))))
    assert finding.code == code
    assert values(finding).items() >= {**known, "looks": LOOKS, "timed_out": 0, "limit": 0.1}.items()


def test_waits_that_timed_out_are_counted() -> None:
    timed_out = judged(seen(*[SHORT] * LOOKS, more=(sample("pool", "timed_out", 1),) * 3))
    assert timed_out.measured.endswith("; 3 waits timed out")


def test_few_looks_or_no_word_of_the_database_decide_nothing() -> None:
    few = found(*[CALM] * 9)
    assert (few.verdict, few.summary, few.count) == (Verdict.UNDECIDED, "The pool was not looked at", 1)
    assert found(*[CALM] * 10).verdict is Verdict.PASS
    silent = found(*[CALM] * LOOKS, said=())
    assert (silent.verdict, silent.summary) == (Verdict.UNDECIDED, "PostgreSQL was not asked of its sessions")


def test_it_is_asked_of_targets_that_have_the_probe() -> None:
    calm = seen(*[CALM] * LOOKS)
    assert "pool" in {finding.check for finding in judge_trial(calm)}
    assert "pool" not in {finding.check for finding in judge_trial(replace(calm, target=TARGET))}


def test_the_ages_of_connections_are_told_and_how_many_came_and_went() -> None:
    told = judged(
        seen(
            *[CALM] * LOOKS,
            more=(
                sample("pool", "open", 9, youngest_s=0.001, oldest_s=0.5),
                sample("pool", "opened", 1),
                sample("pool", "opened", 1),
                sample("pool", "closed", 0.5),
                sample("pool", "open", 4, youngest_s=0.1, oldest_s=2.5),
            ),
        )
    )
    assert told.measured.endswith("timed out; 4 connections, 0.100 to 2.500 s old, 2 opened and 1 closed")


def test_a_slow_database_is_asked_by_the_line_that_holds_its_connection_longest() -> None:
    asked = look({"database": 4}, {"connection": 2}, call_site="a.py:1 waits", asks="b.py:7 asks")
    slow = found(*[asked] * LOOKS, said=sessions(active=3, long_active=3))
    assert (slow.summary.partition(":")[0], slow.first) == ("The database is slow", "b.py:7 asks")
    small = found(*[asked] * LOOKS)
    assert (small.summary.partition(":")[0], small.first) == ("The pool is too small", "a.py:1 waits")


def moved(samples: tuple[Sample, ...], t_ns: int) -> tuple[Sample, ...]:
    """The same at another moment."""
    return tuple(replace(reading, t_ns=t_ns) for reading in samples)


@pytest.mark.parametrize(("t_ns", "asked"), [(-1, False), (0, True), (999_999_999, True), (1_000_000_000, False)])
def test_what_postgresql_says_before_or_after_the_window_counts_for_nothing(t_ns: int, asked: bool) -> None:  # noqa: FBT001 - one of two
    verdict = found(*[CALM] * LOOKS, said=moved(sessions(), t_ns)).verdict
    assert verdict is (Verdict.PASS if asked else Verdict.UNDECIDED)


def test_without_a_window_all_that_postgresql_says_counts() -> None:
    unbounded = replace(seen(*[CALM] * LOOKS, said=moved(sessions(), -1)), window=None)
    assert judged(unbounded).verdict is Verdict.PASS


def test_ten_looks_are_enough_to_have_looked() -> None:
    assert found(*[CALM] * 10, said=()).summary == "PostgreSQL was not asked of its sessions"
    assert found(*[CALM] * 9, said=()).summary == "The pool was not looked at"


def test_those_who_wait_for_connections_and_elsewhere_are_counted_together() -> None:
    looks = [look({"thread": 3, "over": 1}, {"connection": 2, "elsewhere": 2}), CALM] * LOOKS
    assert found(*looks).summary.startswith("The pool is too small")


def test_threads_that_are_all_busy_while_nobody_waits_for_one_are_enough() -> None:
    assert found(*[look({"python": 1}, {"in_thread": THREADS + 1})] * LOOKS).verdict is Verdict.PASS


def test_one_that_waits_for_a_thread_while_all_are_taken_is_short_of_one() -> None:
    assert found(*[look({"thread": 1}, {"in_thread": THREADS})] * LOOKS).summary.startswith("Too few threads")


def test_of_a_growing_leak_the_last_count_is_told() -> None:
    looks = [look({"over": 1})] * (LOOKS - 1) + [look({"over": 3})]
    assert found(*looks).summary == "Connections leak: 3 of 4 are held for requests that are over"


def test_only_what_is_no_pass_is_counted() -> None:
    assert found(*[CALM] * LOOKS).count == 0
    assert found(*[CALM] * LOOKS, said=()).count == 1


def asking(holders: dict[str, int], full: int, waiting: int = 0) -> Look:
    """One look at a pool that so many ask which has none left, some of whom hold none."""
    held, waits = look(holders, {"connection": waiting, "full": full})
    at = {"another": place("a.py:8 note"), "has": place("b.py:2 open")}
    return replace(held, places={**held.places, **at}), waits


NESTED = asking({"connection": POOL}, full=9, waiting=5)


def test_who_has_a_connection_and_waits_for_another_has_a_name_of_its_own_and_both_lines() -> None:
    second = found(*[NESTED] * LOOKS, said=sessions(long_idle=POOL))
    assert second.summary.startswith(
        "Requests that have a connection wait for another: of 4.0 connections in use, 4.0 are held by those"
    )
    assert second.first == "a.py:8 note, having one from b.py:2 open"
    assert second.measured.startswith("somebody waited at 20 of 20 looks")
    assert "a request with a connection asked for another at 20" in second.measured


def test_so_it_is_whatever_the_target_was_told_of_the_size_of_its_pool() -> None:
    small = found(*[asking({"connection": 2}, full=2)] * LOOKS)
    assert small.summary.startswith("Requests that have a connection wait for another")
    assert small.measured.startswith("somebody waited at 20 of 20 looks")


def test_while_the_pool_has_some_left_nobody_waits_and_it_is_no_more_than_told() -> None:
    enough = found(*[asking({"connection": 2}, full=0)] * LOOKS)
    assert enough.verdict is Verdict.PASS
    assert "a request with a connection asked for another at 20" in enough.measured
    assert "asked for another" not in found(*[CALM] * LOOKS).measured


@pytest.mark.parametrize(("holding", "second"), [(2, True), (1, False)])
def test_they_are_to_blame_if_half_of_the_connections_are_theirs(holding: int, second: bool) -> None:  # noqa: FBT001 - one of two
    some = asking({"connection": holding, "database": POOL - holding}, full=20, waiting=19)
    assert found(*[some] * LOOKS).summary.startswith("Requests that have a connection") is second


@pytest.mark.parametrize(("full", "second"), [(2, True), (3, False)])
def test_or_half_of_those_who_wait(full: int, second: bool) -> None:  # noqa: FBT001 - one of two
    some = asking({"connection": 1, "database": POOL - 1}, full=full, waiting=full - 1)
    assert found(*[some] * LOOKS).summary.startswith("Requests that have a connection") is second


def test_they_may_wait_at_a_tenth_of_all_looks_and_are_named_if_most_that_wait_do() -> None:
    assert found(*[CALM] * (LOOKS - 2), *[NESTED] * 2).verdict is Verdict.PASS
    assert found(*[CALM] * (LOOKS - 3), *[NESTED] * 3).summary.startswith("Requests that have a connection")
    both = found(*[CALM] * 6, *[SHORT] * 9, *[NESTED] * 5)
    assert both.summary.startswith("The pool is too small")


def test_without_the_line_of_the_first_the_second_is_named() -> None:
    held, waits = NESTED
    alone = replace(held, places={"another": place("a.py:8 note")})
    assert found(*[(alone, waits)] * LOOKS).first == "a.py:8 note"


APART = look({"elsewhere": POOL}, call_site="routes.py:7 ask")


def late(seconds: float, t_ns: int = 500_000_000) -> Sample:
    """How long the process took to give anybody a turn, until this moment."""
    return replace(sample("pool", "late_s", seconds), t_ns=t_ns)


def idles(*more: Sample, age_s: float = 0.2) -> bool:
    """Whether transactions of this age are said to idle."""
    trial = seen(*[APART] * LOOKS, said=sessions(long_idle=POOL, age_s=age_s), more=more)
    return one(check_pool(trial)).code == "transactions_idle"


def test_a_process_that_gives_nobody_a_turn_is_not_idle_by_its_own_fault() -> None:
    assert idles()
    assert idles(late(0.149))
    assert not idles(late(0.151))


def test_it_is_the_longest_turn_that_counts_of_those_meanwhile() -> None:
    assert not idles(late(0.1), late(0.16), late(0.1))
    assert idles(late(0.16, 299_999_999))  # it was over when they began to idle
    assert not idles(late(0.16, 300_000_000))
    assert not idles(late(0.16, 660_000_000))
    assert idles(late(0.16, 660_000_001))  # it began when they had been looked at


def test_those_who_have_their_answer_and_have_yet_to_see_it_do_not_idle() -> None:
    said = sessions(long_idle=POOL)
    assert found(*[look({"database": POOL})] * LOOKS, said=said).verdict is Verdict.PASS
    assert found(*[look({"thread": POOL})] * LOOKS, said=said).verdict is Verdict.PASS
    for what in ("python", "elsewhere", "background"):
        assert found(*[look({what: 3, "database": 1})] * LOOKS, said=said).summary.startswith("Transactions idle")
        assert found(*[look({what: 2, "database": 2})] * LOOKS, said=said).verdict is Verdict.PASS


def test_no_more_idle_than_there_are() -> None:
    """Of 10 in use at the looks PostgreSQL may see 14 idle, as it looks while the process can't."""
    more = found(*[look({"elsewhere": 10})] * LOOKS, said=sessions(long_idle=14))
    assert more.summary == "Transactions idle: of 14.0 connections in use, 10.0 asked nothing for long"
    assert found(*[look({"elsewhere": 7})] * LOOKS, said=sessions(long_idle=14)).verdict is Verdict.PASS
    assert found(*[look({"elsewhere": 3})] * LOOKS, said=sessions(active=3, long_idle=3)).verdict is Verdict.PASS
