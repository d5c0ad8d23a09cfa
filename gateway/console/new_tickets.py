"""A case for a customer who called, came or wrote: who it is, what it is about, then what that category asks for."""

from uuid import UUID

from ebok.billing.v1 import customers_pb2
from ebok.common.v1.paging_pb2 import PageRequest
from ebok.tickets.v1 import categories_pb2, tickets_pb2
from ebok.tickets.v1 import desk_pb2 as pb
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from chassis.errors import NotFound, PermissionDenied, Refusal, Unauthenticated
from gateway.console import console
from gateway.console.contacts import RECORDED
from gateway.console.customers import QUERY_LENGTH_MAX, customer_page, get_customer
from gateway.web import attachments, case_fields, notices
from gateway.web.calls import at_once, call, clients
from gateway.web.case_words import CHANNELS, on_day
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import gettext as _
from gateway.web.paging import page_links, page_request
from gateway.web.uploads import takes_file

CALLERS_MAX = 8


@console.get("/zgloszenia/nowe")
def find_caller() -> tuple[str, int]:
    """Whose case it is: by anything one knows of them."""
    form, found = Form(request.args), None
    query = form.text("kto", required=False, length_max=QUERY_LENGTH_MAX)
    if query and form.ok:
        asked = customers_pb2.SearchCustomersRequest(query=query, page=PageRequest(page_size=CALLERS_MAX))
        try:
            found = call(clients().billing.customers.SearchCustomers, asked)
        except Refusal as refusal:
            if isinstance(refusal, PermissionDenied | Unauthenticated):
                raise
            form.refuse(refusal, fields={"query": "kto"})
    page = render_template(
        "console/tickets/caller.html", form=form, found=found.customers if found is not None else None
    )
    return page, form.status


@console.get("/klienci/<uuid:customer_id>/zgloszenia")
def customer_tickets(customer_id: UUID) -> str:
    """All cases of a customer."""
    wanted = tickets_pb2.ListTicketsRequest(customer_id=str(customer_id), page=page_request())
    found, listed = at_once(get_customer(customer_id), (clients().tickets.tickets.ListTickets, wanted))
    return customer_page(
        "tickets",
        found.customer,
        tab="tickets",
        tickets=listed.tickets,
        open_count=listed.open_count,
        links=page_links(listed.page),
    )


@console.get("/klienci/<uuid:customer_id>/zgloszenia/nowe")
def choose_case_category(customer_id: UUID) -> str:
    """What the matter is about."""
    asked = categories_pb2.ListCategoriesRequest()
    found, listed = at_once(get_customer(customer_id), (clients().tickets.categories.ListCategories, asked))
    return customer_page("new_ticket_category", found.customer, tab="tickets", categories=listed.categories)


@console.route("/klienci/<uuid:customer_id>/zgloszenia/nowe/<uuid:category_id>", methods=["GET", "POST"])
@takes_file(attachments.FILE_BYTES_MAX)
def new_case(customer_id: UUID, category_id: UUID) -> tuple[str, int] | Response:
    """The form of a category; afterwards the case."""
    asked = categories_pb2.ListCategoriesRequest()
    found, listed = at_once(get_customer(customer_id), (clients().tickets.categories.ListCategories, asked))
    category = next((one for one in listed.categories if one.category_id == str(category_id)), None)
    if category is None:
        raise NotFound(category_id=str(category_id))
    choices = case_fields.offered(category, str(customer_id))
    form = Form.of_request(initial={"jak": next(iter(RECORDED)), **take_all_kept()})
    if form.sent:
        opened = _open(form, str(customer_id), category, choices)
        if opened is not None:
            return redirect(url_for("console.ticket", ticket_id=opened.ticket.ticket_id), code=303)
    page = customer_page(
        "new_ticket",
        found.customer,
        tab="tickets",
        form=form,
        category=category,
        choices=choices,
        ways=[(key, CHANNELS[number]) for key, number in RECORDED.items()],
    )
    return page, form.status


def _open(
    form: Form, customer_id: str, category: categories_pb2.Category, choices: case_fields.Offered
) -> pb.QueuedTicket | None:
    """Send what was typed; None when the form comes back with what is wrong."""
    how = form.choice("jak", RECORDED)
    written = case_fields.read_case(form, category, choices, customer_id)
    if not form.ok:
        return None
    wanted = pb.OpenCaseRequest(
        customer_id=customer_id,
        request_id=form.request_id,
        category_id=category.category_id,
        subject=written.subject,
        body=written.body,
        channel=RECORDED[how],
        commodity=written.commodity,
        answers=written.answers,
        attachment_ids=written.attachment_ids,
    )
    try:
        opened: pb.QueuedTicket = call(clients().tickets.desk.OpenCase, wanted).case
    except (PermissionDenied, Unauthenticated):
        raise
    except Refusal as refusal:
        case_fields.refuse_case(form, refusal, category)
        return None
    term = ""
    if opened.ticket.HasField("clock"):
        term = _("The answer is due %(day)s at the latest.", day=on_day(opened.ticket.clock.due_at))
    notices.ok(_("Case %(number)s is open.", number=opened.ticket.number), term)
    return opened
