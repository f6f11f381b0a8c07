"""What a request says to PostgreSQL, on each driver: as many round trips, and the same bytes each time it is said."""

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from harness.model.cut_map import Direction
from harness.provision.addresses import url_through
from harness.provision.messages import read_messages
from harness.provision.postgres import Postgres, connect
from harness.provision.relay import Relay, relaying
from tests.contract.test_alike import REQUESTS
from tests.fix_twins import Serve

pytestmark = pytest.mark.anyio
TIMES = 3
ROUND_TRIPS = {"get user": 3, "users, selectin": 4, "create user": 5, "change user": 5}


@pytest.fixture
def anyio_backend() -> str:
    """The event loop that the twins run on."""
    return "asyncio"


@pytest.fixture
def relay(postgres: Postgres, database_url: str) -> Iterator[Relay]:
    """A relay to PostgreSQL, with the database at its seed."""
    assert database_url == postgres.url
    with relaying(postgres.address) as opened:
        yield opened


async def ask(client: httpx.AsyncClient, name: str, number: int) -> None:
    """Send one request, which is answered well."""
    answer = await REQUESTS[name](client, number)  # type: ignore[misc]  # each returns an awaitable
    assert answer.is_success, answer.text


async def test_a_warm_connection_takes_as_many_round_trips_on_each_driver(
    serve: Serve, relay: Relay, postgres: Postgres
) -> None:
    async with serve(database_url=url_through(postgres.url, relay.port), pool_size=1, threads=1) as client:
        counted = {}
        for name in ROUND_TRIPS:
            await ask(client, name, 1)
            before = relay.counts.round_trips
            await ask(client, name, 2)
            counted[name] = relay.counts.round_trips - before
    assert counted == ROUND_TRIPS


async def test_a_write_on_a_fresh_connection_is_the_same_number_of_bytes_every_time(
    serve: Serve, relay: Relay, postgres: Postgres
) -> None:
    said = []
    async with serve(database_url=url_through(postgres.url, relay.port), pool_size=1, threads=1) as client:
        await ask(client, "create user", 0)
        for number in range(1, TIMES + 1):
            with closing(connect(postgres.url)) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'twin'")
            assert [(await client.get("/api/v1/healthz")).status_code for _ in range(2)] == [500, 200]
            captured = relay.capture()
            await ask(client, "create user", number)
            relay.stop_capture()
            said.append(bytes(captured.up))
    assert {len(one) for one in said} == {len(said[0])}
    messages = [[message.name for message in read_messages(one, Direction.UP)] for one in said]
    assert messages == [messages[0]] * TIMES
