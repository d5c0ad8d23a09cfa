"""Grants: which user may act for which customer, how far and how long."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.clock import warsaw_date
from chassis.columns import one_of, word
from services.identity.storage.base import Base
from services.identity.storage.customers import Customer
from services.identity.storage.users import User


class Scope(StrEnum):
    """How far a grant goes; each contains the one before."""

    VIEW = "VIEW"
    PAY = "PAY"
    MANAGE = "MANAGE"


class GivenBy(StrEnum):
    """How the grant came to be."""

    PROOF = "PROOF"  # By what stands on the last invoice: only who has it so gives grants to others.
    INVITATION = "INVITATION"  # A delegate.


class Grant(Base):
    """A user may act for a customer from `valid_from` until before `valid_until`, unless ended earlier."""

    __tablename__ = "grants"
    __table_args__ = (
        one_of("scope", Scope),
        one_of("given_by", GivenBy),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="dates"),
        # However many claim at once, one grant is open for a user and a customer.
        Index(
            "grants_open", "user_id", "customer_id", unique=True, postgresql_where=text("ended_at IS NULL")
        ),
        Index("grants_of_customer", "customer_id", "valid_from"),
    )

    grant_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.user_id"))
    customer_id: Mapped[UUID]
    scope: Mapped[Scope] = word(Scope)
    given_by: Mapped[GivenBy] = word(GivenBy)
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    @property
    def ends_on(self) -> date | None:
        """The last day on which it holds."""
        return None if self.valid_until is None else last_day(self.valid_until)


def last_day(valid_until: datetime) -> date:
    """The last day, in Poland, on which something holds that ends before an instant."""
    return warsaw_date(valid_until - timedelta(microseconds=1))


def lock_open_grant(session: Session, *, user_id: UUID, customer_id: UUID) -> Grant | None:
    """The grant that has not been ended; its dates may have passed."""
    return session.scalar(
        select(Grant)
        .where(Grant.user_id == user_id, Grant.customer_id == customer_id, Grant.ended_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def lock_grant(session: Session, grant_id: UUID, *, customer_id: UUID) -> Grant | None:
    """A grant for this customer, ended or not."""
    return session.scalar(
        select(Grant)
        .where(Grant.grant_id == grant_id, Grant.customer_id == customer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def add_grant(session: Session, grant: Grant) -> bool:
    """False when another transaction was first; waits for it."""
    statement = (
        insert(Grant)
        .values(
            grant_id=grant.grant_id,
            user_id=grant.user_id,
            customer_id=grant.customer_id,
            scope=grant.scope,
            given_by=grant.given_by,
            valid_from=grant.valid_from,
            valid_until=grant.valid_until,
        )
        .on_conflict_do_nothing()
    )
    return session.scalar(statement.returning(Grant.grant_id)) is not None


def count_delegates(session: Session, customer_id: UUID, *, now: datetime) -> int:
    """How many delegates the customer has at this moment."""
    delegates = select(func.count()).where(
        Grant.customer_id == customer_id,
        Grant.given_by == GivenBy.INVITATION,
        Grant.ended_at.is_(None),
        or_(Grant.valid_until.is_(None), Grant.valid_until > now),
    )
    return session.scalars(delegates).one()


def count_open_grants(session: Session, user_id: UUID) -> int:
    """How many customers the user holds."""
    open_ones = select(func.count()).where(Grant.user_id == user_id, Grant.ended_at.is_(None))
    return session.scalars(open_ones).one()


def is_granted(session: Session, *, user_id: UUID, customer_id: UUID, now: datetime) -> bool:
    """Whether a grant is in force."""
    statement = select(Grant.grant_id).where(
        Grant.user_id == user_id,
        Grant.customer_id == customer_id,
        Grant.ended_at.is_(None),
        Grant.valid_from <= now,
        or_(Grant.valid_until.is_(None), Grant.valid_until > now),
    )
    return session.scalar(statement) is not None


def list_grants_of_customer(
    session: Session, customer_id: UUID, *, now: datetime, limit: int
) -> list[tuple[Grant, User, Customer | None]]:
    """Grants in force with their users and the customer's labels, the newest first."""
    statement = (
        select(Grant, User, Customer)
        .join(User, User.user_id == Grant.user_id)
        .outerjoin(Customer, Customer.customer_id == Grant.customer_id)
        .where(
            Grant.customer_id == customer_id,
            Grant.ended_at.is_(None),
            Grant.valid_from <= now,
            or_(Grant.valid_until.is_(None), Grant.valid_until > now),
        )
        .order_by(Grant.valid_from.desc(), Grant.grant_id.desc())
        .limit(limit)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(statement)]
