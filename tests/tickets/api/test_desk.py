"""Staff work on cases: the queue in its order, answers, notes, taking and giving, the buttons of the workflow."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from ebok.common.v1 import acts_pb2
from ebok.tickets.v1 import desk_pb2, events_pb2, tickets_pb2
from ebok.tickets.v1.desk_pb2_grpc import TicketDeskServiceStub

from chassis.errors import Conflict, FailedPrecondition, Invalid, NotFound
from chassis.ids import new_id
from chassis.testing.cast import CELINA_CUSTOMER
from services.tickets.storage.kinds import TicketKind
from tests.tickets.given import SEEN_ON, WAYS
from tests.tickets.office import ASK, CLOSE, NOTE

DECIDE = "tickets.tickets.decide"


@pytest.fixture
def edwards_desk(office, served):
    return served.stub(TicketDeskServiceStub, office.edward)


@pytest.fixture
def deciders_desk(office, served):
    """Somebody who may decide too: no method asks for it, a workflow does."""
    everything = {"tickets.tickets.work", DECIDE}
    return served.stub(TicketDeskServiceStub, office.edward.allowed(*everything))


# the queue


def test_the_most_urgent_comes_first(office, given, clock):
    slow = str(given.category(days=30))
    quick = str(given.category(days=3))
    without = str(given.category(days=0))
    office.open(subject="bez zegara, starsza", category_id=without)
    office.open(subject="trzydzieści dni", category_id=slow)
    clock.advance(timedelta(hours=1))
    office.open(subject="bez zegara, nowsza", category_id=without)
    office.open(subject="trzy dni", category_id=quick)
    waiting = office.open(subject="czeka na klienta", category_id=quick)
    office.answer(waiting, "Kiedy?", ASK)
    closed = office.open(subject="zamknięta", category_id=quick)
    office.close(closed)

    open_ones = [
        "trzy dni",
        "trzydzieści dni",
        "bez zegara, starsza",
        "bez zegara, nowsza",
        "czeka na klienta",
    ]
    assert office.subjects() == open_ones
    assert office.subjects(view=desk_pb2.QUEUE_VIEW_ALL) == [*open_ones, "zamknięta"]


def test_late_ones_are_a_view_of_their_own(office, given, clock):
    office.open(subject="trzy dni", category_id=str(given.category(days=3)))
    office.open(subject="trzydzieści dni")
    assert office.subjects(view=desk_pb2.QUEUE_VIEW_LATE) == []

    clock.advance(timedelta(days=4))

    [late] = office.queue(view=desk_pb2.QUEUE_VIEW_LATE).tickets
    assert late.ticket.subject == "trzy dni"
    assert late.ticket.clock.is_late
    assert (late.ticket.clock.days_gone, late.ticket.clock.days_total) == (3, 3)
    assert office.queue().counts.late == 1


def test_counts_say_how_many_are_in_each_view_whatever_is_filtered(office):
    taken = office.open(subject="moja")
    office.open(subject="niczyja")
    office.answer(taken)
    office.close(office.open(subject="zamknięta"))

    counts = office.queue(kind=tickets_pb2.TICKET_KIND_FAULT).counts

    assert (counts.mine, counts.free, counts.late, counts.open) == (1, 1, 0, 2)
    assert office.subjects(view=desk_pb2.QUEUE_VIEW_MINE) == ["moja"]
    assert office.subjects(view=desk_pb2.QUEUE_VIEW_FREE) == ["niczyja"]


def test_filters_narrow_the_queue(office, given):
    fault = str(given.category(kind=TicketKind.FAULT, commodities=("heat",), days=2))
    office.open(subject="zimno", category_id=fault)
    office.open(subject="rachunek")
    office.close(office.open(subject="zamknięta"))

    assert office.subjects(kind=tickets_pb2.TICKET_KIND_FAULT) == ["zimno"]
    assert office.subjects(category_id=fault) == ["zimno"]
    assert office.subjects(commodity="water") == ["rachunek"]
    assert office.subjects(status=tickets_pb2.TICKET_STATUS_NEW) == ["zimno", "rachunek"]
    assert office.subjects(status=tickets_pb2.TICKET_STATUS_CLOSED) == ["zamknięta"]
    assert office.subjects(status=tickets_pb2.TICKET_STATUS_WAITING) == []


@pytest.mark.parametrize(
    "query",
    ["ZG/2026/1", "nowak", "K-100200", "zawyż zuzycie", "łazienka", "LAZIENKI", "kran", "anna rachun"],
)
def test_a_case_is_found_by_any_word_of_it(office, given, query):
    given.customer("Anna Nowak")
    ticket = office.open(subject="Zawyżone zużycie na rachunku", body="W łazience nic nie kapie. Łazienki!")
    office.write(ticket, "Kran też jest w porządku.")
    office.answer(ticket, "Łazienka była sprawdzona.", NOTE)
    office.open(subject="Coś innego", body="Zupełnie", customer_id=office.anna.customer_id)

    assert "Zawyżone zużycie na rachunku" in office.subjects(query=query)
    assert office.subjects(query=query + " niemaniczegotakiego") == []


def test_what_a_search_may_not_mean_is_harmless(office):
    office.open(subject="Rachunek")
    for query in ("' & ! | ( :*", "a' | 'b", "\\", "%_%", "''", "rach'unek"):
        office.subjects(query=query)
    assert office.subjects(query="' rachunek") == ["Rachunek"]


def test_a_case_is_found_by_the_customers_new_name_too(office, given):
    given.customer("Anna Nowak")
    office.open(subject="Rachunek")
    given.customer("Anna Wiśniewska", version=2)

    [found] = office.queue(query="wisniewska").tickets
    assert (found.customer_name, found.customer_number) == ("Anna Wiśniewska", "K-100200")
    assert office.subjects(query="nowak") == ["Rachunek"]


def test_the_queue_is_paged_in_its_order_both_ways(office, clock):
    for number in range(5):
        office.open(subject=f"Sprawa {number}")
        clock.advance(timedelta(days=1))
    whole = office.subjects()
    first = office.queue(page={"page_size": 2})
    second = office.queue(page={"page_size": 2, "cursor": first.page.next_cursor})
    third = office.queue(page={"page_size": 2, "cursor": second.page.next_cursor})
    assert [one.ticket.subject for page in (first, second, third) for one in page.tickets] == whole
    assert not third.page.next_cursor
    back = office.queue(page={"page_size": 2, "cursor": second.page.previous_cursor})
    assert [one.ticket.number for one in back.tickets] == [one.ticket.number for one in first.tickets]
    with pytest.raises(Invalid, match=r"page\.cursor: MALFORMED"):
        office.queue(page={"cursor": "x"})


# one case


def test_a_clerk_sees_the_customer_the_thread_and_what_may_be_done(office, given):
    given.customer("Anna Nowak")
    other = office.open(subject="Inna")
    ticket = office.open(subject="Ta")
    office.answer(ticket, "Notatka", NOTE)

    case = office.case(ticket)

    assert (case.case.customer_name, case.case.customer_number) == ("Anna Nowak", "K-100200")
    assert [one.body for one in case.messages][1:] == ["Notatka"]
    assert case.messages[1].is_internal
    assert [one.transition for one in case.next_steps] == ["inspect"]
    assert case.next_steps[0].state_names["pl"] == "Sprawdzamy"
    assert case.next_steps[0].tells_customer
    assert case.can_ask
    assert case.can_close
    assert [one.number for one in case.others] == [other.number]
    assert case.case.ticket.unread_count == 0
    assert not case.case.assignee_id


def test_what_was_unread_until_a_look_is_told_apart_by_that_look_alone(office):
    ticket = office.open(body="Pierwsze")
    assert [one.is_read for one in office.case(ticket).messages] == [False]
    office.write(ticket, "Drugie")
    looked = office.case(ticket)
    assert [(one.body, one.is_read) for one in looked.messages] == [("Pierwsze", True), ("Drugie", False)]
    assert looked.case.ticket.unread_count == 0
    assert all(one.is_read for one in office.case(ticket).messages)


def test_a_case_says_in_which_language_its_customer_reads(office, given):
    ticket = office.open()
    assert office.case(ticket).case.customer_language == ""
    given.customer(language="uk")
    assert office.case(ticket).case.customer_language == "uk"


def test_looking_at_a_case_is_recorded_with_whose_it_is(office, announced):
    ticket = office.open()
    office.case(ticket)
    [seen] = [one for one in announced(acts_pb2.ActRecorded) if one.act.endswith("GetCase")]
    assert (seen.subject_id, seen.customer_id) == (ticket.ticket_id, office.anna.customer_id)


def test_a_case_that_is_not_there_is_not_found(office):
    nothing = tickets_pb2.Ticket(ticket_id=str(new_id()))
    for act in (
        lambda: office.case(nothing),
        lambda: office.answer(nothing),
        lambda: office.advance(nothing, "close", 1),
        lambda: office.assign(nothing, "", 1),
    ):
        with pytest.raises(NotFound, match="TICKET_NOT_FOUND"):
            act()


@pytest.mark.repeats("TicketDeskService/OpenCase")
def test_a_clerk_opens_a_case_for_somebody_who_called(office, given, announced):
    given.customer("Anna Nowak")
    request = desk_pb2.OpenCaseRequest(
        customer_id=office.anna.customer_id,
        request_id=str(new_id()),
        category_id=str(given.category(for_customers=False)),
        subject="Brak wody",
        body="Klientka mówi, że od rana nie ma wody.",
        channel=tickets_pb2.CHANNEL_PHONE,
    )

    first, again = office.desk.OpenCase(request).case, office.desk.OpenCase(request).case

    assert first == again
    assert first.customer_name == "Anna Nowak"
    assert first.ticket.channel == tickets_pb2.CHANNEL_PHONE
    [message] = office.read(first.ticket).messages
    assert (message.author, message.author_name) == (tickets_pb2.AUTHOR_STAFF, "Daria")
    assert message.channel == tickets_pb2.CHANNEL_PHONE
    assert office.list_own().unread_count == 1
    assert len(announced(events_pb2.TicketOpened)) == 1
    assert [one.name for one in office.desk.ListAssignees(desk_pb2.ListAssigneesRequest()).assignees] == [
        "Daria"
    ]


def test_no_case_is_opened_for_a_customer_nobody_knows(office, given):
    request = desk_pb2.OpenCaseRequest(
        customer_id=str(CELINA_CUSTOMER),
        request_id=str(new_id()),
        category_id=office.category_id,
        subject="Brak wody",
        body="x",
        channel=tickets_pb2.CHANNEL_DESK,
    )
    with pytest.raises(NotFound, match="CUSTOMER_NOT_FOUND"):
        office.desk.OpenCase(request)
    given.customer("Celina", customer_id=CELINA_CUSTOMER)
    request.category_id = str(given.category(fields=(SEEN_ON,)))
    with pytest.raises(Invalid, match=r"answers\.seen_on: REQUIRED"):
        office.desk.OpenCase(request)


# answers


@pytest.mark.repeats("TicketDeskService/AnswerCase")
def test_an_answer_takes_the_case_moves_it_on_and_is_announced_once(office, announced):
    ticket = office.open()
    request = office.answering(ticket, "Rachunek jest dobry.", desk_pb2.ANSWER_MODE_ANSWER)

    first = office.desk.AnswerCase(request)
    again = office.desk.AnswerCase(request)

    assert first.message == again.message
    assert first.case.assignee_id == office.daria.actor.actor_id
    assert first.case.ticket.assignee_name == "Daria"
    assert first.case.ticket.status == tickets_pb2.TICKET_STATUS_ANSWERED
    assert first.case.ticket.clock.is_met
    [answered] = announced(events_pb2.TicketAnswered)
    assert (answered.ticket_message_id, answered.asks) == (first.message.ticket_message_id, False)
    assert not any(one.tells_customer for one in announced(events_pb2.TicketAdvanced))
    states = [dict(one.state_names)["pl"] for one in office.case(ticket).messages if one.state_names]
    assert states == ["Sprawdzamy", "Odpowiedziane"]


def test_an_answer_to_a_colleagues_case_leaves_it_with_the_colleague(office, edwards_desk):
    ticket = office.open()
    office.answer(ticket, "Kiedy?", ASK)
    assert (
        office.answer(ticket, "Chyba w marcu.", desk=edwards_desk).case.assignee_id
        == office.daria.actor.actor_id
    )


def test_a_question_stops_the_clock_and_says_so(office, announced):
    ticket = office.open()
    asked = office.answer(ticket, "Jaki jest stan licznika?", ASK).case.ticket
    assert asked.status == tickets_pb2.TICKET_STATUS_WAITING
    assert asked.clock.is_paused
    [event] = announced(events_pb2.TicketAnswered)
    assert event.asks


def test_an_answer_closes_by_the_shortest_way_the_clerk_may_go(office, deciders_desk, announced):
    by_answer, by_decision = office.open(), office.open()
    office.answer(by_answer, "Gotowe.", CLOSE)
    office.answer(by_decision, "Odrzucone.", CLOSE, desk=deciders_desk)

    def states(ticket):
        return [dict(one.state_names)["pl"] for one in office.case(ticket).messages if one.state_names]

    assert states(by_answer) == ["Sprawdzamy", "Odpowiedziane", "Zamknięte"]
    assert states(by_decision) == ["Sprawdzamy", "Zamknięte"]
    closed = announced(events_pb2.TicketClosed)
    assert [one.number for one in closed] == [by_answer.number, by_decision.number]
    assert closed[0].reopen_until.ToJsonString() == "2026-03-30T09:00:00Z"


def test_what_an_answer_closed_is_told_once_with_the_answer(office, deciders_desk, announced):
    """The steps on the way are in the thread, and none is a mail of its own."""
    ticket = office.open()
    office.answer(ticket, "Odrzucone.", CLOSE, desk=deciders_desk)
    [answered] = announced(events_pb2.TicketAnswered)
    [closed] = announced(events_pb2.TicketClosed)
    assert closed.ticket_message_id == answered.ticket_message_id
    assert closed.reopen_until == answered.reopen_until
    assert not any(one.tells_customer for one in announced(events_pb2.TicketAdvanced))
    later = office.open()
    office.answer(later)
    office.advance(later, "close", office.case(later).version)
    [answered] = [one for one in announced(events_pb2.TicketAnswered) if one.number == later.number]
    [closed] = [one for one in announced(events_pb2.TicketClosed) if one.number == later.number]
    assert not answered.HasField("reopen_until")
    assert closed.ticket_message_id == ""


def test_where_no_way_leads_to_asking_or_closing_neither_is_done(office, given, announced):
    ways = tuple(one for one in WAYS if one.key not in ("ask", "close", "reject"))
    ticket = office.open(category_id=str(given.category(workflow_id=given.workflow(ways=ways))))
    case = office.case(ticket)
    assert not case.can_ask
    assert not case.can_close
    for mode in (ASK, CLOSE):
        with pytest.raises(FailedPrecondition, match="TRANSITION_NOT_ALLOWED"):
            office.answer(ticket, "x", mode)
    assert len(office.case(ticket).messages) == 1
    assert announced(events_pb2.TicketAnswered) == []


def test_only_notes_are_written_in_a_closed_case(office, announced):
    ticket = office.open()
    office.close(ticket)
    before = announced(events_pb2.TicketAnswered)
    with pytest.raises(FailedPrecondition, match="TICKET_CLOSED"):
        office.answer(ticket)
    with pytest.raises(FailedPrecondition, match="TICKET_CLOSED"):
        office.answer(ticket, "x", CLOSE)
    office.answer(ticket, "Dla porządku.", NOTE)
    assert announced(events_pb2.TicketAnswered) == before
    assert not office.case(ticket).can_close


def test_a_note_takes_nothing_and_tells_nobody(office, announced):
    ticket = office.open()
    noted = office.answer(ticket, "Do sprawdzenia.", NOTE)
    assert not noted.case.assignee_id
    assert noted.case.ticket.status == tickets_pb2.TICKET_STATUS_NEW
    assert noted.message.is_internal
    assert announced(events_pb2.TicketAnswered) == []


# taking and giving


@pytest.mark.repeats("TicketDeskService/AssignCase")
def test_a_clerk_takes_a_case_and_that_begins_the_work(office):
    ticket = office.open()
    version = office.case(ticket).version
    own = office.daria.actor.actor_id

    taken = office.assign(ticket, own, version)
    again = office.assign(ticket, own, version)

    assert taken == again
    assert taken.assignee_id == own
    assert taken.ticket.status == tickets_pb2.TICKET_STATUS_IN_PROGRESS
    assert office.assign(ticket, "", office.case(ticket).version).assignee_id == ""


def test_of_two_who_take_at_once_one_has_it(office, edwards_desk):
    ticket = office.open()
    version = office.case(ticket).version
    own, others = office.daria.actor.actor_id, office.edward.actor.actor_id

    def take(desk, staff_id):
        try:
            return office.assign(ticket, staff_id, version, desk=desk).assignee_id
        except Conflict as taken:
            return taken.reason

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(take, (office.desk, edwards_desk), (own, others)))
    assert "TICKET_CHANGED" in told
    assert office.case(ticket).case.assignee_id in told


def test_a_message_meanwhile_does_not_hinder_taking_or_stepping(office):
    ticket = office.open()
    version = office.case(ticket).version
    office.write(ticket, "Dodam jeszcze coś.")
    assert office.assign(ticket, office.daria.actor.actor_id, version).assignee_id
    stepped = office.case(office.open())
    office.write(stepped.case.ticket, "I tutaj.")
    office.advance(stepped.case.ticket, "inspect", stepped.version)


def test_a_case_is_given_only_to_who_has_worked_here(office, edwards_desk):
    ticket = office.open()
    others = office.edward.actor.actor_id
    with pytest.raises(NotFound, match="STAFF_NOT_FOUND"):
        office.assign(ticket, others, office.case(ticket).version)
    office.answer(ticket, "x", NOTE, desk=edwards_desk)

    office.assign(ticket, others, office.case(ticket).version)

    known = office.desk.ListAssignees(desk_pb2.ListAssigneesRequest()).assignees
    assert [(one.name, one.open_count) for one in known] == [("Daria", 0), ("Edward", 1)]


# buttons


@pytest.mark.repeats("TicketDeskService/AdvanceCase")
def test_a_button_moves_the_case_once_and_the_customer_is_told(office, announced):
    ticket = office.open()
    version = office.case(ticket).version

    first = office.advance(ticket, "inspect", version)
    again = office.advance(ticket, "inspect", version)

    assert first == again
    assert first.ticket.state == "checking"
    [event] = announced(events_pb2.TicketAdvanced)
    assert event.tells_customer
    assert event.state_names["pl"] == "Sprawdzamy"
    assert office.read(ticket).ticket.unread_count == 1


def test_a_step_from_a_state_that_is_left_is_refused(office):
    ticket = office.open()
    version = office.case(ticket).version
    office.answer(ticket)
    with pytest.raises(Conflict, match="TICKET_CHANGED"):
        office.advance(ticket, "inspect", version)
    with pytest.raises(Conflict, match="TICKET_CHANGED"):
        office.advance(ticket, "close", office.case(ticket).version + 1)


def test_a_decision_wants_its_permission(office, deciders_desk):
    ticket = office.open()
    office.advance(ticket, "inspect", office.case(ticket).version)
    case = office.case(ticket)
    assert [one.transition for one in case.next_steps] == []
    with pytest.raises(FailedPrecondition, match="TRANSITION_NOT_ALLOWED"):
        office.advance(ticket, "reject", case.version)
    assert [one.transition for one in office.case(ticket, desk=deciders_desk).next_steps] == ["reject"]

    rejected = office.advance(ticket, "reject", case.version, desk=deciders_desk)

    assert rejected.ticket.status == tickets_pb2.TICKET_STATUS_CLOSED
    with pytest.raises(FailedPrecondition, match="TRANSITION_NOT_ALLOWED"):
        office.advance(ticket, "nothing", office.case(ticket).version)
