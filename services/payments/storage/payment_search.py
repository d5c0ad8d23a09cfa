"""Finding payments of all customers, and the stuck ones among them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, and_, func, or_, select, union
from sqlalchemy.orm import Session

from chassis import areas
from chassis.actors import EVERYWHERE, Area
from chassis.keyset import Page, Window, fetch_page
from services.payments.storage import refunds
from services.payments.storage.areas import CustomerArea
from services.payments.storage.payments import UNFINISHED, Payment, PaymentStatus
from services.payments.storage.refunds import Refund, RefundStatus


@dataclass(frozen=True)
class Search:
    """What is looked for; empty and None ask for nothing. `from_instant` is included, `until_instant` is not."""

    query: str = ""
    status: PaymentStatus | None = None
    stuck: bool = False
    provider: str = ""
    from_instant: datetime | None = None
    until_instant: datetime | None = None
    area: Area = EVERYWHERE


def search_payments(session: Session, search: Search, *, still_since: datetime, window: Window) -> Page:
    """Payments of everybody, the newest first."""
    statement = select(Payment)
    if search.query:
        statement = statement.where(_matches(search.query))
    if search.status is not None:
        statement = statement.where(Payment.status == search.status)
    if search.stuck:
        statement = statement.where(Payment.payment_id.in_(_stuck(still_since)))
    if search.provider:
        statement = statement.where(Payment.provider == search.provider)
    if search.from_instant is not None:
        statement = statement.where(Payment.started_at >= search.from_instant)
    if search.until_instant is not None:
        statement = statement.where(Payment.started_at < search.until_instant)
    if not search.area.is_whole:
        statement = statement.where(_within(search.area))
    keys = [Payment.started_at, Payment.payment_id]
    return fetch_page(session, statement, keys=keys, window=window, descending=True, scalars=True)


def count_stuck(session: Session, *, still_since: datetime, area: Area = EVERYWHERE) -> int:
    """How many payments somebody should look at."""
    stuck = _stuck(still_since).subquery()
    statement = select(func.count()).select_from(stuck)
    if not area.is_whole:
        statement = statement.join(Payment, Payment.payment_id == stuck.c.payment_id).where(_within(area))
    return session.scalar(statement) or 0


def _within(area: Area) -> ColumnElement[bool]:
    inside = select(CustomerArea.customer_id).where(areas.covered(CustomerArea, area))
    return Payment.customer_id.in_(inside)


def _matches(query: str) -> ColumnElement[bool]:
    return or_(
        Payment.number == query.upper(),
        and_(Payment.provider_order_id == query, Payment.provider_order_id != ""),
        Payment.customer_number == query,
    )


def _stuck(still_since: datetime) -> CompoundSelect[Any]:
    """Ids of those under way without a step since then, of unknown outcome, settled and never booked, or with such a
    refund. As a union: each part has an index of its own.
    """
    still = or_(Payment.moved_at <= still_since, Payment.status == PaymentStatus.UNKNOWN)
    refund_still = or_(Refund.moved_at <= still_since, Refund.status == RefundStatus.UNKNOWN)
    return union(
        select(Payment.payment_id).where(Payment.status.in_(UNFINISHED), still),
        select(Payment.payment_id).where(
            Payment.settled_at.is_not(None), Payment.booked_at.is_(None), Payment.settled_at <= still_since
        ),
        select(Refund.payment_id).where(Refund.status.in_(refunds.UNFINISHED), refund_still),
    )
