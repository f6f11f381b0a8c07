"""The check of the pool, where who has a connection asks for another."""

from dataclasses import replace

import pytest

from harness.model.verdict import Verdict
from tests.evidence import place
from tests.pool_evidence import CALM, LOOKS, POOL, SHORT, Look, found, look, sessions


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
