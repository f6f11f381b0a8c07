"""A database that says nothing: both drivers give up in time, on a real black hole."""

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

LIMIT_S = 0.3
ONE = text("SELECT 1")


@pytest.fixture
def settings(postgres: Postgres, link: Link) -> Settings:
    return Settings(database_url=url_through(postgres.url, link.port), dead_peer_ms=round(LIMIT_S * 1000))


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    made = sync_engine.make_engine(settings)
    yield made
    made.dispose()


@pytest.fixture
def swallow(link: Link) -> Callable[[], None]:
    return lambda: link.add_toxic("hole", "timeout", "downstream", timeout=0)


def test_psycopg2_gives_up_on_a_statement(engine: Engine, swallow: Callable[[], None]) -> None:
    with engine.connect() as connection:
        connection.execute(ONE)
        swallow()
        began_s = time.monotonic()
        with pytest.raises(DBAPIError) as raised:
            connection.execute(ONE)
        assert raised.value.connection_invalidated
    assert time.monotonic() - began_s >= LIMIT_S


def test_psycopg2_gives_up_on_a_commit(engine: Engine, swallow: Callable[[], None]) -> None:
    with engine.connect() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE gone (id int)"))
        swallow()
        with pytest.raises(DBAPIError):
            connection.commit()


def test_asyncpg_gives_up_as_well(settings: Settings, swallow: Callable[[], None]) -> None:
    async def go() -> float:
        made = async_engine.make_engine(settings)
        async with made.connect() as connection:
            await connection.execute(ONE)
            swallow()
            began_s = time.monotonic()
            with pytest.raises((DBAPIError, TimeoutError)):
                await connection.execute(ONE)
            took_s = time.monotonic() - began_s
            await connection.invalidate()
        await made.dispose()
        return took_s

    assert asyncio.run(go()) >= LIMIT_S


def test_a_connection_that_is_held_without_a_command_is_left_alone(engine: Engine) -> None:
    with engine.connect() as connection:
        for _ in range(3):
            assert connection.execute(ONE).scalar() == 1
            time.sleep(2 * LIMIT_S)
        connection.commit()
        time.sleep(2 * LIMIT_S)
        assert connection.execute(ONE).scalar() == 1


def test_a_connection_that_came_back_is_watched_no_more(engine: Engine) -> None:
    for _ in range(3):
        with engine.connect() as connection:
            backend = connection.execute(text("SELECT pg_backend_pid()")).scalar()
        time.sleep(2 * LIMIT_S)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT pg_backend_pid()")).scalar() == backend
