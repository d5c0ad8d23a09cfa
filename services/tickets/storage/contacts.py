"""The contact log: what clerks recorded, beside the cases that were opened."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Select, Text, Uuid, cast, exists, null, select, union_all
from sqlalchemy.orm import Mapped, Session, mapped_column

from chassis.columns import one_of, word
from chassis.keyset import Page, Window, fetch_page
from services.tickets.storage.base import Base
from services.tickets.storage.kinds import Channel
from services.tickets.storage.staff import StaffMember
from services.tickets.storage.tickets import Ticket


class Topic(StrEnum):
    """What a contact was about."""

    INVOICE = "INVOICE"
    PAYMENT = "PAYMENT"
    READING = "READING"
    CONTRACT = "CONTRACT"
    FAULT = "FAULT"
    PORTAL = "PORTAL"
    OTHER = "OTHER"


class Contact(Base):
    """A call, a visit, a letter, as a clerk recorded it."""

    __tablename__ = "contacts"
    __table_args__ = (
        one_of("channel", Channel),
        one_of("topic", Topic),
        Index("contacts_of_customer", "customer_id", "happened_at", "contact_id"),
        Index("contacts_of_ticket", "ticket_id"),
    )

    contact_id: Mapped[UUID] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID]
    happened_at: Mapped[datetime]
    channel: Mapped[Channel] = word(Channel)
    topic: Mapped[Topic] = word(Topic)
    note: Mapped[str]
    ticket_id: Mapped[UUID | None] = mapped_column(ForeignKey("tickets.ticket_id"))
    staff_id: Mapped[str]
    staff_name: Mapped[str]


CONTACT_KEY = (datetime, UUID)


def get_contact(session: Session, contact_id: UUID) -> Contact | None:
    """One that a clerk recorded."""
    return session.get(Contact, contact_id)


def find_entry(session: Session, customer_id: UUID, contact_id: UUID) -> Any:
    """A recorded one as `list_contacts` shows it."""
    return session.execute(_recorded(customer_id).where(Contact.contact_id == contact_id)).one()


def list_contacts(session: Session, customer_id: UUID, *, window: Window) -> Page:
    """A customer's contacts, the newest first: recorded ones, and cases that no recorded one names.

    Of a case the topic is None and `category_id` says what it is about; its note is its subject.
    """
    entries = union_all(_recorded(customer_id), _opened(customer_id)).subquery()
    keys = (entries.c.happened_at, entries.c.contact_id)
    return fetch_page(session, select(entries), keys=keys, window=window, descending=True)


def _recorded(customer_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Contact.contact_id,
            Contact.customer_id,
            Contact.happened_at,
            Contact.channel,
            Contact.topic,
            Contact.note,
            Contact.ticket_id,
            Ticket.number.label("ticket_number"),
            Contact.staff_name,
            cast(null(), Uuid).label("category_id"),
            cast(null(), Text).label("kind"),
        )
        .outerjoin(Ticket, Ticket.ticket_id == Contact.ticket_id)
        .where(Contact.customer_id == customer_id)
    )


def _opened(customer_id: UUID) -> Select[*tuple[Any, ...]]:
    recorded = exists().where(Contact.ticket_id == Ticket.ticket_id)
    return (
        select(
            Ticket.ticket_id.label("contact_id"),
            Ticket.customer_id,
            Ticket.opened_at.label("happened_at"),
            Ticket.channel,
            cast(null(), Text).label("topic"),
            Ticket.subject.label("note"),
            Ticket.ticket_id,
            Ticket.number.label("ticket_number"),
            StaffMember.name.label("staff_name"),
            Ticket.category_id,
            cast(Ticket.kind, Text).label("kind"),
        )
        .outerjoin(StaffMember, cast(StaffMember.staff_id, Text) == Ticket.opened_by)
        .where(Ticket.customer_id == customer_id, ~recorded)
    )
