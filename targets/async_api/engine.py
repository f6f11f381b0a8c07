"""The engine: the one file in which the twins differ, because the drivers' arguments do."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from targets.shared.config import Settings, asyncpg_arguments, pool_options, server_settings


def make_engine(settings: Settings) -> AsyncEngine:
    """Make the engine; connections are opened when they are needed."""
    arguments = {**asyncpg_arguments(settings), "server_settings": server_settings(settings)}
    return create_async_engine(settings.url("asyncpg"), connect_args=arguments, **pool_options(settings))
