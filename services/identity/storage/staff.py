"""Staff: the provider's people, who log in to the console. Never mixed with users."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, case, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from services.identity.storage.base import Base
from services.identity.storage.users import Look


class Role(StrEnum):
    """The roles that come with the suite."""

    CLERK = "clerk"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


class StaffMember(Base):
    """One of the provider's people. `roles` are keys of roles; without any there is no console.

    `towns` and `commodities` limit whose data they see; empty ones do not. `version` grows with roles and area.
    """

    __tablename__ = "staff"
    __table_args__ = (
        Index("staff_email", text("lower(email)"), unique=True),
        one_of("look", Look),
    )

    staff_id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str]
    name: Mapped[str]
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text))
    towns: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    commodities: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    version: Mapped[int] = mapped_column(BigInteger, server_default=text("1"))
    language: Mapped[str] = mapped_column(server_default="pl")
    look: Mapped[Look] = word(Look, server_default=Look.SYSTEM.value)
    password_hash: Mapped[str]
    added_at: Mapped[datetime]
    password_changed_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]


def find_staff_by_email(session: Session, email: str) -> StaffMember | None:
    """The account of an address in lower case."""
    return session.scalar(
        select(StaffMember)
        .where(func.lower(StaffMember.email) == email)
        .execution_options(populate_existing=True)
    )


def lock_staff(session: Session, staff_id: UUID) -> StaffMember | None:
    """The account, kept from others until the transaction ends."""
    return session.scalar(
        select(StaffMember)
        .where(StaffMember.staff_id == staff_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def list_staff(session: Session, *, limit: int) -> Sequence[StaffMember]:
    """Everybody by name."""
    return session.scalars(
        select(StaffMember).order_by(func.lower(StaffMember.name), StaffMember.staff_id).limit(limit)
    ).all()


def find_other_administrator(session: Session, staff_id: UUID) -> bool:
    """Whether somebody else can undo everything: an administrator who is limited to nothing. Kept from changes."""
    others = (
        select(StaffMember.staff_id)
        .where(
            StaffMember.roles.contains([Role.ADMINISTRATOR.value]),
            StaffMember.towns == [],
            StaffMember.commodities == [],
            StaffMember.staff_id != staff_id,
        )
        .order_by(StaffMember.staff_id)
        .limit(1)
        .with_for_update()
    )
    return session.scalar(others) is not None


def put_staff(session: Session, member: StaffMember) -> UUID:
    """A new member, or the address's one with new name and roles; its password stays. Answers the id."""
    row = insert(StaffMember).values(
        staff_id=member.staff_id,
        email=member.email,
        name=member.name,
        roles=member.roles,
        password_hash=member.password_hash,
        added_at=member.added_at,
        password_changed_at=member.password_changed_at,
    )
    statement = row.on_conflict_do_update(
        index_elements=[text("lower(email)")],
        set_={
            "name": row.excluded["name"],
            "roles": row.excluded["roles"],
            "version": StaffMember.version + case((StaffMember.roles == row.excluded["roles"], 0), else_=1),
        },
    )
    return session.scalars(statement.returning(StaffMember.staff_id)).one()
