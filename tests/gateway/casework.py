"""What the people of the town asked their provider, and what they were told: through the doors of tickets."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ebok.tickets.v1 import (
    attachments_pb2,
    attachments_pb2_grpc,
    canned_answers_pb2,
    canned_answers_pb2_grpc,
    categories_pb2,
    categories_pb2_grpc,
    contacts_pb2,
    contacts_pb2_grpc,
    desk_pb2,
    desk_pb2_grpc,
    tickets_pb2,
    tickets_pb2_grpc,
)
from sqlalchemy import text

from chassis.ids import new_id
from chassis.testing.cast import Persona
from chassis.testing.served import Served

SUBJECT = "Za wysokie zużycie w październiku"
BODY = (
    "Dzień dobry, w październiku wyszło 6 m³, a nikt nowy z nami nie mieszka\n"
    "i nie podlewamy już ogrodu.\n\nProszę sprawdzić wodomierz."
)
NOTE = "Odczyt radiowy bez skoków. Od 12 października płyną 3 litry na godzinę, także w nocy."
ASKED = "Czy może Pani zakręcić na noc wodę, a rano zrobić zdjęcie wodomierza?"
REPLY = "Zakręciłam. Wieczorem i rano stan ten sam, zdjęcie w załączniku."
FILE_NAME = "wodomierz-rano.jpg"
CELINAS_SUBJECT = "Kopia faktur za ubiegły rok"
PIECE_BYTES = 64 * 1024


@dataclass
class Office:
    """One person at the doors of tickets."""

    tickets: Any
    desk: Any
    attachments: Any
    categories: Any
    canned: Any
    contacts: Any


def office(served: Served, persona: Persona) -> Office:
    """All doors, as somebody."""
    return Office(
        served.stub(tickets_pb2_grpc.TicketServiceStub, persona),
        served.stub(desk_pb2_grpc.TicketDeskServiceStub, persona),
        served.stub(attachments_pb2_grpc.AttachmentServiceStub, persona),
        served.stub(categories_pb2_grpc.CategoryServiceStub, persona),
        served.stub(canned_answers_pb2_grpc.CannedAnswerServiceStub, persona),
        served.stub(contacts_pb2_grpc.ContactServiceStub, persona),
    )


def category(doors: Office, key: str) -> categories_pb2.Category:
    """One of those that a provider begins with."""
    found = doors.categories.ListCategories(categories_pb2.ListCategoriesRequest(all=True)).categories
    return next(one for one in found if one.key == key)


def upload(doors: Office, customer_id: str, name: str, content: bytes) -> str:
    """Hand a file in; answers its id."""

    def pieces() -> Iterator[attachments_pb2.UploadAttachmentRequest]:
        yield attachments_pb2.UploadAttachmentRequest(customer_id=customer_id, file_name=name)
        for start in range(0, len(content), PIECE_BYTES):
            yield attachments_pb2.UploadAttachmentRequest(
                customer_id=customer_id, chunk=content[start : start + PIECE_BYTES]
            )

    return str(doors.attachments.UploadAttachment(pieces()).attachment.attachment_id)


def ask(
    doors: Office, customer_id: str, about: categories_pb2.Category, subject: str, body: str, **more: Any
) -> tickets_pb2.Ticket:
    """The customer opens a case."""
    request = tickets_pb2.OpenTicketRequest(
        customer_id=customer_id,
        request_id=str(new_id()),
        category_id=about.category_id,
        subject=subject,
        body=body,
        **more,
    )
    opened: tickets_pb2.Ticket = doors.tickets.OpenTicket(request).ticket
    return opened


def write(
    doors: Office, ticket: tickets_pb2.Ticket, body: str, *, files: list[str] | None = None
) -> tickets_pb2.TicketMessage:
    """The customer writes."""
    request = tickets_pb2.WriteMessageRequest(
        customer_id=ticket.customer_id,
        ticket_id=ticket.ticket_id,
        request_id=str(new_id()),
        body=body,
        attachment_ids=files or [],
    )
    written: tickets_pb2.TicketMessage = doors.tickets.WriteMessage(request).message
    return written


def answer(doors: Office, ticket_id: str, body: str, mode: "desk_pb2.AnswerMode") -> desk_pb2.QueuedTicket:
    """A clerk answers, asks, notes, closes."""
    request = desk_pb2.AnswerCaseRequest(ticket_id=ticket_id, request_id=str(new_id()), body=body, mode=mode)
    found: desk_pb2.QueuedTicket = doors.desk.AnswerCase(request).case
    return found


def make_ready(doors: Office) -> None:
    """Answers that are given often; made by the manager."""
    for title, body in (
        ("Raty: terminy", "Dzień dobry, {name}. Fakturę rozkładam na dwie raty, sprawa {number}. {clerk}"),
        ("Nieszczelność", "Tak wygląda nieszczelna spłuczka. Proszę na noc zakręcić zawór."),
        ("Odczyt potwierdzony", "Odczyt jest prawidłowy, potwierdził go monter."),
        ("Duplikat faktury", "Kopię faktury znajdzie Pani w portalu, w dziale Faktury."),
    ):
        made = canned_answers_pb2.CannedAnswer(canned_answer_id=str(new_id()), title=title, body=body)
        doors.canned.SaveCannedAnswer(canned_answers_pb2.SaveCannedAnswerRequest(canned_answer=made))


def call_in(doors: Office, customer_id: str, note: str = "") -> contacts_pb2.Contact:
    """The customer calls about the invoice."""
    request = contacts_pb2.RecordContactRequest(
        contact_id=str(new_id()),
        customer_id=customer_id,
        channel=tickets_pb2.CHANNEL_PHONE,
        topic=contacts_pb2.CONTACT_TOPIC_INVOICE,
        note=note,
    )
    contact: contacts_pb2.Contact = doors.contacts.RecordContact(request).contact
    return contact


def keep(served: Served) -> None:
    """Remember how the cases stand, for `begin_anew`."""
    with served.database.transaction() as session:
        session.execute(text("CREATE TABLE kept_tickets AS SELECT * FROM tickets"))


def begin_anew(served: Served) -> None:
    """What was done to cases since `keep` is undone: what came is gone, what changed stands as it stood."""
    with served.database.transaction() as session:
        columns = session.scalars(
            text("SELECT column_name FROM information_schema.columns WHERE table_name = 'kept_tickets'")
        ).all()
        names = ", ".join(f'"{column}"' for column in columns)
        for statement in (*_GONE, _AS_KEPT.format(names=names)):
            session.execute(text(statement))


_NEW_MESSAGES = (
    "(SELECT m.ticket_message_id FROM ticket_messages m LEFT JOIN kept_tickets k USING (ticket_id)"
    " WHERE k.ticket_id IS NULL OR m.position > k.last_position)"
)
_NEW_TICKETS = "(SELECT ticket_id FROM tickets EXCEPT SELECT ticket_id FROM kept_tickets)"
_GONE = (
    "DELETE FROM attachments WHERE ticket_message_id IS NULL OR ticket_message_id IN " + _NEW_MESSAGES,  # noqa: S608 - names of ours
    "DELETE FROM ticket_messages WHERE ticket_message_id IN " + _NEW_MESSAGES,  # noqa: S608 - as above
    *(
        "DELETE FROM " + table + " WHERE ticket_id IN " + _NEW_TICKETS  # noqa: S608 - as above
        for table in ("contacts", "ticket_words", "tickets")
    ),
)
_AS_KEPT = (
    "UPDATE tickets t SET ({names}) = (SELECT {names} FROM kept_tickets k WHERE k.ticket_id = t.ticket_id)"
)
