"""The door of the contact log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from ebok.tickets.v1 import contacts_pb2 as pb
from ebok.tickets.v1 import contacts_pb2_grpc as rpc

from chassis import acts, wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from services.tickets.api.packing import CHANNELS, CHANNELS_BACK
from services.tickets.domain import cases, contacts
from services.tickets.storage import categories as stored_categories
from services.tickets.storage import contacts as stored
from services.tickets.storage.categories import Category
from services.tickets.storage.contacts import Topic
from services.tickets.storage.kinds import TicketKind

OF_CUSTOMER = "contacts"
TOPICS: dict[Topic, Any] = {topic: pb.ContactTopic.Value(f"CONTACT_TOPIC_{topic}") for topic in Topic}
TOPIC_OF = {number: topic for topic, number in TOPICS.items()}


class ContactService(rpc.ContactServiceServicer):
    """Front door for the contact log: unpack, one transaction, pack."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def RecordContact(self, request: pb.RecordContactRequest, context: Context) -> pb.RecordContactResponse:
        contact_id = wire.unpack_id(request.contact_id, field="contact_id")
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        with self._database.transaction() as session:
            contacts.record(
                session,
                contact_id,
                customer_id=customer_id,
                channel=CHANNELS_BACK[request.channel],
                topic=TOPIC_OF[request.topic],
                note=request.note.strip(),
                ticket_id=wire.unpack_optional_id(request.ticket_id, field="ticket_id"),
                by=context.actor,
                now=self._clock.now(),
            )
            acts.name_subject(wire.pack_id(contact_id))
            entry = stored.find_entry(session, customer_id, contact_id)
            return pb.RecordContactResponse(contact=_pack(entry, {}))

    def ListContacts(self, request: pb.ListContactsRequest, context: Context) -> pb.ListContactsResponse:
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        window = unpack_window(request.page, of=OF_CUSTOMER, kinds=stored.CONTACT_KEY)
        with self._database.reading() as session:
            cases.check_customer(session, customer_id, by=context.actor)
            page = stored.list_contacts(session, customer_id, window=window)
            known = {
                one.category_id: one
                for one in stored_categories.find_categories(session, [row.category_id for row in page.rows])
            }
        return pb.ListContactsResponse(
            contacts=[_pack(row, known) for row in page.rows],
            page=pack_page(page, of=OF_CUSTOMER, key_of=_key_of),
        )


def _key_of(row: Any) -> tuple[datetime, UUID]:
    return row.happened_at, row.contact_id


def _pack(row: Any, known: Mapping[UUID, Category]) -> pb.Contact:
    """A recorded contact, or a case that was opened; what that was about its category says."""
    topic = row.topic or contacts.topic_of(TicketKind(row.kind), known.get(row.category_id))
    return pb.Contact(
        contact_id=wire.pack_id(row.contact_id),
        customer_id=wire.pack_id(row.customer_id),
        happened_at=wire.pack_instant(row.happened_at),
        channel=CHANNELS[row.channel],
        topic=TOPICS[Topic(topic)],
        note=row.note,
        ticket_id=wire.pack_id(row.ticket_id) if row.ticket_id else "",
        ticket_number=row.ticket_number or "",
        staff_name=row.staff_name or "",
    )
