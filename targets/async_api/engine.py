"""The engine: the one file in which the twins differ, because the drivers' arguments do."""

import itertools

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from targets.shared.config import Settings, asyncpg_arguments, pool_options, server_settings


def make_engine(settings: Settings) -> AsyncEngine:
    """Make the engine; connections are opened when they are needed."""
    numbers = itertools.count()
    arguments = {
        **asyncpg_arguments(settings),
        "server_settings": server_settings(settings),
        "prepared_statement_name_func": lambda: f"twin_{next(numbers):08x}",
    }
    return create_async_engine(settings.url("asyncpg"), connect_args=arguments, **pool_options(settings))
