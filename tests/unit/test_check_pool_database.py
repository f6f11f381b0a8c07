"""The check of the pool, by what PostgreSQL says: transactions that idle, and statements that take long."""

from dataclasses import replace

import pytest

from harness.analysis.checks.pool import check_pool
from harness.model.evidence import Sample
from harness.model.verdict import Verdict
from tests.evidence import one, sample
from tests.pool_evidence import ALL_ASK, CALM, LOOKS, POOL, found, judged, look, seen, sessions


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
