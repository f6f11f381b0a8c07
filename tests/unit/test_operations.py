"""What a client asks for, in words."""

from random import Random

from targets.operations import create_post, create_user, ping, transfer

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
