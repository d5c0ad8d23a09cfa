"""What time does to cases."""

from datetime import timedelta

from ebok.tickets.v1 import events_pb2, tickets_pb2

from services.tickets.storage.kinds import TicketStatus
from services.tickets.storage.workflows import State, Trigger
from tests.tickets.given import STATES, WAYS, way
from tests.tickets.office import ASK, NOTE


def test_an_answered_case_closes_by_itself_when_nobody_objects(office, clock, served, announced):
    quiet, loud = office.open(subject="cicha"), office.open(subject="głośna")
    for ticket in (quiet, loud):
        office.answer(ticket)
    clock.advance(timedelta(days=13))
    served.run_job("tickets.advance")
    office.write(loud, "Nie zgadzam się.")
    assert announced(events_pb2.TicketClosed) == []
    clock.advance(timedelta(days=1))

    served.run_job("tickets.advance")
    served.run_job("tickets.advance")

    [closed] = announced(events_pb2.TicketClosed)
    assert closed.number == quiet.number
    shown = office.read(quiet)
    assert shown.ticket.status == tickets_pb2.TICKET_STATUS_CLOSED
    assert shown.messages[-1].author == tickets_pb2.AUTHOR_SYSTEM
    assert shown.messages[-1].author_name == ""
    assert office.read(loud).ticket.status == tickets_pb2.TICKET_STATUS_IN_PROGRESS


def test_time_goes_on_from_each_state_it_leads_to(office, given, clock, served):
    states = (*STATES, State("archived", {"pl": "W archiwum"}, TicketStatus.CLOSED))
    ways = (*WAYS, way("archive", "closed", "archived", Trigger.AFTER_DAYS, after_days=30))
    workflow_id = given.workflow(states=states, ways=ways)
    ticket = office.open(category_id=str(given.category(workflow_id=workflow_id)))
    office.answer(ticket)
    clock.advance(timedelta(days=14))
    served.run_job("tickets.advance")
    clock.advance(timedelta(days=29))
    served.run_job("tickets.advance")
    assert office.read(ticket).ticket.state == "closed"
    clock.advance(timedelta(days=1))
    served.run_job("tickets.advance")
    assert office.read(ticket).ticket.state == "archived"


def test_a_note_does_not_put_off_what_time_does(office, clock, served):
    ticket = office.open()
    office.answer(ticket)
    clock.advance(timedelta(days=10))
    office.answer(ticket, "Cisza.", NOTE)
    clock.advance(timedelta(days=4))
    served.run_job("tickets.advance")
    assert office.read(ticket).ticket.status == tickets_pb2.TICKET_STATUS_CLOSED


def test_more_cases_than_one_transaction_holds_go_on_in_one_run(office, served, clock, announced):
    for number in range(120):
        if number % 20 == 0:
            clock.advance(timedelta(days=1, minutes=1))
        office.answer(office.open())
    clock.advance(timedelta(days=20))
    served.run_job("tickets.advance")
    assert len(announced(events_pb2.TicketClosed)) == 120


def test_a_clock_is_spoken_of_at_half_a_day_before_its_end_and_when_late_each_once(
    office, clock, served, announced
):
    ticket = office.open()
    told = []
    for _day in range(35):
        clock.advance(timedelta(days=1))
        served.run_job("tickets.deadlines")
        served.run_job("tickets.deadlines")
        told.append(len(announced(events_pb2.DeadlineNear)))
    events = announced(events_pb2.DeadlineNear)
    assert [(one.number, one.is_late) for one in events] == [
        (ticket.number, False),
        (ticket.number, False),
        (ticket.number, True),
    ]
    assert [told.index(count) + 1 for count in (1, 2, 3)] == [16, 30, 31]


def test_of_what_was_missed_only_the_furthest_is_said(office, clock, served, announced):
    office.open()
    clock.advance(timedelta(days=40))
    served.run_job("tickets.deadlines")
    [event] = announced(events_pb2.DeadlineNear)
    assert event.is_late


def test_a_clock_that_stands_still_or_was_met_is_not_spoken_of(office, clock, served, announced):
    waiting, answered = office.open(), office.open()
    office.answer(waiting, "Kiedy?", ASK)
    office.answer(answered)
    clock.advance(timedelta(days=40))
    served.run_job("tickets.deadlines")
    assert announced(events_pb2.DeadlineNear) == []

    office.write(waiting, "W marcu.")
    clock.advance(timedelta(days=29))
    served.run_job("tickets.deadlines")
    [near] = announced(events_pb2.DeadlineNear)
    assert near.number == waiting.number
    assert near.assignee_id == office.daria.actor.actor_id
