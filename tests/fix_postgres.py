"""A real PostgreSQL for the session, and a migrated, seeded, empty-handed database for each test."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from harness.provision.database import seed
from harness.provision.postgres import Postgres, postgres_server
from targets.content import DATABASE

SEEDED_USERS = 30
POSTS_PER_USER = 3
SMALL = replace(DATABASE, sizes={"users": SEEDED_USERS, "posts_per_user": POSTS_PER_USER})


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests, with the newest schema."""
    with postgres_server() as server:
        SMALL.migrate(server.url)
        yield server


@pytest.fixture
def database_url(postgres: Postgres) -> str:
    """The database, back at its seed: 30 users with 3 posts each."""
    seed(postgres.url, SMALL)
    return postgres.url


@pytest.fixture
def postgres_seed(postgres: Postgres) -> Callable[[], str]:
    """Bring the database back to its seed whenever it is called, and return its URL."""

    def reseed() -> str:
        seed(postgres.url, SMALL)
        return postgres.url

    return reseed
