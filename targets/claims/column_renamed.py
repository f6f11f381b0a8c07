"""The tables of the users/posts API with a column under another name: what was ``name`` is ``full_name``."""

from targets.shared.models import Base

Base.metadata.tables["users"].c["name"].name = "full_name"

__all__ = ["Base"]
