"""What the API promises, held against both twins."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from typing import Any

import anyio
import pytest

from harness.provision.postgres import connect
from tests.fix_postgres import POSTS_PER_USER, SEEDED_USERS
from tests.fix_twins import Serve, on_usual_drivers

pytestmark = pytest.mark.anyio
KEY = "0123456789abcdef" * 2
HEADERS = {"Write-Key": KEY}
NEW = {"name": "Ada", "email": "ada@example.com", "posts": [{"title": "One"}, {"title": "Two", "body": "b"}]}
TABLES = ("users", "posts", "audit_log", "transfers", "replays")


@pytest.fixture
def anyio_backend() -> str:
    """The event loop that the twins run on."""
    return "asyncio"


def stored(url: str, key: str = KEY) -> dict[str, int]:
    """Rows in each table that carry the key."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        counts = {}
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE write_key = %s", (key,))  # noqa: S608 - a name of TABLES
            (counts[table],) = cursor.fetchone() or (0,)
        return counts


@asynccontextmanager
async def locked(url: str, statement: str) -> AsyncIterator[None]:
    """Hold what a statement locks, in a transaction of our own."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = False
        cursor.execute(statement)
        yield
        connection.rollback()


@on_usual_drivers
async def test_ping_needs_no_database(serve: Serve) -> None:
    async with serve(database_url="postgresql://nobody@127.0.0.1:1/none") as client:
        answer = await client.get("/api/v1/ping")
    assert (answer.status_code, answer.json()) == (200, {"pong": True})


async def test_health_is_the_databases(serve: Serve) -> None:
    async with serve() as client:
        answer = await client.get("/api/v1/healthz")
    assert (answer.status_code, answer.json()) == (200, {"database": "ok"})


async def test_a_user_is_written_with_posts_and_audit_row_under_one_key(serve: Serve, database_url: str) -> None:
    async with serve() as client:
        answer = await client.post("/api/v1/users", json=NEW, headers=HEADERS)
    body = answer.json()
    assert answer.status_code == 201
    assert [post["title"] for post in body["posts"]] == ["One", "Two"]
    assert {post["user_id"] for post in body["posts"]} == {body["id"]}
    assert stored(database_url) == {"users": 1, "posts": 2, "audit_log": 1, "transfers": 0, "replays": 0}


async def test_what_was_answered_is_committed(serve: Serve, database_url: str) -> None:
    """Another session sees the row while the answer's last byte has not been read yet."""
    async with serve() as client, client.stream("POST", "/api/v1/users", json=NEW, headers=HEADERS) as answer:
        assert answer.status_code == 201
        assert stored(database_url)["users"] == 1


async def test_reading_users_and_posts(serve: Serve) -> None:
    async with serve() as client:
        one = (await client.get("/api/v1/users/7")).json()
        post = (await client.get("/api/v1/posts/1")).json()
        posts = (await client.get("/api/v1/posts", params={"limit": 5, "offset": 2})).json()
    assert (one["id"], one["email"]) == (7, "seed7@example.com")
    assert "write_key" not in one
    assert post["id"] == 1
    assert [row["id"] for row in posts] == [3, 4, 5, 6, 7]


@pytest.mark.parametrize("load", ["selectin", "joined", "lazy"])
async def test_a_page_of_users_has_their_posts_however_loaded(serve: Serve, load: str) -> None:
    async with serve() as client:
        page = (await client.get("/api/v1/users", params={"limit": 4, "offset": 3, "load": load})).json()
    assert [user["id"] for user in page] == [4, 5, 6, 7]  # a limit counts users, not joined rows
    assert all(len(user["posts"]) == POSTS_PER_USER for user in page)
    assert all(post["user_id"] == user["id"] for user in page for post in user["posts"])


@on_usual_drivers
async def test_a_page_whose_posts_are_not_to_be_loaded_has_none(serve: Serve) -> None:
    async with serve() as client:
        page = (await client.get("/api/v1/users", params={"limit": 4, "offset": 3, "load": "raise"})).json()
    assert [user["id"] for user in page] == [4, 5, 6, 7]
    assert all(set(user) == {"id", "name", "email", "credits", "created_at"} for user in page)


@on_usual_drivers
async def test_a_page_beyond_the_end_is_empty(serve: Serve) -> None:
    async with serve() as client:
        answer = await client.get("/api/v1/users", params={"offset": SEEDED_USERS})
    assert (answer.status_code, answer.json()) == (200, [])


async def test_a_user_is_changed_in_what_was_given(serve: Serve, database_url: str) -> None:
    async with serve() as client:
        answer = await client.patch("/api/v1/users/5", json={"name": "New"}, headers=HEADERS)
        again = (await client.get("/api/v1/users/5")).json()
    assert answer.json() == again
    assert (again["name"], again["email"]) == ("New", "seed5@example.com")
    assert stored(database_url)["audit_log"] == 1


async def test_a_user_is_removed_with_the_posts(serve: Serve, database_url: str) -> None:
    async with serve() as client:
        answer = await client.delete(f"/api/v1/users/{SEEDED_USERS}", headers=HEADERS)
        gone = await client.get(f"/api/v1/users/{SEEDED_USERS}")
        posts = (await client.get("/api/v1/posts", params={"limit": 100})).json()
    assert (answer.status_code, answer.content, gone.status_code) == (204, b"", 404)
    assert all(post["user_id"] != SEEDED_USERS for post in posts)
    assert stored(database_url)["audit_log"] == 1


async def test_a_post_is_written(serve: Serve, database_url: str) -> None:
    async with serve() as client:
        answer = await client.post("/api/v1/users/5/posts", json={"title": "T", "body": "B"}, headers=HEADERS)
    assert (answer.status_code, answer.json()["user_id"]) == (201, 5)
    assert stored(database_url) == {"users": 0, "posts": 1, "audit_log": 1, "transfers": 0, "replays": 0}


MISSING = [
    ("GET", "/api/v1/users/999999", None),
    ("GET", "/api/v1/posts/999999", None),
    ("PATCH", "/api/v1/users/999999", {"name": "x"}),
    ("DELETE", "/api/v1/users/999999", None),
    ("POST", "/api/v1/users/999999/posts", {"title": "x"}),
]


@pytest.mark.parametrize(("method", "path", "body"), MISSING)
@on_usual_drivers
async def test_what_is_not_there_is_404_and_stores_nothing(
    serve: Serve, database_url: str, method: str, path: str, body: Any
) -> None:
    async with serve() as client:
        answer = await client.request(method, path, json=body, headers=HEADERS)
    assert (answer.status_code, list(answer.json())) == (404, ["detail"])
    assert not any(stored(database_url).values())


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/v1/users", {**NEW, "email": "seed1@example.com"}),
        ("PATCH", "/api/v1/users/5", {"email": "seed1@example.com"}),
    ],
)
async def test_a_taken_email_is_409_and_rolls_all_of_it_back(
    serve: Serve, database_url: str, method: str, path: str, body: Any
) -> None:
    async with serve() as client:
        answer = await client.request(method, path, json=body, headers=HEADERS)
        after = await client.post("/api/v1/users", json=NEW, headers={"Write-Key": "f" * 32})
    assert answer.status_code == 409
    assert not any(stored(database_url).values())
    assert after.status_code == 201


BAD = [
    ("POST", "/api/v1/users", {"name": "x", "email": "no"}, HEADERS),
    ("POST", "/api/v1/users", {"name": "nul \x00", "email": "a@b"}, HEADERS),
    ("POST", "/api/v1/users", {"name": "x" * 201, "email": "a@b"}, HEADERS),
    ("POST", "/api/v1/users", NEW, {}),
    ("POST", "/api/v1/users", NEW, {"Write-Key": KEY.upper()}),
    ("POST", "/api/v1/users", NEW, {"Write-Key": KEY[1:]}),
    ("POST", "/api/v1/users", [], HEADERS),
    ("GET", "/api/v1/users?limit=0", None, {}),
    ("GET", "/api/v1/users?limit=101", None, {}),
    ("GET", "/api/v1/users?offset=-1", None, {}),
    ("GET", "/api/v1/users?load=subquery", None, {}),
    ("GET", f"/api/v1/users/{2**63}", None, {}),
    ("GET", "/api/v1/users/0", None, {}),
    ("GET", "/api/v1/posts/x", None, {}),
]


@pytest.mark.parametrize(("method", "path", "body", "headers"), BAD)
@on_usual_drivers
async def test_bad_input_is_422_and_stores_nothing(
    serve: Serve, database_url: str, method: str, path: str, body: Any, headers: dict[str, str]
) -> None:
    async with serve() as client:
        answer = await client.request(method, path, json=body, headers=headers)
    assert answer.status_code == 422
    assert set(answer.json()["detail"][0]) == {"loc", "msg", "type"}
    assert not any(stored(database_url).values())


@on_usual_drivers
async def test_text_that_json_can_hold_and_utf8_cannot_is_422(serve: Serve) -> None:
    async with serve() as client:
        answer = await client.post(
            "/api/v1/users",
            content=b'{"name": "\\ud800", "email": "a@b"}',
            headers={**HEADERS, "content-type": "application/json"},
        )
    assert answer.status_code == 422


async def test_no_database_is_503_and_a_refusal(serve: Serve) -> None:
    async with serve(database_url="postgresql://nobody@127.0.0.1:1/none") as client:
        answer = await client.post("/api/v1/users", json=NEW, headers=HEADERS)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1


@on_usual_drivers
async def test_an_exhausted_pool_is_503_and_stores_nothing(serve: Serve, database_url: str) -> None:
    """One request holds the only connection, waiting for a lock; the other finds the pool empty."""
    async with (
        serve(pool_size=1, threads=4, pool_timeout_s=0.2) as client,
        locked(database_url, "LOCK TABLE users IN ACCESS EXCLUSIVE MODE"),
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(client.get, "/api/v1/users/1")
        await _until_someone_waits(database_url)
        answer = await client.post("/api/v1/users", json=NEW, headers=HEADERS)
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
        tasks.cancel_scope.cancel()
    assert not any(stored(database_url).values())


async def test_a_failure_after_a_statement_was_sent_is_500_without_retry_after(serve: Serve, database_url: str) -> None:
    async with serve(lock_timeout_ms=100) as client:
        async with locked(database_url, "LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE"):
            answer = await client.post("/api/v1/users", json=NEW, headers=HEADERS)
        after = await client.get("/api/v1/healthz")
    assert answer.status_code == 500
    assert "Retry-After" not in answer.headers
    assert not any(stored(database_url).values())
    assert after.status_code == 200


async def test_a_backend_that_is_killed_costs_one_request(serve: Serve, database_url: str) -> None:
    async with serve(pool_size=1, threads=1) as client:
        assert (await client.get("/api/v1/users/1")).status_code == 200
        with closing(connect(database_url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'twin'")
        answers = [(await client.get("/api/v1/users/1")).status_code for _ in range(3)]
    assert answers == [500, 200, 200]


async def test_no_session_is_left_in_a_transaction(serve: Serve, database_url: str) -> None:
    async with serve() as client:
        for method, path, body in MISSING:
            await client.request(method, path, json=body, headers=HEADERS)
        await client.post("/api/v1/users", json={**NEW, "email": "seed1@example.com"}, headers=HEADERS)
        with closing(connect(database_url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT state FROM pg_stat_activity WHERE application_name = 'twin'")
            assert {state for (state,) in cursor.fetchall()} == {"idle"}


async def _until_someone_waits(url: str) -> None:
    with closing(connect(url)) as connection, connection.cursor() as cursor, anyio.fail_after(30):
        while True:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone() != (0,):
                return
            await anyio.sleep(0.02)


@on_usual_drivers
async def test_openapi_lists_every_route(serve: Serve) -> None:
    async with serve() as client:
        document = (await client.get("/openapi.json")).json()
    operations = {(method, path) for path, item in document["paths"].items() for method in item}
    assert operations == {
        ("get", "/api/v1/ping"),
        ("get", "/api/v1/healthz"),
        ("get", "/api/v1/credits"),
        ("post", "/api/v1/transfers"),
        ("get", "/api/v1/users"),
        ("post", "/api/v1/users"),
        ("get", "/api/v1/users/{user_id}"),
        ("patch", "/api/v1/users/{user_id}"),
        ("delete", "/api/v1/users/{user_id}"),
        ("post", "/api/v1/users/{user_id}/posts"),
        ("get", "/api/v1/posts"),
        ("get", "/api/v1/posts/{post_id}"),
    }
