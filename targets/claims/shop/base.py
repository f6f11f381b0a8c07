"""The declarative base, which knows the tables of those modules that somebody has imported."""

from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """Declarative base."""
