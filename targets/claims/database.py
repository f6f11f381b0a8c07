"""The database of a program: the one that ``TWIN_DATABASE_URL`` names, by a driver."""

import os

from sqlalchemy import URL, make_url


def database_url(driver: str) -> URL:
    """Return its URL with the driver written out; without one for an empty name."""
    name = f"postgresql+{driver}" if driver else "postgresql"
    return make_url(os.environ["TWIN_DATABASE_URL"]).set(drivername=name)
