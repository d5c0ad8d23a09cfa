"""What the others hear of invoices."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from ebok.billing.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging import outbox
from chassis.money import Money
from services.billing.storage.base import OutboxRow


def invoice_issued(
    session: Session,
    *,
    invoice_id: UUID,
    customer_id: UUID,
    number: str,
    total_gross: Money,
    due_on: date,
    period: tuple[date, date],
    account_number: str,
    used: Decimal | None,
    unit: str,
    previous_total: Money | None,
) -> None:
    """An invoice has its number and counts. `period`: first and last day billed."""
    event = events_pb2.InvoiceIssued(
        invoice_id=wire.pack_id(invoice_id),
        customer_id=wire.pack_id(customer_id),
        number=number,
        total_gross=wire.pack_money(total_gross),
        due_on=wire.pack_date(due_on),
        period_from=wire.pack_date(period[0]),
        period_to=wire.pack_date(period[1]),
        account_number=account_number,
        used=wire.pack_optional_decimal(used),
        unit=unit,
        previous_total=wire.pack_optional_money(previous_total),
    )
    outbox.announce(session, OutboxRow, event, key=event.customer_id)
