"""Anna opens cases and writes in them, Daria and Edward work on them: each through the real door, in few words."""

from collections.abc import Sequence
from typing import Any

from ebok.tickets.v1 import desk_pb2, tickets_pb2
from ebok.tickets.v1.desk_pb2_grpc import TicketDeskServiceStub
from ebok.tickets.v1.tickets_pb2_grpc import TicketServiceStub

from chassis.clock import FixedClock
from chassis.ids import new_id
from chassis.testing.cast import Persona
from chassis.testing.served import Served
from tests.tickets.given import Given

ANSWER = desk_pb2.ANSWER_MODE_ANSWER
ASK = desk_pb2.ANSWER_MODE_ASK
CLOSE = desk_pb2.ANSWER_MODE_ANSWER_AND_CLOSE
NOTE = desk_pb2.ANSWER_MODE_NOTE


class Office:
    """The people and their stubs."""

    def __init__(
        self,
        served: Served,
        given: Given,
        clock: FixedClock,
        anna: Persona,
        daria: Persona,
        edward: Persona,
    ) -> None:
        self.served, self.given, self.clock = served, given, clock
        self.anna, self.daria, self.edward = anna, daria, edward
        self.own = served.stub(TicketServiceStub, anna)
        self.desk = served.stub(TicketDeskServiceStub, daria)
        self._category = ""

    @property
    def category_id(self) -> str:
        """One category for all cases of a test that does not name another."""
        if not self._category:
            self._category = str(self.given.category())
        return self._category

    # Anna

    def opening(self, **more: Any) -> tickets_pb2.OpenTicketRequest:
        """A request to open a case."""
        values: dict[str, Any] = {
            "customer_id": self.anna.customer_id,
            "request_id": str(new_id()),
            "subject": "Rachunek za wodę jest za wysoki",
            "body": "Dzień dobry, w październiku nie było nas w domu.",
            **more,
        }
        values.setdefault("category_id", self.category_id)
        return tickets_pb2.OpenTicketRequest(**values)

    def open(self, **more: Any) -> tickets_pb2.Ticket:
        """Anna opens a case."""
        return self.own.OpenTicket(self.opening(**more)).ticket

    def writing(self, ticket: Any, body: str, **more: Any) -> tickets_pb2.WriteMessageRequest:
        """A request to write into a case."""
        values = {"customer_id": self.anna.customer_id, "request_id": str(new_id()), **more}
        return tickets_pb2.WriteMessageRequest(ticket_id=ticket.ticket_id, body=body, **values)

    def write(self, ticket: Any, body: str = "Dziękuję.", **more: Any) -> tickets_pb2.WriteMessageResponse:
        """Anna writes."""
        return self.own.WriteMessage(self.writing(ticket, body, **more))

    def own_id(self, ticket: Any) -> dict[str, str]:
        """What names a case of Anna's in a request."""
        return {"customer_id": self.anna.customer_id, "ticket_id": ticket.ticket_id}

    def read(self, ticket: Any) -> tickets_pb2.GetTicketResponse:
        """Anna looks at a case."""
        return self.own.GetTicket(tickets_pb2.GetTicketRequest(**self.own_id(ticket)))

    def list_own(self, **more: Any) -> tickets_pb2.ListTicketsResponse:
        """Anna's list."""
        return self.own.ListTickets(tickets_pb2.ListTicketsRequest(customer_id=self.anna.customer_id, **more))

    def reopening(self, ticket: Any, **more: Any) -> tickets_pb2.ReopenTicketRequest:
        """A request to open a case again."""
        values = {"request_id": str(new_id()), "body": "To nie koniec.", **more}
        return tickets_pb2.ReopenTicketRequest(**self.own_id(ticket), **values)

    # Daria

    def case(self, ticket: Any, *, desk: Any = None) -> desk_pb2.GetCaseResponse:
        """A clerk looks at a case."""
        return (desk or self.desk).GetCase(desk_pb2.GetCaseRequest(ticket_id=ticket.ticket_id))

    def answering(
        self, ticket: Any, body: str, mode: "desk_pb2.AnswerMode", **more: Any
    ) -> desk_pb2.AnswerCaseRequest:
        """A request of a clerk's to write into a case."""
        values = {"request_id": str(new_id()), **more}
        return desk_pb2.AnswerCaseRequest(ticket_id=ticket.ticket_id, body=body, mode=mode, **values)

    def answer(
        self,
        ticket: Any,
        body: str = "Sprawdziliśmy, rachunek jest dobry.",
        mode: "desk_pb2.AnswerMode" = ANSWER,
        *,
        desk: Any = None,
        **more: Any,
    ) -> desk_pb2.AnswerCaseResponse:
        """A clerk answers."""
        return (desk or self.desk).AnswerCase(self.answering(ticket, body, mode, **more))

    def close(self, ticket: Any) -> None:
        """A clerk answers and closes."""
        self.answer(ticket, "Sprawa załatwiona.", CLOSE)

    def queue(self, *, desk: Any = None, **more: Any) -> desk_pb2.ListQueueResponse:
        """The queue as a clerk sees it."""
        return (desk or self.desk).ListQueue(desk_pb2.ListQueueRequest(**more))

    def subjects(self, **more: Any) -> Sequence[str]:
        """What the cases of the queue are about, in its order."""
        return [one.ticket.subject for one in self.queue(**more).tickets]

    def advance(
        self, ticket: Any, transition: str, version: int, *, desk: Any = None
    ) -> desk_pb2.QueuedTicket:
        """A clerk presses a button."""
        request = desk_pb2.AdvanceCaseRequest(
            ticket_id=ticket.ticket_id, transition=transition, version=version
        )
        return (desk or self.desk).AdvanceCase(request).case

    def assign(
        self, ticket: Any, assignee_id: str, version: int, *, desk: Any = None
    ) -> desk_pb2.QueuedTicket:
        """A clerk gives a case to somebody."""
        request = desk_pb2.AssignCaseRequest(
            ticket_id=ticket.ticket_id, assignee_id=assignee_id, version=version
        )
        return (desk or self.desk).AssignCase(request).case
