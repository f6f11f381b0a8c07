"""The check of the pool: each name by what is seen of it, its nearest neighbours, and what leaves it open."""

from dataclasses import replace

import pytest

from harness.analysis.checks.pool import check_pool
from harness.analysis.checks.registry import judge_trial
from harness.model.verdict import Verdict
from tests.evidence import TARGET, one, sample, values
from tests.pool_evidence import ALL_ASK, CALM, LOOKS, POOL, SHORT, THREADS, Look, found, judged, look, seen, sessions


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


def test_connections_of_two_pools_are_not_held_against_the_size_of_one() -> None:
    """Nobody waits for one of a pool that has some left, however many are in use together."""
    both = {"elsewhere": 3}
    assert found(*[look({"database": 2 * POOL}, {**both, "spare": 1})] * LOOKS).verdict is Verdict.PASS
    assert found(*[look({"database": 2 * POOL}, both)] * LOOKS).verdict is Verdict.FAIL


def test_a_pool_of_another_size_than_the_targets_is_too_small_by_its_own() -> None:
    one_for_all = look({"database": 1}, {"connection": 5, "full": 5, "capacity": 1})
    small = found(*[one_for_all] * LOOKS)
    assert small.summary == "The pool is too small: 1 connections, while 6 requests wanted one"


@pytest.mark.parametrize(("full", "verdict"), [(1, Verdict.PASS), (2, Verdict.FAIL)])
def test_of_ten_who_use_a_pool_one_may_wait(full: int, verdict: Verdict) -> None:
    """As with fifteen connections for sixteen clients."""
    some = look({"database": 15}, {"connection": full, "full": full, "capacity": 15})
    target = replace(TARGET, pool=20, threads=20, probes=("pool",))
    assert judged(replace(seen(*[some] * LOOKS), target=target)).verdict is verdict


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


def test_a_leak_has_its_name_also_where_nobody_waits_yet() -> None:
    leaks = look({"over": 2}, call_site="users.py:9 read")
    leak = found(*[CALM] * LOOKS, *[leaks] * 6)
    assert (leak.verdict, leak.first) == (Verdict.FAIL, "users.py:9 read")
    assert leak.summary == "Connections leak: 2 of 4 are held for requests that are over"


def test_what_is_given_back_has_not_leaked() -> None:
    late = look({"over": 1})
    assert found(*[CALM] * LOOKS, *[late] * 5).verdict is Verdict.PASS
    assert found(*[late] * LOOKS, CALM).verdict is Verdict.PASS


def test_one_connection_that_stays_the_only_one_may_be_kept_on_purpose() -> None:
    """As one that listens for notifications, which the first request has opened."""
    assert found(*[look({"over": 1, "database": 2})] * LOOKS).verdict is Verdict.PASS
    assert found(*[look({"over": 2, "database": 2})] * LOOKS).verdict is Verdict.FAIL


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
