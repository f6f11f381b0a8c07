"""More clients than connections: everybody's turn comes, or a refusal does, and no turn is lost."""

import anyio
import httpx
import pytest

from targets.shared.admission import Admission
from targets.shared.errors import DatabaseUnavailable
from tests.contract.test_endpoints import HEADERS, NEW, locked
from tests.fix_twins import Serve, on_usual_drivers

pytestmark = pytest.mark.anyio
CROWD = 16
LONG_S = 5.0


@pytest.fixture
def anyio_backend() -> str:
    """The event loop that the twins run on."""
    return "asyncio"


async def statuses(client: httpx.AsyncClient, path: str, count: int) -> list[int]:
    """Ask so many times at once."""
    found: list[int] = []

    async def ask() -> None:
        found.append((await client.get(path)).status_code)

    async with anyio.create_task_group() as group:
        for _ in range(count):
            group.start_soon(ask)
    return found


@on_usual_drivers
async def test_a_crowd_is_served_to_the_last(serve: Serve) -> None:
    """Were connections waited for in threads, those that hold them would find no thread to go on with."""
    async with serve(pool_size=2, threads=2, pool_timeout_s=LONG_S) as client:
        assert await statuses(client, "/api/v1/users/1", CROWD) == [200] * CROWD


@on_usual_drivers
async def test_who_waits_in_vain_is_refused_while_the_others_still_wait(serve: Serve, database_url: str) -> None:
    order: list[int] = []
    async with serve(pool_size=1, threads=1, pool_timeout_s=0.1, lock_timeout_ms=1_000) as client:

        async def rename() -> None:
            order.append((await client.patch("/api/v1/users/1", json={"name": "Ada"}, headers=HEADERS)).status_code)

        locks = locked(database_url, "LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE")
        async with locks, anyio.create_task_group() as group:
            group.start_soon(rename)
            await anyio.sleep(0.05)
            group.start_soon(rename)
        refused = (await client.get("/api/v1/healthz")).status_code
    assert order == [503, 500]
    assert refused == 200


async def test_a_turn_is_given_back_whatever_the_answer(serve: Serve, database_url: str) -> None:
    async with serve(pool_size=1, threads=1, pool_timeout_s=0.5, lock_timeout_ms=50) as client:
        told = [
            (await client.get("/api/v1/users/999999")).status_code,
            (await client.post("/api/v1/users", json=NEW, headers=HEADERS)).status_code,
            (await client.post("/api/v1/users", json=NEW, headers={"Write-Key": "f" * 32})).status_code,
            (await client.post("/api/v1/users", json={}, headers=HEADERS)).status_code,
        ]
        async with locked(database_url, "LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE"):
            told.append((await client.patch("/api/v1/users/1", json={"name": "A"}, headers=HEADERS)).status_code)
        told.append((await client.get("/api/v1/healthz")).status_code)
    assert told == [404, 201, 409, 422, 500, 200]


async def test_a_turn_is_given_back_where_no_connection_can_be_had(serve: Serve) -> None:
    async with serve(database_url="postgresql://nobody@127.0.0.1:1/none", pool_size=1, pool_timeout_s=0.5) as client:
        assert await statuses(client, "/api/v1/healthz", 3) == [503] * 3


async def test_a_wait_that_is_cancelled_takes_no_turn() -> None:
    turns = Admission(1, LONG_S)
    await turns.take()
    async with anyio.create_task_group() as group:
        group.start_soon(turns.take)
        await anyio.sleep(0.01)
        group.cancel_scope.cancel()
    turns.give_back()
    await turns.take()


async def test_a_wait_ends_in_time() -> None:
    turns = Admission(1, 0.01)
    await turns.take()
    with pytest.raises(DatabaseUnavailable):
        await turns.take()
