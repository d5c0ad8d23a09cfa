"""Apps with codes that staff took from users: never changed, never taken back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.identity.storage.base import Base
from services.identity.storage.users import User


class FactorReset(Base):
    """What a member of staff did for somebody who holds a customer. `made_by` is their name then."""

    __tablename__ = "factor_resets"
    __table_args__ = (Index("factor_resets_of_customer", "customer_id", "made_at"),)

    reset_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    customer_id: Mapped[UUID]
    reason: Mapped[str]
    made_by: Mapped[str]
    made_at: Mapped[datetime]


def list_resets(session: Session, customer_id: UUID, *, limit: int) -> list[tuple[FactorReset, User]]:
    """What was done at a customer's page, and for whom, the newest first."""
    statement = (
        select(FactorReset, User)
        .join(User, User.user_id == FactorReset.user_id)
        .where(FactorReset.customer_id == customer_id)
        .order_by(FactorReset.made_at.desc(), FactorReset.reset_id.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]
