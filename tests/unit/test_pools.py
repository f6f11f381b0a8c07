"""How many wait for a connection of a pool, as pools of SQLAlchemy's have it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import NullPool, PoolProxiedConnection, QueuePool, StaticPool, create_engine

from harness.probe.pools import capacity, crowds, spare, taken


def pool(size: int, overflow: int = 0) -> QueuePool:
    """Make a pool of this size."""
    engine = create_engine(
        "sqlite://",
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=overflow,
        connect_args={"check_same_thread": False},
    )
    assert isinstance(engine.pool, QueuePool)
    return engine.pool


@contextmanager
def handed_out(of: QueuePool, count: int) -> Iterator[list[PoolProxiedConnection]]:
    """Have so many connections checked out."""
    out = [of.connect() for _ in range(count)]
    yield out
    for one in out:
        one.close()


@pytest.mark.parametrize(("size", "overflow", "most"), [(5, 10, 15), (1, 0, 1), (5, -1, None)])
def test_a_pool_may_have_as_many_as_it_keeps_and_as_may_overflow(size: int, overflow: int, most: int | None) -> None:
    assert capacity(pool(size, overflow)) == most


@pytest.mark.parametrize("kind", [NullPool, StaticPool])
def test_what_makes_nobody_wait_has_no_limit(kind: type[NullPool] | type[StaticPool]) -> None:
    assert capacity(create_engine("sqlite://", poolclass=kind).pool) is None


def test_those_who_ask_a_pool_that_has_none_left_wait() -> None:
    small = pool(1, 1)
    with handed_out(small, 2) as out:
        assert taken(small) == 2
        assert crowds([small] * 3, out) == {small: 3}
    assert crowds([small] * 3, []) == {}


def test_who_asks_while_one_is_left_does_not_wait() -> None:
    small = pool(2)
    with handed_out(small, 1) as out:
        assert crowds([small], out) == {}


def test_who_is_about_to_get_a_connection_does_not_wait_for_one() -> None:
    """Which is opened, or asked whether it is there, before it is told of."""
    small = pool(2)
    with handed_out(small, 2) as out:
        assert crowds([small], out[:1]) == {}
        assert crowds([small] * 2, out[:1]) == {small: 1}


def test_each_pool_has_a_crowd_of_its_own() -> None:
    small, other, wide = pool(1), pool(1), pool(9)
    with handed_out(small, 1) as out, handed_out(other, 1) as outs:
        assert crowds([small, other, other, wide], [*out, *outs, None]) == {small: 1, other: 2}


def test_what_pools_that_are_used_have_left_is_spare() -> None:
    full, half, unlimited = pool(1), pool(1, 1), pool(1, -1)
    with handed_out(full, 1) as ones, handed_out(half, 1) as others, handed_out(unlimited, 3) as many:
        assert spare(ones) == 0
        assert spare([*ones, *others]) == 1
        assert spare([*ones, *many]) == 1
        assert spare([None]) == 0
