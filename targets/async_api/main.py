"""The application, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import async_sessionmaker

from targets.async_api.engine import make_engine
from targets.async_api.routes import router
from targets.shared.admission import Admission
from targets.shared.config import Settings, settle
from targets.shared.errors import add_handlers


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the application; its engine lives as long as the server does."""
    chosen = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = chosen.threads
        engine = make_engine(chosen)
        # rows stay readable after the commit: the answer is made of them
        app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
        app.state.admission = Admission(chosen.pool_size, chosen.pool_timeout_s)
        settle(chosen)
        yield
        await engine.dispose()

    app = FastAPI(title="Users and posts", version="1", lifespan=lifespan)
    app.include_router(router)
    add_handlers(app)
    return app


app = create_app()
