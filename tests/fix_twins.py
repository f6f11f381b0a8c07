"""Both twins, on each driver that they can have, as ASGI applications in this process, each with a client.

What they are made of is imported with the first: every process of the suite has these fixtures, and few of them ask.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import pytest

from targets.catalog import ON_PSYCOPG, TWINS
from tests.sample import sampled

if TYPE_CHECKING:
    import httpx
    from fastapi import FastAPI

    from targets.shared.config import Settings

ON_DRIVERS = {**TWINS, **ON_PSYCOPG}
# For tests of what no driver has a part in: on psycopg 3 they are among the slow ones.
on_usual_drivers = pytest.mark.parametrize("twin", sampled(ON_DRIVERS, TWINS), indirect=True)
Serve: TypeAlias = "Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]"


def create_app(twin: str, settings: Settings) -> FastAPI:
    """Make a twin by name, on its driver."""
    target = ON_DRIVERS[twin]
    chosen = settings.model_copy(update={"driver": target.driver})
    app: FastAPI = importlib.import_module(f"targets.{target.model}_api.main").create_app(chosen)
    return app


@pytest.fixture(params=ON_DRIVERS)
def twin(request: pytest.FixtureRequest) -> str:
    """Each twin on each driver in turn."""
    name: str = request.param
    return name


@pytest.fixture
def serve(twin: str, database_url: str) -> Serve:
    """Open a client of the twin, whose engine lives as long; settings may be overridden."""
    import httpx  # noqa: PLC0415 - see above

    from targets.shared.config import Settings  # noqa: PLC0415 - see above

    @asynccontextmanager
    async def served(**settings: object) -> AsyncIterator[httpx.AsyncClient]:
        chosen = Settings.model_validate({"database_url": database_url, **settings})
        app = create_app(twin, chosen)
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://twin") as client:
                yield client

    return served
