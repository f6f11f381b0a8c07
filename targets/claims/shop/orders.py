"""Orders of customers."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from targets.claims.shop.base import Base


class Order(Base):
    """What a customer ordered."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    article: Mapped[str]
