"""What calls wait at, by the code of the innermost that is known, and by whose it is."""

from collections.abc import Generator
from types import FrameType, FunctionType

import httpcore._async.connection_pool
import httpcore._sync.connection_pool
import pytest
import urllib3.connectionpool

from harness.probe.primitives import CLIENT, CONDITION, LOCK, QUEUE, RESULT, SEMAPHORE, known_primitives, waited_at

running: list[Generator[None, None, None]] = []  # as long as which the calls stand


def call_in(module: str) -> FrameType:
    """A call of a function of this module that stands still."""

    def stands() -> Generator[None, None, None]:
        yield

    waits = FunctionType(stands.__code__.replace(co_name=module), {"__name__": module})()
    running.append(waits)
    frame = waits.gi_frame
    assert isinstance(frame, FrameType)
    return frame


@pytest.mark.parametrize(
    ("through", "waits", "kind"),
    [
        ([], CONDITION, CONDITION),
        (["asyncio.tasks", "contextlib"], QUEUE, QUEUE),
        (["library.pool"], LOCK, LOCK),
        (["library.pool"], QUEUE, ""),
        (["library.pool"], RESULT, ""),
        (["library.pool"], SEMAPHORE, SEMAPHORE),
        (["httpx._client", "httpcore._async.connection_pool"], CLIENT, CLIENT),
        (["httpx._client", "httpcore._async.http11", "anyio._core"], LOCK, ""),
        (["requests.sessions", "urllib3.connectionpool"], SEMAPHORE, ""),
    ],
)
def test_it_is_the_applications_turn_and_not_a_librarys_own_business(through: list[str], waits: str, kind: str) -> None:
    innermost = call_in("primitive")
    found, call = waited_at([*map(call_in, through), innermost], {innermost.f_code: waits})
    assert (found, call) == (kind, innermost if kind else None)


def test_where_clients_wait_for_one_of_few_connections_is_known() -> None:
    known = known_primitives()
    for waits in (
        httpcore._async.connection_pool.AsyncPoolRequest.wait_for_connection,
        httpcore._sync.connection_pool.PoolRequest.wait_for_connection,
        urllib3.connectionpool.HTTPConnectionPool._get_conn,
    ):
        assert known[waits.__code__] == CLIENT
