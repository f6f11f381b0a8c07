"""The tables of the users/posts API as they would be next: users have a nickname, which no migration has made."""

from sqlalchemy import Column, String

from targets.shared.models import Base

Base.metadata.tables["users"].append_column(Column("nickname", String(40)))

__all__ = ["Base"]
