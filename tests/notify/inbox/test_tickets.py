"""Cases: one mail for each thing that is to be told, and nothing of what was written."""

from datetime import UTC, datetime

import pytest
from ebok.tickets.v1 import events_pb2, tickets_pb2

from chassis import wire
from chassis.ids import new_id
from chassis.testing.cast import ANNA_CUSTOMER
from services.notify.storage.messages import Rule
from tests.notify.conftest import ANNA, PORTAL

TICKET = "01930000-0000-7000-8000-0000000000f3"
CASE = {
    "ticket_id": TICKET,
    "customer_id": str(ANNA_CUSTOMER),
    "number": "ZG/2026/1187",
    "subject": "Rachunek za wodę",
}
DUE = wire.pack_instant(datetime(2026, 4, 15, 21, 59, 59, tzinfo=UTC))


def opened(**more):
    return events_pb2.TicketOpened(
        **{**CASE, "kind": tickets_pb2.TICKET_KIND_COMPLAINT, "due_at": DUE, **more}
    )


def answered(**more):
    return events_pb2.TicketAnswered(**{**CASE, "ticket_message_id": str(new_id()), **more})


def advanced(**more):
    values = {
        "step_id": str(new_id()),
        "state_names": {"pl": "Sprawdzamy", "en": "We check"},
        "tells_customer": True,
    }
    return events_pb2.TicketAdvanced(**{**CASE, **values, **more})


def closed(**more):
    return events_pb2.TicketClosed(**{**CASE, "step_id": str(new_id()), "reopen_until": DUE, **more})


@pytest.fixture
def told(served, given, send, mails):
    """`told(event)`: the mail that Anna gets of it."""

    def tell(event, **customer):
        given.customer(**customer)
        served.deliver(event)
        send()
        [mail] = mails()
        assert mail.recipients == (ANNA,)
        for twin in (mail.text(), mail.html()):
            assert f"{PORTAL}/zgloszenia/{TICKET}" in twin
            assert "Rachunek za wodę" in twin.replace("\u00a0", " ")
        return mail

    return tell


def text_of(mail):
    return mail.text().replace("\u00a0", " ")


def test_a_case_that_arrived_is_told_with_its_number_and_day(told):
    mail = told(opened())
    assert mail.subject == "Mamy Twoje zgłoszenie ZG/2026/1187"
    assert "Odpowiemy najpóźniej 15 kwietnia 2026." in text_of(mail)
    assert "Twoja reklamacja" in text_of(mail)


def test_a_case_without_a_clock_promises_no_day(told):
    event = opened()
    event.ClearField("due_at")
    assert "Odpowiemy najszybciej, jak się da." in text_of(told(event))


def test_an_answer_and_a_question_are_told_apart(told):
    assert told(answered()).subject == "Odpowiedzieliśmy na zgłoszenie ZG/2026/1187"


@pytest.mark.parametrize("first", ["answered", "closed"])
def test_an_answer_that_closed_the_case_is_one_mail_whichever_event_comes_first(
    served, given, send, mails, first
):
    given.customer()
    answer = str(new_id())
    both = [answered(ticket_message_id=answer, reopen_until=DUE), closed(ticket_message_id=answer)]
    for event in both if first == "answered" else both[::-1]:
        served.deliver(event)
        send()
    [mail] = mails()
    assert mail.subject == "Odpowiedzieliśmy i zamknęliśmy zgłoszenie ZG/2026/1187"
    text = " ".join(text_of(mail).split())
    for words in (
        "Na tym sprawa się kończy.",
        "jeszcze raz do 15 kwietnia 2026.",
        "Powiedz nam tam, jak poszło.",
    ):
        assert words in text, words


def test_a_question_says_how_to_answer(told):
    mail = told(answered(asks=True), language="en")
    assert mail.subject == "We have a question on your case ZG/2026/1187"
    assert "there you can add a photo or a file" in text_of(mail)


def test_a_step_is_told_in_the_customers_language_where_there_is_one(told):
    assert told(advanced(), language="en").subject == "Case ZG/2026/1187: We check"


def test_a_step_is_told_in_polish_where_its_name_is_in_no_other(told):
    assert told(advanced(), language="uk").subject == "Звернення ZG/2026/1187: Sprawdzamy"


def test_a_step_that_is_nobodys_business_is_not_told(served, given, rows):
    given.customer()
    served.deliver(advanced(tells_customer=False))
    assert rows() == []


def test_a_closed_case_asks_how_it_went(told):
    mail = told(closed())
    assert mail.subject == "Zgłoszenie ZG/2026/1187 jest zamknięte"
    assert "15 kwietnia 2026" in text_of(mail)


def test_each_is_told_once_whatever_is_told_again(served, given, rows):
    given.customer()
    for event in (opened(), answered(), advanced(), closed()):
        served.deliver(event)
        served.deliver(event)
    assert sorted(row.rule for row in rows()) == sorted(
        (Rule.TICKET_OPENED, Rule.TICKET_ANSWERED, Rule.TICKET_ADVANCED, Rule.TICKET_CLOSED)
    )
    served.deliver(answered())
    assert len(rows()) == 5


def test_a_subject_with_lines_of_its_own_stays_one_line(told):
    mail = told(opened(subject="Rachunek za wodę\r\nBcc: obcy@poczta.example"))
    assert "Bcc" not in mail.headers()
    assert mail.subject == "Mamy Twoje zgłoszenie ZG/2026/1187"


def test_a_case_of_a_kind_that_is_newer_than_this_code_is_told_all_the_same(told):
    assert "Twoje zgłoszenie" in text_of(told(opened(kind=77)))
