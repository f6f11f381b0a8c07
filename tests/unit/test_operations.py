"""What a client asks for, in words."""

from dataclasses import replace
from random import Random

from targets.operations import create_post, create_user, ping, transfer
from targets.workload import WORKLOAD

CHANCE = Random(1)  # noqa: S311 - a request, no secret


def test_a_request_is_told_with_all_that_it_says() -> None:
    assert str(ping(CHANCE, "")) == "GET /api/v1/ping"
    made = transfer(CHANCE, "k")
    said, body = str(made), made.body or {}
    assert body
    assert said.startswith('POST /api/v1/transfers {"from_user_id": ')
    assert all(f'"{name}": {value}' in said for name, value in body.items())


def test_what_only_makes_it_long_is_left_out() -> None:
    assert str(create_post(CHANCE, "k")).endswith('/posts {"title": "Post of k", "body": "x…x"}')
    assert len(str(create_user(CHANCE, "k"))) < 200


def test_a_write_that_may_be_sent_again_can_be_cut_under_its_retry_key_too() -> None:
    assert WORKLOAD.cuttable[:3] == ("create_user", "create_post", "transfer")
    assert WORKLOAD.cuttable[3:] == ("create_user+retry_key", "create_post+retry_key", "transfer+retry_key")
    key = "a" * 32
    plain, keyed = (WORKLOAD.request_to_cut(write, 1, key) for write in ("transfer", "transfer+retry_key"))
    assert plain.headers == {"Write-Key": key}
    assert keyed == replace(plain, headers={"Write-Key": key, "Idempotency-Key": key})


def test_one_that_may_not_be_sent_again_is_cut_without() -> None:
    once = replace(WORKLOAD, writes={"transfer": replace(WORKLOAD.writes["transfer"], retries=False)})
    assert once.cuttable == ("transfer",)
