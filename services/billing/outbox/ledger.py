"""What the others hear of the ledger."""

from datetime import date, datetime
from uuid import UUID

from ebok.billing.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging import outbox
from chassis.money import Money
from services.billing.storage.base import OutboxRow


def balance_changed(
    session: Session, *, customer_id: UUID, entry_id: UUID, balance: Money, version: int
) -> None:
    """A customer's ledger grew; one event for all the entries of one transaction."""
    event = events_pb2.BalanceChanged(
        customer_id=wire.pack_id(customer_id),
        entry_id=wire.pack_id(entry_id),
        balance=wire.pack_money(balance),
    )
    outbox.announce(session, OutboxRow, event, key=event.customer_id, subject_version=version)


def invoice_paid(session: Session, *, invoice_id: UUID, customer_id: UUID, paid_on: date) -> None:
    """Nothing is open of an invoice any more."""
    event = events_pb2.InvoicePaid(
        invoice_id=wire.pack_id(invoice_id),
        customer_id=wire.pack_id(customer_id),
        paid_on=wire.pack_date(paid_on),
    )
    outbox.announce(session, OutboxRow, event, key=event.customer_id)


def payment_booked(
    session: Session, *, payment_id: UUID, customer_id: UUID, entry_id: UUID, booked_at: datetime
) -> None:
    """A payment of the payments service is in the ledger."""
    event = events_pb2.PaymentBooked(
        payment_id=wire.pack_id(payment_id),
        customer_id=wire.pack_id(customer_id),
        entry_id=wire.pack_id(entry_id),
        booked_at=wire.pack_instant(booked_at),
    )
    outbox.announce(session, OutboxRow, event, key=event.customer_id)
