"""Front door for messages: unpack, read, pack."""

from uuid import UUID

from ebok.notify.v1 import messages_pb2 as pb
from ebok.notify.v1 import messages_pb2_grpc as rpc

from chassis import wire
from chassis.clock import Clock
from chassis.database import Database
from chassis.rpc.paging import pack_page, unpack_window
from chassis.rpc.server import Context
from chassis.sources import source_of
from services.notify.api.packing import pack_message
from services.notify.documents.formats import shorten
from services.notify.documents.messages import render_subject
from services.notify.domain import references
from services.notify.storage.contacts import Contact, find_contacts
from services.notify.storage.messages import Channel, Message, list_messages
from services.notify.storage.settings import ProviderSettings, get_settings

LIST = "messages"


class MessageService(rpc.MessageServiceServicer):
    """What was sent to whom."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def ListMessages(self, request: pb.ListMessagesRequest, context: Context) -> pb.ListMessagesResponse:
        """Messages to a customer, the newest first; nobody's for an unknown customer."""
        customer_id = wire.unpack_id(request.customer_id, field="customer_id")
        window = unpack_window(request.page, of=LIST, kinds=[UUID])
        with self._database.reading() as session:
            page = list_messages(session, customer_id, window=window)
            contact = find_contacts(session, [customer_id]).get(customer_id)
            settings = get_settings(session)
        return pb.ListMessagesResponse(
            messages=[_pack(message, contact, settings) for message in page.rows],
            page=pack_page(page, of=LIST, key_of=lambda message: (message.message_id,)),
        )

    def CheckReference(
        self, request: pb.CheckReferenceRequest, context: Context
    ) -> pb.CheckReferenceResponse:
        """Whether a message was ours; counted first, in a transaction of its own."""
        now = self._clock.now()
        with self._database.transaction() as session:
            references.count_check(session, source_of(request.address), now=now)
        with self._database.reading() as session:
            message = references.find(session, request.reference)
        if message is None:
            return pb.CheckReferenceResponse()
        return pb.CheckReferenceResponse(
            is_ours=True,
            sent_at=wire.pack_optional_instant(message.sent_at),
            rule=message.rule.value,
            channel=message.channel.value,
            recipient_hint=shorten(message.address),
        )


def _pack(message: Message, contact: Contact | None, settings: ProviderSettings | None) -> pb.Message:
    """One that has not been sent shows where it would go and what it would say by now."""
    by_mail = message.channel is Channel.EMAIL
    known = (contact.email if by_mail else contact.phone) if contact else ""
    address = message.address or known
    subject = message.subject or (render_subject(message, settings) if settings else "")
    return pack_message(message, address=address, subject=subject)
