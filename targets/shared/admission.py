"""Admission of requests to connections, in the event loop, where waiting holds up no other request.

In the sync twin each step of a request is a job for a thread of its own: the session opened, the handler, the session
closed. If connections were waited for in threads, waiting requests could take all threads, and those that hold the
connections would find none to go on with: everything stands until a time limit ends it. The async twin has admission,
too, so that the two are alike.
"""

from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from fastapi import Depends, Request

from targets.shared.errors import DatabaseUnavailable


class Admission:
    """Admits as many requests at a time as there are connections; one waits no longer than ``timeout_s``."""

    def __init__(self, count: int, timeout_s: float) -> None:
        self._free = anyio.Semaphore(count, fast_acquire=True)
        self._timeout_s = timeout_s

    async def take(self) -> None:
        """Wait to be admitted; raise ``DatabaseUnavailable`` if no connection becomes free in time."""
        try:
            self._free.acquire_nowait()  # the usual case, without the cost of a time limit
        except anyio.WouldBlock:
            with anyio.move_on_after(self._timeout_s):
                await self._free.acquire()
                return
            raise DatabaseUnavailable from None

    def give_back(self) -> None:
        """Admit the next request."""
        self._free.release()


async def admit(request: Request) -> AsyncIterator[None]:
    """Admit a request for as long as it holds its session, or raise ``DatabaseUnavailable``."""
    admission: Admission = request.app.state.admission
    await admission.take()
    try:
        yield
    finally:
        admission.give_back()


Admitted = Annotated[None, Depends(admit, scope="function")]
