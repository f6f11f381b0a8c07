"""The engine: the one file in which the twins differ, because what makes it and the drivers that fit it do."""

from pkgutil import resolve_name

from sqlalchemy import Engine, create_engine

from targets.shared.config import USUAL_DRIVERS, Settings, pool_options

# By driver, what its options are read from; only the driver that is used is imported.
OPTIONS = {
    "psycopg2": "targets.shared.drivers.psycopg2:options",
    "psycopg": "targets.shared.drivers.psycopg:sync_options",
}


def make_engine(settings: Settings) -> Engine:
    """Make the engine; connections are opened when they are needed."""
    driver = settings.driver or USUAL_DRIVERS["sync"]
    return create_engine(settings.url(driver), **pool_options(settings), **resolve_name(OPTIONS[driver])(settings))
