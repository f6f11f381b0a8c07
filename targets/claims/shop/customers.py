"""Customers."""

from sqlalchemy.orm import Mapped, mapped_column

from targets.claims.shop.base import Base


class Customer(Base):
    """Somebody who orders."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
