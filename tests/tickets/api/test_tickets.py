"""A customer's own cases: opened, read, written in, opened again, rated; and nobody else's."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta

import pytest
from ebok.tickets.v1 import events_pb2, tickets_pb2
from ebok.tickets.v1.tickets_pb2_grpc import TicketServiceStub

from chassis.errors import FailedPrecondition, Invalid, NotFound, RateLimited
from chassis.ids import new_id
from services.tickets.domain.clocks import due_at
from tests.tickets.given import LEAKS, SEEN_ON, USED, WAYS, WHERE
from tests.tickets.office import ASK, NOTE


def test_a_case_has_a_number_a_clock_and_what_was_said(office, announced):
    ticket = office.open()

    assert ticket.number == "ZG/2026/1"
    assert ticket.status == tickets_pb2.TICKET_STATUS_NEW
    assert ticket.state_names["pl"] == "Nowe"
    assert ticket.category_names["en"] == "A bill too high"
    assert ticket.commodity == "water"
    # Opened on Monday, 16 March; the thirtieth day after it is Wednesday, 15 April, to its end in Warsaw.
    assert ticket.clock.due_at.ToJsonString() == "2026-04-15T21:59:59Z"
    assert (ticket.clock.days_total, ticket.clock.days_gone) == (30, 0)
    assert ticket.clock.sentences["pl"] == "Po terminie reklamacja jest uznana."
    shown = office.read(ticket)
    assert shown.ticket == ticket
    [message] = shown.messages
    assert message.body == "Dzień dobry, w październiku nie było nas w domu."
    assert (message.author, message.author_name) == (tickets_pb2.AUTHOR_CUSTOMER, "Anna")
    [event] = announced(events_pb2.TicketOpened)
    assert (event.number, event.due_at) == (ticket.number, ticket.clock.due_at)


@pytest.mark.repeats("TicketService/OpenTicket")
def test_the_same_request_opens_one_case(office, announced):
    request = office.opening()

    assert office.own.OpenTicket(request) == office.own.OpenTicket(request)
    assert len(office.list_own().tickets) == 1
    assert len(announced(events_pb2.TicketOpened)) == 1


def test_numbers_have_no_gaps_whatever_is_refused_between_and_begin_anew_with_the_year(office, clock):
    first = office.open()
    with pytest.raises(NotFound, match="ATTACHMENT_NOT_FOUND"):
        office.open(attachment_ids=[str(new_id())])
    second = office.open()
    clock.advance(timedelta(days=300))

    assert [first.number, second.number, office.open().number] == ["ZG/2026/1", "ZG/2026/2", "ZG/2027/1"]


def test_what_a_category_asks_for_is_checked_field_by_field(office, given):
    category_id = str(given.category(fields=(SEEN_ON, USED, LEAKS, WHERE)))
    with pytest.raises(Invalid) as caught:
        office.open(
            category_id=category_id,
            answers=[
                tickets_pb2.Answer(key="used", value="dużo"),
                tickets_pb2.Answer(key="where", value="roof"),
                tickets_pb2.Answer(key="colour", value="red"),
            ],
        )
    assert {(one.field, one.reason) for one in caught.value.violations} == {
        ("answers.seen_on", "REQUIRED"),
        ("answers.used", "MALFORMED"),
        ("answers.where", "NOT_A_CHOICE"),
        ("answers.colour", "UNKNOWN_FIELD"),
    }


def test_answers_keep_the_words_of_the_day_they_were_given(office, given):
    category_id = str(given.category(fields=(SEEN_ON, USED, LEAKS, WHERE)))
    ticket = office.open(
        category_id=category_id,
        answers=[
            tickets_pb2.Answer(key="where", value="home"),
            tickets_pb2.Answer(key="seen_on", value="2026-03-01"),
            tickets_pb2.Answer(key="used", value="12.5"),
            tickets_pb2.Answer(key="leaks", value="yes"),
        ],
    )

    assert [(one.key, one.value) for one in ticket.answers] == [
        ("seen_on", "2026-03-01"),
        ("used", "12.5"),
        ("leaks", "yes"),
        ("where", "home"),
    ]
    assert ticket.answers[1].texts["pl"] == "12,5 m³"
    assert ticket.answers[2].texts["en"] == "yes"
    assert ticket.answers[3].labels["pl"] == "Gdzie"
    assert ticket.answers[3].texts["pl"] == "w domu"


@pytest.mark.parametrize("closed", [{"is_active": False}, {"for_customers": False}])
def test_a_category_that_is_not_offered_opens_nothing(office, given, closed):
    category_id = str(given.category(**closed))
    with pytest.raises(FailedPrecondition, match="CATEGORY_CLOSED"):
        office.open(category_id=category_id)
    with pytest.raises(NotFound, match="CATEGORY_NOT_FOUND"):
        office.open(category_id=str(new_id()))


def test_the_commodity_is_one_of_the_categorys(office, given):
    category_id = str(given.category(commodities=("water", "heat")))
    with pytest.raises(Invalid, match="commodity: REQUIRED"):
        office.open(category_id=category_id)
    with pytest.raises(Invalid, match="commodity: NOT_A_CHOICE"):
        office.open(category_id=category_id, commodity="gas")
    assert office.open(category_id=category_id, commodity="heat").commodity == "heat"


def test_twenty_cases_a_day_are_enough(office, clock):
    for _ in range(20):
        office.open()
    with pytest.raises(RateLimited, match="TOO_MANY_TICKETS"):
        office.open()
    clock.advance(timedelta(days=1, seconds=1))
    office.open()


def test_somebody_elses_case_is_not_found(office, served, as_celina):
    ticket = office.open()
    stub = served.stub(TicketServiceStub, as_celina)
    named = {"customer_id": as_celina.customer_id, "ticket_id": ticket.ticket_id}
    [message] = office.read(ticket).messages
    calls = [
        lambda: stub.GetTicket(tickets_pb2.GetTicketRequest(**named)),
        lambda: stub.WriteMessage(
            tickets_pb2.WriteMessageRequest(**named, request_id=str(new_id()), body="x")
        ),
        lambda: stub.ReopenTicket(
            tickets_pb2.ReopenTicketRequest(**named, request_id=str(new_id()), body="x")
        ),
        lambda: stub.RateTicket(tickets_pb2.RateTicketRequest(**named, rating=1)),
        lambda: stub.MarkTicketRead(
            tickets_pb2.MarkTicketReadRequest(**named, ticket_message_id=message.ticket_message_id)
        ),
    ]
    for call in calls:
        with pytest.raises(NotFound, match="TICKET_NOT_FOUND"):
            call()
    assert not stub.ListTickets(tickets_pb2.ListTicketsRequest(customer_id=as_celina.customer_id)).tickets


def test_somebody_who_acts_for_the_same_customer_reads_and_writes_too(office, served, as_bartek):
    ticket = office.open()
    stub = served.stub(TicketServiceStub, as_bartek)
    written = stub.WriteMessage(office.writing(ticket, "Tu Bartek."))

    assert written.message.author_name == "Bartek"
    assert [one.author_name for one in office.read(ticket).messages] == ["Anna", "Bartek"]


@pytest.mark.repeats("TicketService/WriteMessage")
def test_the_same_request_writes_once(office):
    ticket = office.open()
    request = office.writing(ticket, "Dodam, że licznik jest nowy.")

    first, again = office.own.WriteMessage(request), office.own.WriteMessage(request)

    assert first.message == again.message
    assert len(office.read(ticket).messages) == 2


def test_an_answer_to_our_question_moves_the_case_on_and_gives_the_clock_its_days_back(office, clock):
    ticket = office.open()
    clock.advance(timedelta(days=2))
    office.answer(ticket, "Jaki jest stan licznika?", ASK)
    asked = office.read(ticket).ticket
    assert asked.status == tickets_pb2.TICKET_STATUS_WAITING
    assert asked.clock.is_paused
    clock.advance(timedelta(days=5))
    assert office.read(ticket).ticket.clock.days_gone == 2

    written = office.write(ticket, "820 m³").ticket

    assert written.status == tickets_pb2.TICKET_STATUS_IN_PROGRESS
    assert not written.clock.is_paused
    assert written.clock.days_gone == 2
    # Five days later than it would have been: 20 April, a Monday.
    assert written.clock.due_at.ToJsonString() == "2026-04-20T21:59:59Z"


def test_notes_of_staff_never_leave_by_the_customers_door(office):
    ticket = office.open()
    office.answer(ticket, "Ten klient zawsze narzeka.", NOTE)
    office.answer(ticket, "Sprawdzamy.")

    shown = office.read(ticket)

    assert "narzeka" not in str(shown)
    assert all(not one.is_internal for one in shown.messages)
    assert shown.ticket.unread_count == 1
    office.write(ticket, "Czekam.")
    assert "narzeka" not in str(office.list_own()) + str(office.read(ticket))


@pytest.mark.repeats("TicketService/MarkTicketRead")
def test_what_was_seen_stays_seen_when_an_older_entry_is_named_afterwards(office):
    ticket = office.open()
    older, newer = office.answer(ticket).message, office.answer(ticket).message
    for seen in (newer, older, newer):
        office.own.MarkTicketRead(
            tickets_pb2.MarkTicketReadRequest(
                **office.own_id(ticket), ticket_message_id=seen.ticket_message_id
            )
        )
        assert office.read(ticket).ticket.unread_count == 0


def test_a_note_cannot_be_marked_as_seen(office):
    ticket = office.open()
    office.answer(ticket, "Sprawdzamy.")
    note = office.answer(ticket, "Notatka.", NOTE).message
    office.own.MarkTicketRead(
        tickets_pb2.MarkTicketReadRequest(**office.own_id(ticket), ticket_message_id=note.ticket_message_id)
    )
    assert office.read(ticket).ticket.unread_count == 1


def test_what_is_new_comes_first_until_it_was_seen(office):
    older = office.open(subject="Pierwsza")
    newer = office.open(subject="Druga")
    assert [one.subject for one in office.list_own().tickets] == ["Druga", "Pierwsza"]
    answer = office.answer(older).message
    listed = office.list_own()
    assert [one.subject for one in listed.tickets] == ["Pierwsza", "Druga"]
    assert (listed.open_count, listed.unread_count) == (2, 1)
    assert office.case(older).messages[1].is_read is False

    office.own.MarkTicketRead(
        tickets_pb2.MarkTicketReadRequest(**office.own_id(older), ticket_message_id=answer.ticket_message_id)
    )

    listed = office.list_own()
    assert [one.subject for one in listed.tickets] == ["Druga", "Pierwsza"]
    assert listed.unread_count == 0
    [seen] = [one for one in office.case(older).messages if one.body == answer.body]
    assert seen.is_read
    assert newer.unread_count == 0


def test_the_customer_sees_that_staff_have_read(office):
    ticket = office.open()
    assert not office.read(ticket).messages[0].is_read
    office.case(ticket)
    assert office.read(ticket).messages[0].is_read


def test_lists_are_paged_in_their_order_both_ways(office):
    for number in range(5):
        office.open(subject=f"Sprawa {number}")
    office.answer(office.list_own().tickets[-1])
    whole = [one.subject for one in office.list_own().tickets]
    assert whole[0] == "Sprawa 0"
    first = office.list_own(page={"page_size": 2})
    second = office.list_own(page={"page_size": 2, "cursor": first.page.next_cursor})
    third = office.list_own(page={"page_size": 2, "cursor": second.page.next_cursor})
    paged = [one.subject for page in (first, second, third) for one in page.tickets]
    assert paged == whole
    assert not third.page.next_cursor
    back = office.list_own(page={"page_size": 2, "cursor": second.page.previous_cursor})
    assert back.tickets == first.tickets


def test_only_open_ones_are_listed_when_asked_so(office):
    closed, opened = office.open(), office.open()
    office.close(closed)
    assert [one.number for one in office.list_own(open_only=True).tickets] == [opened.number]


def test_a_closed_case_is_not_written_in(office):
    ticket = office.open()
    office.close(ticket)
    with pytest.raises(FailedPrecondition, match="TICKET_CLOSED"):
        office.write(ticket)


@pytest.mark.repeats("TicketService/ReopenTicket")
def test_a_closed_case_is_opened_again_within_its_days(office, announced):
    ticket = office.open()
    office.close(ticket)
    closed = office.read(ticket).ticket
    assert closed.status == tickets_pb2.TICKET_STATUS_CLOSED
    assert closed.clock.is_met
    request = office.reopening(ticket)

    opened = office.own.ReopenTicket(request).ticket
    again = office.own.ReopenTicket(request).ticket

    assert opened == again
    assert (opened.ticket_id, opened.status) == (ticket.ticket_id, tickets_pb2.TICKET_STATUS_IN_PROGRESS)
    assert not opened.HasField("closed_at")
    assert not opened.HasField("reopen_until")
    bodies = [one.body for one in office.read(ticket).messages if one.body]
    assert bodies[-1] == "To nie koniec."
    assert len(bodies) == 3
    with pytest.raises(FailedPrecondition, match="TICKET_OPEN"):
        office.own.ReopenTicket(office.reopening(ticket))


def test_the_clock_of_a_case_that_is_opened_again_begins_anew(office, clock):
    ticket = office.open()
    office.answer(ticket, mode=ASK)
    clock.advance(timedelta(days=4))
    office.write(ticket)
    office.close(ticket)
    clock.advance(timedelta(days=6))

    opened = office.own.ReopenTicket(office.reopening(ticket)).ticket

    since = clock.now()
    end = due_at(since, 30, working_days=False)
    assert not opened.clock.is_met
    assert (opened.clock.days_gone, opened.clock.days_total) == (0, 30)
    assert opened.clock.due_at.ToDatetime(UTC) == end
    assert [one.ticket.ticket_id for one in office.queue().tickets] == [ticket.ticket_id]
    clock.advance(end - since + timedelta(seconds=1))
    assert office.read(ticket).ticket.clock.is_late
    office.answer(ticket)
    assert office.read(ticket).ticket.clock.is_met


def test_what_is_written_back_to_an_answer_leaves_the_clock_met(office):
    ticket = office.open()
    office.answer(ticket)
    assert office.write(ticket, "A jednak nie.").ticket.clock.is_met


def test_after_its_days_a_new_case_goes_on_from_it(office, clock, announced):
    ticket = office.open()
    office.close(ticket)
    clock.advance(timedelta(days=14, seconds=1))
    request = office.reopening(ticket)

    successor = office.own.ReopenTicket(request).ticket
    again = office.own.ReopenTicket(request).ticket

    assert successor == again
    assert successor.ticket_id != ticket.ticket_id
    assert (successor.follows_ticket_id, successor.follows_number) == (ticket.ticket_id, ticket.number)
    assert successor.subject == ticket.subject
    assert successor.status == tickets_pb2.TICKET_STATUS_NEW
    assert len(announced(events_pb2.TicketOpened)) == 2


def test_a_workflow_without_a_way_back_leads_to_a_new_case(office, given):
    ways = tuple(one for one in WAYS if one.key != "reopen")
    ticket = office.open(category_id=str(given.category(workflow_id=given.workflow(ways=ways))))
    office.close(ticket)
    assert office.own.ReopenTicket(office.reopening(ticket)).ticket.follows_number == ticket.number


@pytest.mark.repeats("TicketService/RateTicket")
def test_a_closed_case_is_rated_and_the_last_word_counts(office):
    ticket = office.open()
    request = tickets_pb2.RateTicketRequest(**office.own_id(ticket), rating=2, comment="Długo.")
    with pytest.raises(FailedPrecondition, match="TICKET_OPEN"):
        office.own.RateTicket(request)
    office.close(ticket)
    assert office.own.RateTicket(request).ticket.rating == 2
    request.rating, request.comment = 5, "Jednak dobrze."

    rated = office.own.RateTicket(request).ticket

    assert (rated.rating, rated.rating_comment) == (5, "Jednak dobrze.")
    assert office.case(ticket).case.ticket.rating == 5


def test_two_hundred_entries_are_enough(office):
    ticket = office.open()
    for number in range(199):
        office.write(ticket, f"Wpis {number}")
    with pytest.raises(FailedPrecondition, match="TOO_MANY_MESSAGES"):
        office.write(ticket)
    assert len(office.read(ticket).messages) == 200


def test_a_case_goes_on_in_the_version_it_was_opened_with(office, given):
    workflow_id = given.workflow()
    category_id = str(given.category(workflow_id=workflow_id))
    ticket = office.open(category_id=category_id)
    given.version(workflow_id, 2, ways=tuple(one for one in WAYS if one.key != "ask"))

    assert office.answer(ticket, "Kiedy?", ASK).case.ticket.status == tickets_pb2.TICKET_STATUS_WAITING
    newer = office.open(category_id=category_id)
    with pytest.raises(FailedPrecondition, match="TRANSITION_NOT_ALLOWED"):
        office.answer(newer, "Kiedy?", ASK)


def test_where_it_stands_shows_the_way_gone_and_the_way_ahead(office):
    ticket = office.open()
    assert [(one.state, one.is_present, one.HasField("reached_at")) for one in ticket.stages] == [
        ("new", True, True),
        ("checking", False, False),
        ("answered", False, False),
        ("closed", False, False),
    ]
    office.answer(ticket, "Kiedy?", ASK)
    asked = office.read(ticket).ticket
    assert [(one.state, one.is_present) for one in asked.stages if one.HasField("reached_at")] == [
        ("new", False),
        ("checking", False),
        ("asked", True),
    ]
    assert [one.state for one in asked.stages if not one.HasField("reached_at")] == ["answered", "closed"]


def test_staff_see_a_customers_list_with_what_is_new_for_them(office, served):
    office.open()
    stub = served.stub(TicketServiceStub, office.daria)
    [listed] = stub.ListTickets(tickets_pb2.ListTicketsRequest(customer_id=office.anna.customer_id)).tickets
    assert listed.unread_count == 1


def test_of_many_who_open_at_once_each_has_a_number_and_one_request_one_case(office):
    twice = office.opening()
    requests = [office.opening() for _ in range(6)] + [twice, twice]

    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda request: office.own.OpenTicket(request).ticket, requests))

    assert opened[-1] == opened[-2]
    numbers = sorted({one.number for one in opened}, key=lambda number: int(number.rpartition("/")[2]))
    assert numbers == [f"ZG/2026/{number}" for number in range(1, 8)]
