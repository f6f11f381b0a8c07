"""How many connections a pool may have, and how many of those who ask it wait: SQLAlchemy's pools and asyncpg's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import QueuePool


class Lent:
    """A connection that a pool of asyncpg's hands out, as the probe of checkouts knows SQLAlchemy's.

    Nobody gives back what nobody has any more, as SQLAlchemy does: so it is kept here until it has been given back.
    """

    __slots__ = ("_pool", "_proxy", "dbapi_connection")

    def __init__(self, pool: object, proxy: Any) -> None:  # noqa: ANN401 - asyncpg's
        self._pool, self._proxy = pool, proxy
        self.dbapi_connection = proxy._holder  # noqa: SLF001 - the same for as long as its pool lives

    def __call__(self) -> Lent:
        """Return itself, as a reference does."""
        return self

    @property
    def is_detached(self) -> bool:
        """Whether it has been given back."""
        return self._proxy._con is None  # noqa: SLF001 - told by nothing else


def capacity(pool: Any) -> int | None:  # noqa: ANN401 - of any kind
    """Return how many connections a pool may have; None if it has no limit, or is of a kind that makes nobody wait."""
    if isinstance(pool, QueuePool):
        overflow = pool._max_overflow  # noqa: SLF001 - told by nothing else
        return pool.size() + overflow if overflow > -1 else None  # below 0 there is no limit
    if (most := getattr(pool, "get_max_size", None)) is not None:  # asyncpg's
        return int(most())
    return None


def taken(pool: Any) -> int:  # noqa: ANN401 - the same
    """Return how many of the connections that a pool may have are handed out, or on their way to who has asked."""
    if isinstance(pool, QueuePool):
        return pool.checkedout()
    holders, free = pool._holders, pool._queue  # noqa: SLF001 - told by nothing else
    return int(len(holders) - free.qsize())


def spare(handed_out: Iterable[Any]) -> int:
    """Return how many connections the pools of these may hand out besides; one at least where one has no limit."""
    pools = {id(pool): pool for one in handed_out if (pool := getattr(one, "_pool", None)) is not None}
    left = 0
    for pool in pools.values():
        most = capacity(pool)
        left += 1 if most is None else max(0, most - taken(pool))
    return left


def crowds(asked: Iterable[Any], handed_out: Iterable[Any]) -> Mapping[Any, int]:
    """Return how many wait, by each pool that has none left.

    Who is about to get a connection, which is being opened, or asked whether it is still there, does not wait for one.

    Args:
        asked: Pools, each as often as it is asked just now.
        handed_out: Connections that they have handed out; None of one that is gone.
    """
    known = Counter(id(getattr(one, "_pool", None)) for one in handed_out)
    found: dict[Any, int] = {}
    for pool, number in Counter(asked).items():
        most = capacity(pool)
        if most is None or (gone := taken(pool)) < most:
            continue
        on_their_way = max(0, gone - known[id(pool)])
        if number > on_their_way:
            found[pool] = number - on_their_way
    return found
