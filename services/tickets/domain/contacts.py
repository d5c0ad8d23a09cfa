"""The contact log: who came with what, by which channel."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.errors import Conflict
from services.tickets.domain import cases
from services.tickets.domain.cases import CustomerNotFound
from services.tickets.storage import contacts as stored
from services.tickets.storage import customers
from services.tickets.storage.categories import Category, FieldType
from services.tickets.storage.contacts import Contact, Topic
from services.tickets.storage.kinds import Channel, TicketKind

BY_FIELD = {FieldType.INVOICE: Topic.INVOICE, FieldType.METER: Topic.READING}
BY_KIND = {TicketKind.FAULT: Topic.FAULT, TicketKind.APPLICATION: Topic.CONTRACT}


class ContactExists(Conflict):
    """The id is that of another customer's contact."""

    reason = "CONTACT_EXISTS"


def record(
    session: Session,
    contact_id: UUID,
    *,
    customer_id: UUID,
    channel: Channel,
    topic: Topic,
    note: str,
    ticket_id: UUID | None,
    by: Actor,
    now: datetime,
) -> None:
    """Record a call, a visit, a letter. Repeated with the same id it is recorded once.

    Refuses CUSTOMER_NOT_FOUND and TICKET_NOT_FOUND, also outside the clerk's area; CONTACT_EXISTS.
    """
    if customers.get_customer(session, customer_id) is None:
        raise CustomerNotFound
    cases.check_customer(session, customer_id, by=by)
    recorded = stored.get_contact(session, contact_id)
    if recorded is not None:
        if recorded.customer_id != customer_id:
            raise ContactExists
        return  # A repeated call finds its work already done.
    if ticket_id is not None:
        cases.get(session, ticket_id, customer_id=customer_id)
    cases.note_staff(session, by, now=now)
    session.add(
        Contact(
            contact_id=contact_id,
            customer_id=customer_id,
            happened_at=now,
            channel=channel,
            topic=topic,
            note=note,
            ticket_id=ticket_id,
            staff_id=by.actor_id,
            staff_name=by.name,
        )
    )
    session.flush()


def topic_of(kind: TicketKind, category: Category | None) -> Topic:
    """What a case was about: an invoice or a meter where its category asks for one, else what its kind says."""
    types = [field.type for field in category.fields] if category is not None else []
    asked = next((BY_FIELD[one] for one in types if one in BY_FIELD), None)
    if kind is not TicketKind.APPLICATION and asked is not None:
        return asked
    return BY_KIND.get(kind, Topic.OTHER)
