"""Cases of customers: the queue, opening one, answering."""

from typing import Any
from uuid import UUID

from ebok.tickets.v1 import categories_pb2, desk_pb2, tickets_pb2
from flask import Response, url_for
from marshmallow import fields, validate

from gateway.api import api
from gateway.api.answers import one, page, page_request
from gateway.api.inputs import (
    COMMODITIES,
    Input,
    Paged,
    Query,
    flag,
    identifier,
    number_of,
    one_of,
    packed,
    text,
    word_of,
)
from gateway.api.keys import request_id
from gateway.api.operations import body, operation, query
from gateway.api.presenting_contact import (
    CASE,
    CASE_ANSWER,
    CUSTOMER_TICKET,
    TICKET,
    TICKET_CATEGORY,
)
from gateway.api.shapes import Page
from gateway.web.calls import call, clients

TICKETS = Page(TICKET)
CUSTOMER_TICKETS = Page(CUSTOMER_TICKET)
CATEGORIES = Page(TICKET_CATEGORY, paged=False)
CHANNELS = ("phone", "desk", "email", "letter")


class TicketFilter(Paged):
    """Which cases are wanted."""

    query = text(100, "Words of number, subject, customer, or what was written.")
    view = one_of(desk_pb2.QueueView, "Which part of the queue; not given: all that are not closed.")
    category_id = identifier("Only of this category.")
    kind = one_of(tickets_pb2.TicketKind, "Only of this kind.")
    status = one_of(tickets_pb2.TicketStatus, "Only in this status.")
    commodity = word_of(COMMODITIES, "Only of this commodity.")


class CustomerTicketFilter(Paged):
    """Which cases of a customer are wanted."""

    open_only = flag("Only those that are not closed.")


class TicketAnswer(Input):
    """What was filled in at one field of the category."""

    key = text(40, "The field's key.", least=1, required=True)
    value = text(4000, "The value as text.", lines=True, required=True)


class NewTicket(Input):
    """A case that is to be opened."""

    category_id = identifier("What it is.", required=True)
    subject = text(120, "In a few words.", least=1, required=True)
    body = text(8000, "What was said.", least=1, lines=True, required=True)
    channel = word_of(CHANNELS, "How it came.", required=True)
    commodity = word_of(COMMODITIES, "What it concerns.")
    answers = fields.List(
        fields.Nested(TicketAnswer),
        load_default=list,
        validate=validate.Length(max=30, error="TOO_MANY"),
        metadata={"description": "The category's fields."},
    )


class NewTicketMessage(Input):
    """What is to be written into a case."""

    body = text(8000, "What is said.", least=1, lines=True, required=True)
    mode = one_of(
        desk_pb2.AnswerMode,
        "Said to the customer, asked of the customer, said and closed, or noted for colleagues.",
        required=True,
    )


@api.get("/ticket-categories")
@operation("tickets:read", CATEGORIES)
def list_ticket_categories() -> Response:
    """What cases can be about."""
    found = call(clients().tickets.categories.ListCategories, categories_pb2.ListCategoriesRequest())
    return page(CATEGORIES, found.categories)


@api.get("/tickets")
@operation("tickets:read", TICKETS)
@query(TicketFilter)
def list_tickets(query_data: Query) -> Response:
    """The queue, the most urgent first."""
    found = call(
        clients().tickets.desk.ListQueue,
        desk_pb2.ListQueueRequest(
            query=query_data.get("query", ""),
            view=number_of(desk_pb2.QueueView, query_data.get("view")),
            category_id=packed(query_data.get("category_id")),
            kind=number_of(tickets_pb2.TicketKind, query_data.get("kind")),
            status=number_of(tickets_pb2.TicketStatus, query_data.get("status")),
            commodity=query_data.get("commodity", ""),
            page=page_request(query_data),
        ),
    )
    return page(TICKETS, found.tickets, found.page)


@api.get("/tickets/<uuid:ticket_id>")
@operation("tickets:read", CASE, refuses=[404])
def get_ticket(ticket_id: UUID) -> Response:
    """One case with its thread."""
    request = desk_pb2.GetCaseRequest(ticket_id=str(ticket_id))
    return one(CASE, call(clients().tickets.desk.GetCase, request))


@api.get("/customers/<uuid:customer_id>/tickets")
@operation("tickets:read", CUSTOMER_TICKETS)
@query(CustomerTicketFilter)
def list_customer_tickets(customer_id: UUID, query_data: Query) -> Response:
    """A customer's cases, as the customer sees them."""
    request = tickets_pb2.ListTicketsRequest(
        customer_id=str(customer_id),
        open_only=query_data.get("open_only", False),
        page=page_request(query_data),
    )
    found = call(clients().tickets.tickets.ListTickets, request)
    return page(CUSTOMER_TICKETS, found.tickets, found.page)


@api.post("/customers/<uuid:customer_id>/tickets")
@operation("tickets:write", TICKET, status=201, refuses=[404, 409])
@body(NewTicket)
def post_ticket(customer_id: UUID, json_data: dict[str, Any]) -> Response:
    """Open a case for a customer."""
    case = call(
        clients().tickets.desk.OpenCase,
        desk_pb2.OpenCaseRequest(
            customer_id=str(customer_id),
            request_id=request_id(),
            category_id=str(json_data["category_id"]),
            subject=json_data["subject"],
            body=json_data["body"],
            channel=number_of(tickets_pb2.Channel, json_data["channel"]),
            commodity=json_data.get("commodity", ""),
            answers=[tickets_pb2.Answer(**answer) for answer in json_data["answers"]],
        ),
    ).case
    return one(TICKET, case, 201, location=url_for("api.get_ticket", ticket_id=case.ticket.ticket_id))


@api.post("/tickets/<uuid:ticket_id>/messages")
@operation("tickets:write", CASE_ANSWER, status=201, refuses=[404, 409])
@body(NewTicketMessage)
def post_ticket_message(ticket_id: UUID, json_data: dict[str, Any]) -> Response:
    """Write into a case."""
    request = desk_pb2.AnswerCaseRequest(
        ticket_id=str(ticket_id),
        request_id=request_id(),
        body=json_data["body"],
        mode=number_of(desk_pb2.AnswerMode, json_data["mode"]),
    )
    return one(CASE_ANSWER, call(clients().tickets.desk.AnswerCase, request), 201)
