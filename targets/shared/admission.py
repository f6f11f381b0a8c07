"""A request waits for its turn before it asks for a connection: in the event loop, where waiting holds up nobody.

In the sync twin each step of a request is a job for a thread of its own: the session opened, the handler, the session
closed. Were connections waited for in threads, requests in wait could take all of them, while those that hold the
connections found none to go on with: nobody moves until a time limit ends it. The async twin takes admission as well,
so that the two are alike.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from fastapi import Depends, Request

from targets.shared.errors import DatabaseUnavailable


class Admission:
    """As many admission as there are connections, each waited for no longer than ``timeout_s``."""

    def __init__(self, count: int, timeout_s: float) -> None:
        self._free = anyio.Semaphore(count, fast_acquire=True)
        self._timeout_s = timeout_s

    async def take(self) -> None:
        """Wait for a turn.

        Raises:
            DatabaseUnavailable: None became free in time.
        """
        try:
            self._free.acquire_nowait()  # the usual case, without the cost of a time limit
        except anyio.WouldBlock:
            with anyio.move_on_after(self._timeout_s):
                await self._free.acquire()
                return
            raise DatabaseUnavailable from None

    def give_back(self) -> None:
        """Let the next one have it."""
        self._free.release()


async def admit(request: Request) -> AsyncIterator[None]:
    """Hold a turn for as long as the request holds its session.

    Raises:
        DatabaseUnavailable: None became free in time.
    """
    admission: Admission = request.app.state.admission
    await admission.take()
    try:
        yield
    finally:
        admission.give_back()


Admitted = Annotated[None, Depends(admit, scope="function")]
