"""Pools of drivers' own, past SQLAlchemy: asyncpg's, whose connections are looked at as those of an engine are."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from harness.probe.holders import connecting as codes
from harness.probe.pools import Lent
from harness.probe.recorder import Recorder
from harness.probe.request import CONNECTION, Followed, Mark, under_way
from harness.probe.served import looked_into
from harness.probe.waits import Checkouts, connecting

MODULE = "asyncpg.pool"


class DriverPools:
    """Tells ``checkouts`` of who asks asyncpg's pools for a connection, and what they hand out."""

    def __init__(self, recorder: Recorder, checkouts: Checkouts) -> None:
        self._recorder = recorder
        self._checkouts = checkouts
        self._met = False

    def meet(self) -> None:
        """Begin once asyncpg is there; called again and again, as an application may import it late."""
        if not self._met and (module := sys.modules.get(MODULE)) is not None and hasattr(module, "Pool"):
            self._met = True
            codes.add(module.Pool._acquire.__code__)  # noqa: SLF001 - what all ways to acquire call
            module.Pool._acquire = self._telling(module.Pool._acquire)  # noqa: SLF001 - the same

    def _telling(self, original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @wraps(original)
        async def acquire(pool: object, *how: Any, **named: Any) -> Any:  # noqa: ANN401 - as asyncpg's
            request = under_way.get()
            if looked_into.get():
                self._checkouts.asks(request)
            connecting[id(request)] = (request, pool)
            try:
                with _asking(request):
                    proxy = await original(pool, *how, **named)
            except TimeoutError:
                self._recorder.note("pool", "timed_out", 1)
                raise
            finally:
                connecting.pop(id(request), None)
            self._checkouts.checked_out(pool, Lent(pool, proxy), request)
            return proxy

        return acquire


@contextmanager
def _asking(request: Mark) -> Iterator[None]:
    """Put a request, if it is followed, in the phase in which it waits for a connection."""
    if not isinstance(request, Followed):
        yield
        return
    request.look_for_its_task()
    before, request.phase = request.phase, CONNECTION
    try:
        yield
    finally:
        request.phase = before
