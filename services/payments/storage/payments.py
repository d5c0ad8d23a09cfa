"""Payments, what each is meant for, and what happened to it step by step."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
    exists,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from chassis.ids import new_id
from chassis.keyset import Page, Window, fetch_page
from chassis.money import Money
from services.payments.storage.base import Base

CUSTOMER_LOCK = (
    0x706179  # "pay": the first key of the advisory lock under which a customer's payments are started.
)


class PaymentStatus(StrEnum):
    """How far a payment is. What may follow what is `domain/states.py`."""

    STARTED = "STARTED"
    PENDING = "PENDING"
    UNKNOWN = "UNKNOWN"
    RECEIVED = "RECEIVED"
    SETTLED = "SETTLED"
    FAILED = "FAILED"


class Step(StrEnum):
    """A line of a payment's timeline."""

    STARTED = "STARTED"
    AT_PROVIDER = "AT_PROVIDER"
    NO_ANSWER = "NO_ANSWER"
    RECEIVED = "RECEIVED"
    SETTLED = "SETTLED"
    BOOKED = "BOOKED"
    FAILED = "FAILED"
    REFUND_STARTED = "REFUND_STARTED"
    REFUNDED = "REFUNDED"
    REFUND_FAILED = "REFUND_FAILED"


UNFINISHED = (
    PaymentStatus.STARTED,
    PaymentStatus.PENDING,
    PaymentStatus.UNKNOWN,
    PaymentStatus.RECEIVED,
)
_UNFINISHED_SQL = "status IN ('STARTED', 'PENDING', 'UNKNOWN', 'RECEIVED')"


class Payment(Base):
    """One payment of one customer through one provider.

    `asked` is the request it came from, to tell a repeat from another one. `calling_until` is set, on the database's
    clock, before the provider is asked to register it: empty means that the provider cannot know it. `moved_at` is when
    the status changed last; `next_check_at` when the provider is asked next, empty when there is nothing to ask.
    """

    __tablename__ = "payments"
    __table_args__ = (
        one_of("status", PaymentStatus),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(status = 'SETTLED') = (settled_at IS NOT NULL)", name="settled_at"),
        CheckConstraint("booked_at IS NULL OR settled_at IS NOT NULL", name="booked_at"),
        CheckConstraint(
            "status IN ('SETTLED', 'FAILED') OR next_check_at IS NOT NULL", name="unfinished_is_checked"
        ),
        UniqueConstraint("customer_id", "request_id"),
        UniqueConstraint("number"),
        Index("payments_by_customer", "customer_id", "started_at", "payment_id"),
        Index("payments_by_start", "started_at", "payment_id"),
        Index("payments_by_order", "provider_order_id", postgresql_where=text("provider_order_id <> ''")),
        Index("payments_by_customer_number", "customer_number", "started_at"),
        Index("payments_to_check", "next_check_at", postgresql_where=text("next_check_at IS NOT NULL")),
        Index("payments_unfinished", "moved_at", postgresql_where=text(_UNFINISHED_SQL)),
        Index(
            "payments_not_booked",
            "settled_at",
            postgresql_where=text("settled_at IS NOT NULL AND booked_at IS NULL"),
        ),
    )

    payment_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    customer_number: Mapped[str]
    request_id: Mapped[UUID]
    asked: Mapped[dict[str, Any]] = mapped_column(JSONB)
    number: Mapped[str]
    status: Mapped[PaymentStatus] = word(PaymentStatus)
    reason: Mapped[str]
    amount: Mapped[Money]
    provider: Mapped[str]
    method_id: Mapped[str]
    method_name: Mapped[str]
    provider_order_id: Mapped[str]
    redirect_url: Mapped[str]
    payer_email: Mapped[str]
    payer_address: Mapped[str]
    language: Mapped[str]
    started_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    booked_at: Mapped[datetime | None]
    calling_until: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]
    checks: Mapped[int]


class PaymentShare(Base):
    """A part of a payment that is meant for one invoice; `position` is the order of use."""

    __tablename__ = "payment_shares"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        Index("payment_shares_by_invoice", "invoice_id", "payment_id"),
    )

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.payment_id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    invoice_id: Mapped[UUID]
    invoice_number: Mapped[str]
    amount: Mapped[Money]


class PaymentStep(Base):
    """What happened to a payment; rows are only added."""

    __tablename__ = "payment_steps"
    __table_args__ = (
        one_of("step", Step),
        Index("payment_steps_by_payment", "payment_id", "happened_at", "step_id"),
    )

    step_id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.payment_id"))
    happened_at: Mapped[datetime]
    step: Mapped[Step] = word(Step)
    amount: Mapped[Money | None]
    reason: Mapped[str]


# starting


def lock_customer(session: Session, customer_id: UUID) -> None:
    """One start at a time for each customer, so that their payments can be counted; until the transaction ends."""
    key = int.from_bytes(customer_id.bytes[-4:], signed=True)
    session.execute(select(func.pg_advisory_xact_lock(CUSTOMER_LOCK, key)))


def find_by_request(session: Session, customer_id: UUID, request_id: UUID) -> Payment | None:
    """The payment of a request."""
    return session.scalar(
        select(Payment).where(Payment.customer_id == customer_id, Payment.request_id == request_id)
    )


def count_unfinished(session: Session, customer_id: UUID) -> int:
    """How many payments of a customer are under way."""
    statement = select(func.count()).where(Payment.customer_id == customer_id, Payment.status.in_(UNFINISHED))
    return session.scalar(statement) or 0


def add_payment(session: Session, values: dict[str, Any]) -> bool:
    """Insert a payment; false when its number is taken."""
    statement = insert(Payment).values(**values).on_conflict_do_nothing(index_elements=["number"])
    return session.execute(statement.returning(Payment.payment_id)).first() is not None


def add_shares(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert what a payment is meant for."""
    if rows:
        session.execute(insert(PaymentShare), list(rows))


def claim_call(session: Session, payment_id: UUID, *, lease_s: float) -> bool:
    """Take the provider call of a started payment into one's hands; false while it is in somebody's.

    On the database's clock: the suite's may be moved by hand.
    """
    taken = session.execute(
        text(
            "UPDATE payments SET calling_until = clock_timestamp() + make_interval(secs => :lease_s)"
            " WHERE payment_id = :payment_id AND status = 'STARTED'"
            " AND (calling_until IS NULL OR calling_until < clock_timestamp()) RETURNING 1"
        ),
        {"payment_id": payment_id, "lease_s": lease_s},
    )
    return taken.first() is not None


def is_in_hands(session: Session, payment_id: UUID) -> bool:
    """Whether somebody is asking the provider to register this payment at this moment."""
    statement = select(Payment.payment_id).where(
        Payment.payment_id == payment_id,
        Payment.status == PaymentStatus.STARTED,
        Payment.calling_until >= func.clock_timestamp(),
    )
    return session.scalar(statement) is not None


# reading


def get_payment(session: Session, payment_id: UUID) -> Payment | None:
    """A payment by its id."""
    return session.get(Payment, payment_id)


def lock_payment(session: Session, payment_id: UUID) -> Payment | None:
    """A payment, held until the transaction ends, as it is now."""
    return session.scalar(
        select(Payment)
        .where(Payment.payment_id == payment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def add_step(session: Session, payment_id: UUID, step: Step, **values: Any) -> None:
    """A line more of the timeline."""
    session.add(PaymentStep(step_id=new_id(), payment_id=payment_id, step=step, **values))


def list_steps(session: Session, payment_id: UUID) -> Sequence[PaymentStep]:
    """The timeline, in order."""
    statement = select(PaymentStep).where(PaymentStep.payment_id == payment_id)
    return session.scalars(statement.order_by(PaymentStep.happened_at, PaymentStep.step_id)).all()


def find_shares(session: Session, payment_ids: Collection[UUID]) -> dict[UUID, list[PaymentShare]]:
    """What payments are meant for, by payment, in the order of use."""
    found: dict[UUID, list[PaymentShare]] = {payment_id: [] for payment_id in payment_ids}
    statement = select(PaymentShare).where(PaymentShare.payment_id.in_(payment_ids))
    for share in session.scalars(statement.order_by(PaymentShare.payment_id, PaymentShare.position)):
        found[share.payment_id].append(share)
    return found


def list_payments(
    session: Session, customer_id: UUID, *, window: Window, invoice_id: UUID | None = None
) -> Page:
    """A customer's payments, the newest first; only those meant for an invoice when one is named."""
    statement = select(Payment).where(Payment.customer_id == customer_id)
    if invoice_id is not None:
        meant = exists().where(
            PaymentShare.payment_id == Payment.payment_id, PaymentShare.invoice_id == invoice_id
        )
        statement = statement.where(meant)
    keys = [Payment.started_at, Payment.payment_id]
    return fetch_page(session, statement, keys=keys, window=window, descending=True, scalars=True)


# checking


def list_due(session: Session, *, now: datetime, limit: int) -> Sequence[UUID]:
    """Payments whose provider is to be asked, the longest due first."""
    statement = select(Payment.payment_id).where(Payment.next_check_at <= now)
    return session.scalars(statement.order_by(Payment.next_check_at).limit(limit)).all()


@dataclass(frozen=True)
class Levels:
    """How many payments there are of each status, and since when the oldest of the unfinished has been under way."""

    by_status: dict[PaymentStatus, int]
    oldest_started_at: datetime | None


def get_levels(session: Session) -> Levels:
    """For the metrics. Finished ones are not counted: there are ever more of them."""
    statement = (
        select(Payment.status, func.count(), func.min(Payment.started_at))
        .where(Payment.status.in_(UNFINISHED))
        .group_by(Payment.status)
    )
    rows = session.execute(statement).all()
    counts = dict.fromkeys(UNFINISHED, 0) | {status: count for status, count, _ in rows}
    return Levels(counts, min((oldest for _, _, oldest in rows), default=None))
