"""A database that says nothing: every driver gives up in time, on a real black hole."""

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from harness.provision.addresses import url_through
from harness.provision.postgres import Postgres
from harness.provision.toxiproxy import Link
from targets.async_api import engine as async_engine
from targets.shared.config import Settings
from targets.sync_api import engine as sync_engine
from tests.sample import sampled

LIMIT_S = 0.3
MOST_S = 2.0  # a driver that asks the silent database to cancel the command would take ten seconds more
SYNC, ASYNC = ("psycopg2", "psycopg"), ("asyncpg", "psycopg")
ONE = text("SELECT 1")


@pytest.fixture
def settings(postgres: Postgres, link: Link) -> Settings:
    return Settings(database_url=url_through(postgres.url, link.port), dead_peer_ms=round(LIMIT_S * 1000))


@pytest.fixture(params=SYNC)
def engine(settings: Settings, request: pytest.FixtureRequest) -> Iterator[Engine]:
    made = sync_engine.make_engine(settings.model_copy(update={"driver": request.param}))
    yield made
    made.dispose()


@pytest.fixture
def swallow(link: Link) -> Callable[[], None]:
    return lambda: link.add_toxic("hole", "timeout", "downstream", timeout=0)


def test_a_sync_driver_gives_up_on_a_statement_and_connects_anew(
    engine: Engine, link: Link, swallow: Callable[[], None]
) -> None:
    with engine.connect() as connection:
        connection.execute(ONE)
        swallow()
        began_s = time.monotonic()
        with pytest.raises(DBAPIError) as raised:
            connection.execute(ONE)
        assert raised.value.connection_invalidated
    assert LIMIT_S <= time.monotonic() - began_s < MOST_S
    link.remove_toxic("hole")
    with engine.connect() as connection:
        assert connection.execute(ONE).scalar() == 1


def test_a_sync_driver_gives_up_on_a_commit(engine: Engine, swallow: Callable[[], None]) -> None:
    with engine.connect() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE gone (id int)"))
        swallow()
        began_s = time.monotonic()
        with pytest.raises(DBAPIError):
            connection.commit()
    assert time.monotonic() - began_s < MOST_S


@pytest.mark.parametrize("driver", ASYNC)
@pytest.mark.parametrize("command", ["execute", "commit"])
def test_an_async_driver_gives_up_as_well(
    driver: str, command: str, settings: Settings, swallow: Callable[[], None]
) -> None:
    async def go() -> float:
        made = async_engine.make_engine(settings.model_copy(update={"driver": driver}))
        async with made.connect() as connection:
            await connection.execute(ONE)
            swallow()
            began_s = time.monotonic()
            with pytest.raises((DBAPIError, TimeoutError)):
                await (connection.execute(ONE) if command == "execute" else connection.commit())
            took_s = time.monotonic() - began_s
            await connection.invalidate()
        await made.dispose()
        return took_s

    assert LIMIT_S <= asyncio.run(go()) < MOST_S


@pytest.mark.parametrize("engine", sampled(SYNC, ["psycopg2"]), indirect=True)
def test_a_connection_that_is_held_without_a_command_is_left_alone(engine: Engine) -> None:
    with engine.connect() as connection:
        for _ in range(3):
            assert connection.execute(ONE).scalar() == 1
            time.sleep(2 * LIMIT_S)
        connection.commit()
        time.sleep(2 * LIMIT_S)
        assert connection.execute(ONE).scalar() == 1


@pytest.mark.parametrize("engine", sampled(SYNC, ["psycopg2"]), indirect=True)
def test_a_connection_that_came_back_is_watched_no_more(engine: Engine) -> None:
    for _ in range(3):
        with engine.connect() as connection:
            backend = connection.execute(text("SELECT pg_backend_pid()")).scalar()
        time.sleep(2 * LIMIT_S)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT pg_backend_pid()")).scalar() == backend
