"""The twins behave alike: the same document, the same statements as PostgreSQL counts them."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest

from harness.provision.postgres import connect
from targets.catalog import ON_PSYCOPG, TWINS
from targets.shared.config import Settings
from tests.fix_postgres import SEEDED_USERS
from tests.fix_twins import ON_DRIVERS, create_app
from tests.sample import sampled

KEY = {"Write-Key": "ab" * 16}
REPEATS = 3
REQUESTS: dict[str, Callable[[httpx.AsyncClient, int], object]] = {
    "ping": lambda client, _n: client.get("/api/v1/ping"),
    "healthz": lambda client, _n: client.get("/api/v1/healthz"),
    "get user": lambda client, n: client.get(f"/api/v1/users/{n}"),
    "users, selectin": lambda client, _n: client.get("/api/v1/users?load=selectin&limit=5"),
    "users, joined": lambda client, _n: client.get("/api/v1/users?load=joined&limit=5"),
    "users, lazy": lambda client, _n: client.get("/api/v1/users?load=lazy&limit=5"),
    "users, raise": lambda client, _n: client.get("/api/v1/users?load=raise&limit=5"),
    "create user": lambda client, n: client.post(
        "/api/v1/users",
        json={"name": "n", "email": f"{n}@x", "posts": [{"title": "t"}, {"title": "u"}]},
        headers=KEY,
    ),
    "change user": lambda client, n: client.patch(f"/api/v1/users/{n}", json={"name": f"new {n}"}, headers=KEY),
    "remove user": lambda client, n: client.delete(f"/api/v1/users/{SEEDED_USERS - n}", headers=KEY),
    "create post": lambda client, n: client.post(f"/api/v1/users/{n}/posts", json={"title": "t"}, headers=KEY),
    "create post, named": lambda client, n: client.post(
        f"/api/v1/users/{n}/posts", json={"title": "t"}, headers={**KEY, "Idempotency-Key": f"post-{n}"}
    ),
    "transfer": lambda client, n: client.post(
        "/api/v1/transfers", json={"from_user_id": n, "to_user_id": n + 1, "credits": 1}, headers=KEY
    ),
    "credits": lambda client, _n: client.get("/api/v1/credits"),
    "posts": lambda client, _n: client.get("/api/v1/posts?limit=5"),
    "get post": lambda client, n: client.get(f"/api/v1/posts/{n}"),
    "no such user": lambda client, _n: client.get("/api/v1/users/999999"),
    "taken e-mail": lambda client, _n: client.post(
        "/api/v1/users", json={"name": "n", "email": "seed9@example.com"}, headers=KEY
    ),
}

# The statements that open and close transactions are the drivers' own, and spelled as each likes.
SPELLINGS = {
    "BEGIN;": "BEGIN",
    "BEGIN ISOLATION LEVEL READ COMMITTED;": "BEGIN",
    "COMMIT;": "COMMIT",
    "ROLLBACK;": "ROLLBACK",
}


def normal(query: str) -> str:
    """A statement with what is the driver's own taken off: spelling of transactions, casts, numbers of parameters.

    asyncpg sends parameters apart and so numbers and casts them; psycopg2 writes values into the text, which
    PostgreSQL then numbers itself.
    """
    query = SPELLINGS.get(query, query)
    query = re.sub(r"::[A-Za-z]+( WITH(OUT)? TIME ZONE)?(\(\d+\))?", "", query)
    return re.sub(r"\s+", " ", re.sub(r"\$?\b\d+\b", "$", query)).strip()


def statements(twin: str, url: str, name: str) -> tuple[Counter[str], list[int]]:
    """Calls of each statement, as PostgreSQL counted them, over a few requests on a warm connection."""

    async def count() -> tuple[Counter[str], list[int]]:
        app = create_app(twin, Settings(database_url=url, pool_size=1, threads=1))
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://twin") as client:
                await client.get("/api/v1/healthz")
                with closing(connect(url)) as connection, connection.cursor() as cursor:
                    cursor.execute("SELECT pg_stat_statements_reset()")
                    answers = [await REQUESTS[name](client, n) for n in range(1, REPEATS + 1)]  # type: ignore[misc]  # each returns an awaitable
                    cursor.execute(
                        "SELECT query, calls FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%'"
                    )
                    counted: Counter[str] = Counter()
                    for query, calls in cursor.fetchall():
                        counted[normal(query)] += calls
                    return counted, [answer.status_code for answer in answers]

    return asyncio.run(count())


def test_all_documents_are_one() -> None:
    one, *others = (create_app(twin, Settings()).openapi() for twin in ON_DRIVERS)
    assert others == [one] * 3


@pytest.mark.parametrize("name", REQUESTS)
def test_postgresql_counts_the_same_statements(name: str, postgres_seed: Callable[[], str]) -> None:
    counted = {twin: statements(twin, postgres_seed(), name) for twin in TWINS}
    assert counted["async"] == counted["sync"]
    calls, statuses = counted["async"]
    assert all(status < 500 for status in statuses)
    assert (sum(calls.values()) == 0) is (name == "ping")


@pytest.mark.parametrize("name", sampled(REQUESTS, ["create user", "transfer"]))
def test_postgresql_counts_the_same_statements_on_psycopg(name: str, postgres_seed: Callable[[], str]) -> None:
    counted = [statements(twin, postgres_seed(), name) for twin in ("async", *ON_PSYCOPG)]
    assert counted == counted[:1] * 3


def test_a_different_statement_is_seen() -> None:
    one = normal("SELECT users.id FROM users WHERE users.id = $1::BIGINT")
    assert one == normal("SELECT users.id FROM users WHERE users.id = $1")
    assert one != normal("SELECT users.id FROM users WHERE users.name = $1")


def test_lazy_loading_costs_a_statement_a_user_and_selectin_one(postgres_seed: Callable[[], str]) -> None:
    lazy, _ = statements("sync", postgres_seed(), "users, lazy")
    selectin, _ = statements("sync", postgres_seed(), "users, selectin")
    reads = {
        name: sum(n for query, n in calls.items() if query.startswith("SELECT"))
        for name, calls in (("lazy", lazy), ("selectin", selectin))
    }
    assert reads == {"lazy": REPEATS * (1 + 5), "selectin": REPEATS * 2}
