"""Replacement of one sound route by a flawed one: it is found first, and everything else stays as it was."""

from collections.abc import Callable
from typing import Any, Literal

from fastapi import APIRouter, FastAPI

PREFIX = "/api/v1"


def shadow(
    app: FastAPI,
    path: str,
    endpoint: Callable[..., Any],
    response_model: Any,  # noqa: ANN401 - as FastAPI types it
    method: Literal["get", "post"] = "post",
) -> FastAPI:
    """Put ``endpoint`` before the sound route of ``path``; raise ``LookupError`` if it would stand in for none."""
    if method not in app.openapi()["paths"].get(f"{PREFIX}{path}", {}):
        raise LookupError(f"{path} is no route of the sound twin")
    router = APIRouter(prefix=PREFIX)
    status = {"post": 201, "get": 200}[method]
    router.add_api_route(path, endpoint, methods=[method.upper()], status_code=status, response_model=response_model)
    app.router.routes[:0] = router.routes
    app.openapi_schema = None
    return app
