"""The names of those of staff who have worked here: whom a case can be given to."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.tickets.storage.base import Base


class StaffMember(Base):
    """Somebody of staff as they called themselves when they last worked here."""

    __tablename__ = "staff_members"

    staff_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    seen_at: Mapped[datetime]


def keep(session: Session, staff_id: UUID, *, name: str, now: datetime) -> None:
    """Remember somebody who works here."""
    statement = insert(StaffMember).values(staff_id=staff_id, name=name, seen_at=now)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[StaffMember.staff_id],
            set_={"name": statement.excluded.name, "seen_at": statement.excluded.seen_at},
            where=StaffMember.name != statement.excluded.name,
        )
    )


def get_member(session: Session, staff_id: UUID) -> StaffMember | None:
    """Somebody who has worked here."""
    return session.get(StaffMember, staff_id)


def list_members(session: Session, *, limit: int) -> Sequence[StaffMember]:
    """All who have worked here, by name."""
    statement = select(StaffMember).order_by(StaffMember.name, StaffMember.staff_id).limit(limit)
    return session.scalars(statement).all()
