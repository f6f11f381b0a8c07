"""The route that a request has taken, by its template."""

from __future__ import annotations

from harness.probe.served import Scope


def route_of(scope: Scope) -> str:
    """Name the route, as ``GET /api/v1/users/{user_id}``; without a router, the path itself.

    A router that is mounted under a prefix knows its own part only: what stands before it in the path is taken
    from there.
    """
    path: str = scope["path"]
    template = getattr(scope.get("route"), "path", None)
    if template is None:
        return f"{scope['method']} {path}"
    before = path.rsplit("/", template.count("/"))[0]
    return f"{scope['method']} {before}{template}"
