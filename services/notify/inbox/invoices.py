"""What billing says about invoices."""

from datetime import datetime

from ebok.billing.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging.inbox import Handlers
from services.notify.domain import messages
from services.notify.storage.messages import Rule

handlers = Handlers()


@handlers.on(events_pb2.InvoiceIssued)
def on_invoice_issued(session: Session, event: events_pb2.InvoiceIssued, *, now: datetime) -> None:
    """The customer hears what is to be paid, until when and where to."""
    previous = event.previous_total.grosze if event.HasField("previous_total") else None
    messages.plan_for_customer(
        session,
        Rule.INVOICE_ISSUED,
        customer_id=wire.unpack_id(event.customer_id, field="customer_id"),
        subject_id=event.invoice_id,
        facts={
            "invoice_id": event.invoice_id,
            "number": event.number,
            "total_grosze": wire.unpack_money(event.total_gross, field="total_gross").grosze,
            "due_on": wire.unpack_date(event.due_on, field="due_on").isoformat(),
            "period_from": wire.unpack_date(event.period_from, field="period_from").isoformat(),
            "period_to": wire.unpack_date(event.period_to, field="period_to").isoformat(),
            "account_number": event.account_number,
            "used": wire.pack_optional_decimal(wire.unpack_optional_decimal(event.used, field="used")),
            "unit": event.unit,
            "previous_grosze": previous,
        },
        now=now,
    )
