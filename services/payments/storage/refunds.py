"""Refunds: money on its way back through the provider that took it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import MoneyType, one_of, word
from chassis.money import Money
from services.payments.storage.base import Base


class RefundStatus(StrEnum):
    """How far a refund is. What may follow what is `domain/states.py`."""

    STARTED = "STARTED"
    PENDING = "PENDING"
    UNKNOWN = "UNKNOWN"
    REFUNDED = "REFUNDED"
    FAILED = "FAILED"


UNFINISHED = (RefundStatus.STARTED, RefundStatus.PENDING, RefundStatus.UNKNOWN)
_UNFINISHED_SQL = "status IN ('STARTED', 'PENDING', 'UNKNOWN')"


class Refund(Base):
    """One refund of one payment. `calling_until`, `moved_at` and `next_check_at` are as a payment's."""

    __tablename__ = "refunds"
    __table_args__ = (
        one_of("status", RefundStatus),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(status IN ('REFUNDED', 'FAILED')) = (ended_at IS NOT NULL)", name="ended_at"),
        CheckConstraint("ended_at IS NOT NULL OR next_check_at IS NOT NULL", name="unfinished_is_checked"),
        UniqueConstraint("request_id"),
        Index("refunds_by_payment", "payment_id", "started_at", "refund_id"),
        Index("refunds_to_check", "next_check_at", postgresql_where=text("next_check_at IS NOT NULL")),
        Index("refunds_unfinished", "payment_id", "moved_at", postgresql_where=text(_UNFINISHED_SQL)),
    )

    refund_id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.payment_id"))
    request_id: Mapped[UUID]
    asked_amount: Mapped[Money | None]
    status: Mapped[RefundStatus] = word(RefundStatus)
    amount: Mapped[Money]
    reason: Mapped[str]
    made_by: Mapped[str]
    fault: Mapped[str]
    started_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    calling_until: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]
    checks: Mapped[int]


def add_refund(session: Session, values: dict[str, Any]) -> bool:
    """Insert a refund; false when its request began another one at this very moment."""
    statement = insert(Refund).values(**values).on_conflict_do_nothing(index_elements=["request_id"])
    return session.execute(statement.returning(Refund.refund_id)).first() is not None


def claim_call(session: Session, refund_id: UUID, *, lease_s: float) -> bool:
    """Take the provider call of a refund into one's hands; false while it is in somebody's, or is over.

    On the database's clock: the suite's may be moved by hand.
    """
    taken = session.execute(
        text(
            "UPDATE refunds SET calling_until = clock_timestamp() + make_interval(secs => :lease_s)"
            " WHERE refund_id = :refund_id AND status IN ('STARTED', 'UNKNOWN')"
            " AND (calling_until IS NULL OR calling_until < clock_timestamp()) RETURNING 1"
        ),
        {"refund_id": refund_id, "lease_s": lease_s},
    )
    return taken.first() is not None


def get_refund(session: Session, refund_id: UUID) -> Refund | None:
    """A refund by its id."""
    return session.get(Refund, refund_id)


def find_by_request(session: Session, request_id: UUID) -> Refund | None:
    """The refund of a request."""
    return session.scalar(select(Refund).where(Refund.request_id == request_id))


def lock_refund(session: Session, refund_id: UUID) -> Refund | None:
    """A refund, held until the transaction ends, as it is now."""
    return session.scalar(
        select(Refund)
        .where(Refund.refund_id == refund_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def sum_refunds(session: Session, payment_ids: Collection[UUID]) -> dict[UUID, Money]:
    """What was given back of payments, refunds under way included, failed ones not."""
    total = func.sum(Refund.amount, type_=MoneyType)
    statement = (
        select(Refund.payment_id, total)
        .where(Refund.payment_id.in_(payment_ids), Refund.status != RefundStatus.FAILED)
        .group_by(Refund.payment_id)
    )
    sums = dict.fromkeys(payment_ids, Money.zero())
    sums.update((payment_id, amount) for payment_id, amount in session.execute(statement))
    return sums


def list_refunds(session: Session, payment_id: UUID) -> Sequence[Refund]:
    """The refunds of a payment, the newest first."""
    statement = select(Refund).where(Refund.payment_id == payment_id)
    return session.scalars(statement.order_by(Refund.started_at.desc(), Refund.refund_id.desc())).all()


def list_due(session: Session, *, now: datetime, limit: int) -> Sequence[UUID]:
    """Refunds whose provider is to be asked, the longest due first."""
    statement = select(Refund.refund_id).where(Refund.next_check_at <= now)
    return session.scalars(statement.order_by(Refund.next_check_at).limit(limit)).all()
