"""A route is named by its template, whole."""

from types import SimpleNamespace

import pytest

from harness.probe.served import route_of


@pytest.mark.parametrize(
    ("path", "template", "name"),
    [
        ("/api/v1/users/7", "/api/v1/users/{user_id}", "GET /api/v1/users/{user_id}"),
        ("/api/v1/users/7", "/users/{user_id}", "GET /api/v1/users/{user_id}"),
        ("/api/v1/users", "/users", "GET /api/v1/users"),
        ("/", "/", "GET /"),
    ],
)
def test_a_route_has_its_prefix_whoever_knows_it(path: str, template: str, name: str) -> None:
    assert route_of({"method": "GET", "path": path, "route": SimpleNamespace(path=template)}) == name


def test_without_a_router_it_is_the_path() -> None:
    assert route_of({"method": "POST", "path": "/a/b"}) == "POST /a/b"
