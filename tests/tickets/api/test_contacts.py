"""The door of the contact log."""

from datetime import timedelta
from typing import Any

import pytest
from ebok.common.v1.paging_pb2 import PageRequest
from ebok.tickets.v1 import contacts_pb2 as pb
from ebok.tickets.v1.contacts_pb2_grpc import ContactServiceStub
from ebok.tickets.v1.tickets_pb2 import CHANNEL_DESK, CHANNEL_PHONE, CHANNEL_PORTAL

from chassis.errors import Conflict, Invalid, NotFound, PermissionDenied
from chassis.ids import new_id
from chassis.testing.cast import ANNA_CUSTOMER, CELINA_CUSTOMER

HIGH_BILL, FAULT = "01930000-0000-7000-8000-00000000b001", "01930000-0000-7000-8000-00000000b004"


@pytest.fixture
def contacts(served, given, as_daria):
    given.customer()
    given.customer("Celina Lis", customer_id=CELINA_CUSTOMER, number="K-100300")
    return served.stub(ContactServiceStub, as_daria)


def contact(**changes: Any) -> pb.RecordContactRequest:
    values = {
        "contact_id": str(new_id()),
        "customer_id": str(ANNA_CUSTOMER),
        "channel": CHANNEL_PHONE,
        "topic": pb.CONTACT_TOPIC_PAYMENT,
        "note": "Pyta o przelew.",
    }
    return pb.RecordContactRequest(**{**values, **changes})


def listed(stub, customer_id: Any = ANNA_CUSTOMER, **page: Any) -> pb.ListContactsResponse:
    return stub.ListContacts(pb.ListContactsRequest(customer_id=str(customer_id), page=PageRequest(**page)))


@pytest.mark.repeats("ContactService/RecordContact")
def test_a_call_is_recorded_once(contacts):
    request = contact()
    first = contacts.RecordContact(request).contact
    again = contacts.RecordContact(request).contact

    assert again == first
    assert (first.staff_name, first.note, first.ticket_id) == ("Daria", "Pyta o przelew.", "")
    assert list(listed(contacts).contacts) == [first]


def test_the_newest_comes_first_page_by_page(contacts, clock):
    for number in range(5):
        contacts.RecordContact(contact(note=f"{number}"))
        clock.advance(timedelta(minutes=1))
    first = listed(contacts, page_size=2)
    second = listed(contacts, page_size=2, cursor=first.page.next_cursor)
    third = listed(contacts, page_size=2, cursor=second.page.next_cursor)
    assert [one.note for page in (first, second, third) for one in page.contacts] == ["4", "3", "2", "1", "0"]
    assert not third.page.next_cursor


def test_a_case_is_a_contact_of_its_own(contacts, office):
    ticket = office.open(
        category_id=HIGH_BILL,
        subject="Za dużo",
        answers=[{"key": "invoice", "value": "FV/1"}, {"key": "cause", "value": "use"}],
        commodity="water",
    )
    [own] = listed(contacts).contacts
    assert (own.ticket_id, own.ticket_number, own.note) == (ticket.ticket_id, ticket.number, "Za dużo")
    assert (own.channel, own.topic, own.staff_name) == (CHANNEL_PORTAL, pb.CONTACT_TOPIC_INVOICE, "")


def test_a_case_that_a_recorded_contact_names_is_not_told_twice(contacts, office):
    ticket = office.open()
    recorded = contacts.RecordContact(contact(ticket_id=ticket.ticket_id, channel=CHANNEL_DESK)).contact
    assert recorded.ticket_number == ticket.number
    assert list(listed(contacts).contacts) == [recorded]


def test_contacts_are_those_of_one_customer(contacts, office):
    contacts.RecordContact(contact())
    ticket = office.open()
    assert not listed(contacts, CELINA_CUSTOMER).contacts
    with pytest.raises(NotFound) as refusal:
        contacts.RecordContact(contact(customer_id=str(CELINA_CUSTOMER), ticket_id=ticket.ticket_id))
    assert refusal.value.reason == "TICKET_NOT_FOUND"


def test_an_id_is_that_of_one_contact(contacts):
    request = contact()
    contacts.RecordContact(request)
    request.customer_id = str(CELINA_CUSTOMER)
    with pytest.raises(Conflict) as refusal:
        contacts.RecordContact(request)
    assert refusal.value.reason == "CONTACT_EXISTS"


def test_the_customer_must_be_known(contacts):
    with pytest.raises(NotFound) as refusal:
        contacts.RecordContact(contact(customer_id=str(new_id())))
    assert refusal.value.reason == "CUSTOMER_NOT_FOUND"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"channel": 0}, {("channel", "REQUIRED")}),
        ({"channel": 9}, {("channel", "UNKNOWN")}),
        ({"topic": 0}, {("topic", "REQUIRED")}),
        ({"note": "x" * 2001}, {("note", "TOO_LONG")}),
        ({"ticket_id": "x"}, {("ticket_id", "MALFORMED")}),
    ],
)
def test_a_contact_is_refused_field_by_field(contacts, changes, found):
    with pytest.raises(Invalid) as refusal:
        contacts.RecordContact(contact(**changes))
    assert {(one.field, one.reason) for one in refusal.value.violations} == found


def test_reading_and_recording_want_their_permissions(served, given, as_daria, as_anna):
    given.customer()
    reader = served.stub(ContactServiceStub, as_daria.allowed("tickets.contacts.read"))
    assert not listed(reader).contacts
    with pytest.raises(PermissionDenied):
        reader.RecordContact(contact())
    with pytest.raises(PermissionDenied):
        listed(served.stub(ContactServiceStub, as_anna))
