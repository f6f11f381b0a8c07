"""Credits move between users and are never made or lost; and a create that is sent again is done once."""

from contextlib import closing

import anyio
import httpx
import pytest

from harness.provision.postgres import connect
from targets.content import CREDITS
from tests.contract.test_endpoints import locked, stored
from tests.fix_postgres import SEEDED_USERS
from tests.fix_twins import Serve, on_usual_drivers

pytestmark = pytest.mark.anyio
RICH, OTHER = 1, 2
POOR = SEEDED_USERS
KEY, AGAIN = "a" * 32, "b" * 32
NAMED = {"Write-Key": KEY, "Idempotency-Key": "order-1"}
CREATES = {
    "users": ("/api/v1/users", {"name": "Ada", "email": "ada@example.com", "posts": [{"title": "One"}]}),
    "posts": (f"/api/v1/users/{RICH}/posts", {"title": "One", "body": "b"}),
    "transfers": ("/api/v1/transfers", {"from_user_id": RICH, "to_user_id": OTHER, "credits": 7}),
}


@pytest.fixture
def anyio_backend() -> str:
    """The event loop that the twins run on."""
    return "asyncio"


@pytest.fixture(params=sorted(CREATES))
def create(request: pytest.FixtureRequest) -> tuple[str, str, dict[str, object]]:
    """Each kind of create: the table of its main row, its path, its body."""
    path, body = CREATES[request.param]
    return request.param, path, body


def credits_of(url: str, *users: int) -> list[int]:
    """What the users hold."""
    with closing(connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT credits FROM users WHERE id = ANY(%s) ORDER BY id", (list(users),))
        return [held for (held,) in cursor.fetchall()]


async def move(client: httpx.AsyncClient, from_user: int, to_user: int, amount: int) -> httpx.Response:
    body = {"from_user_id": from_user, "to_user_id": to_user, "credits": amount}
    return await client.post("/api/v1/transfers", json=body, headers={"Write-Key": KEY})


async def test_a_transfer_moves_credits_and_leaves_a_row_and_an_audit_row(serve: Serve, database_url: str) -> None:
    async with serve() as client:
        answer = await move(client, RICH, POOR, 30)
        total = (await client.get("/api/v1/credits")).json()
        holder = (await client.get(f"/api/v1/users/{POOR}")).json()
    assert answer.status_code == 201
    assert credits_of(database_url, RICH, POOR) == [CREDITS - 30, 30]
    assert total == {"users": SEEDED_USERS, "credits": CREDITS * (SEEDED_USERS // 2)}
    assert holder["credits"] == 30
    held = stored(database_url, KEY)
    assert (held["transfers"], held["audit_log"], held["replays"]) == (1, 1, 0)


@pytest.mark.parametrize(
    ("from_user", "to_user", "amount", "status"),
    [
        *((RICH, POOR, CREDITS + 1, 409), (POOR, RICH, 1, 409), (RICH, 999, 1, 404), (999, RICH, 1, 404)),
        *((RICH, RICH, 1, 422), (RICH, OTHER, 0, 422), (RICH, OTHER, -5, 422)),
    ],
)
@on_usual_drivers
async def test_a_transfer_that_cannot_be_is_refused_and_moves_nothing(
    serve: Serve, database_url: str, from_user: int, to_user: int, amount: int, status: int
) -> None:
    async with serve() as client:
        answer = await move(client, from_user, to_user, amount)
    assert answer.status_code == status
    assert credits_of(database_url, RICH, OTHER, POOR) == [CREDITS, CREDITS, 0]
    assert not any(stored(database_url, KEY).values())


async def test_all_of_it_can_go(serve: Serve, database_url: str) -> None:
    async with serve() as client:
        assert (await move(client, RICH, OTHER, CREDITS)).status_code == 201
    assert credits_of(database_url, RICH, OTHER) == [0, 2 * CREDITS]


async def test_opposite_transfers_at_once_all_pass(serve: Serve, database_url: str) -> None:
    async with serve() as client, anyio.create_task_group() as tasks:
        answers: list[int] = []

        async def one(number: int) -> None:
            pair = (RICH, OTHER) if number % 2 else (OTHER, RICH)
            answers.append((await move(client, *pair, 1)).status_code)

        for number in range(20):
            tasks.start_soon(one, number)
    assert answers == [201] * 20
    assert credits_of(database_url, RICH, OTHER) == [CREDITS, CREDITS]


async def test_a_user_who_holds_credits_is_not_deleted(serve: Serve, database_url: str) -> None:
    async with serve() as client:
        refused = await client.delete(f"/api/v1/users/{RICH}", headers={"Write-Key": KEY})
        done = await client.delete(f"/api/v1/users/{POOR}", headers={"Write-Key": AGAIN})
    assert (refused.status_code, done.status_code) == (409, 204)
    assert credits_of(database_url, RICH, POOR) == [CREDITS]


@on_usual_drivers
async def test_a_retry_gets_the_first_answer_and_writes_nothing(
    serve: Serve, database_url: str, create: tuple[str, str, dict[str, object]]
) -> None:
    table, path, body = create
    async with serve() as client:
        first = await client.post(path, json=body, headers=NAMED)
        again = await client.post(path, json=body, headers={**NAMED, "Write-Key": AGAIN})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert not any(stored(database_url, AGAIN).values())
    held = stored(database_url, KEY)
    assert (held[table], held["audit_log"], held["replays"]) == (1, 1, 1)


@on_usual_drivers
async def test_another_body_under_the_same_name_is_refused(
    serve: Serve, database_url: str, create: tuple[str, str, dict[str, object]]
) -> None:
    _, path, body = create
    changed = {**body, "credits": 8} if "credits" in body else {**body, "title": "Two", "name": "Eve"}
    async with serve() as client:
        await client.post(path, json=body, headers=NAMED)
        refused = await client.post(path, json=changed, headers={**NAMED, "Write-Key": AGAIN})
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["type"] == "key_reused"
    assert not any(stored(database_url, AGAIN).values())


@on_usual_drivers
async def test_the_same_name_for_another_operation_is_refused(serve: Serve) -> None:
    async with serve() as client:
        await client.post(CREATES["posts"][0], json=CREATES["posts"][1], headers=NAMED)
        elsewhere = await client.post("/api/v1/users/2/posts", json=CREATES["posts"][1], headers=NAMED)
        other = await client.post(CREATES["users"][0], json=CREATES["users"][1], headers=NAMED)
    assert (elsewhere.status_code, other.status_code) == (422, 422)


async def test_the_same_name_many_times_at_once_writes_once(
    serve: Serve, database_url: str, create: tuple[str, str, dict[str, object]]
) -> None:
    table, path, body = create
    answers: list[httpx.Response] = []
    async with serve() as client, anyio.create_task_group() as tasks:

        async def one() -> None:
            answers.append(await client.post(path, json=body, headers=NAMED))

        for _ in range(8):
            tasks.start_soon(one)
    assert [answer.status_code for answer in answers] == [201] * 8
    assert len({answer.text for answer in answers}) == 1
    held = stored(database_url, KEY)
    assert (held[table], held["audit_log"], held["replays"]) == (1, 1, 1)


async def test_a_refused_request_leaves_its_name_free(serve: Serve, database_url: str) -> None:
    body = {"from_user_id": POOR, "to_user_id": RICH, "credits": 5}
    async with serve() as client:
        refused = await client.post("/api/v1/transfers", json=body, headers=NAMED)
        await move(client, RICH, POOR, 5)
        done = await client.post("/api/v1/transfers", json=body, headers=NAMED)
    assert (refused.status_code, done.status_code) == (409, 201)
    assert stored(database_url, KEY)["replays"] == 1


async def test_who_comes_second_waits_for_the_first_and_may_then_be_the_first(serve: Serve, database_url: str) -> None:
    values = f"('order-1', 'elsewhere', '{AGAIN}')"
    claim = f"INSERT INTO replays (idempotency_key, fingerprint, write_key) VALUES {values}"  # noqa: S608 - our own
    path, body = CREATES["posts"]
    answers: list[int] = []
    async with serve() as client, anyio.create_task_group() as tasks:

        async def one() -> None:
            answers.append((await client.post(path, json=body, headers=NAMED)).status_code)

        async with locked(database_url, claim):
            tasks.start_soon(one)
            await anyio.sleep(0.2)
            assert answers == []
    assert answers == [201]


@pytest.mark.parametrize("name", ["", "x" * 65, "with space", "näme"])
@on_usual_drivers
async def test_a_name_that_cannot_be_stored_is_refused(serve: Serve, name: str) -> None:
    path, body = CREATES["posts"]
    headers = {b"Write-Key": KEY.encode(), b"Idempotency-Key": name.encode("latin-1")}
    async with serve() as client:
        answer = await client.post(path, json=body, headers=headers)
    assert answer.status_code == 422
