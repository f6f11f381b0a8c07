"""The engine: the one file in which the twins differ, because what makes it and the drivers that fit it do."""

from pkgutil import resolve_name

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from targets.shared.config import USUAL_DRIVERS, Settings, pool_options

# By driver, what its options are read from; only the driver that is used is imported.
OPTIONS = {
    "asyncpg": "targets.shared.drivers.asyncpg:options",
    "psycopg": "targets.shared.drivers.psycopg:async_options",
}


def make_engine(settings: Settings) -> AsyncEngine:
    """Make the engine; connections are opened when they are needed."""
    driver = settings.driver or USUAL_DRIVERS["async"]
    return create_async_engine(
        settings.url(driver), **pool_options(settings), **resolve_name(OPTIONS[driver])(settings)
    )
