"""A new case in two steps: what it is about, then what that category asks for."""

from uuid import UUID

from ebok.tickets.v1 import categories_pb2, tickets_pb2
from flask import redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from chassis.errors import NotFound, PermissionDenied, Refusal
from gateway.portal import portal
from gateway.portal.tickets import may_write
from gateway.web import attachments, case_fields, notices
from gateway.web.calls import call, clients
from gateway.web.case_words import on_day
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import gettext as _
from gateway.web.uploads import takes_file


@portal.get("/zgloszenia/nowe")
def choose_category() -> str:
    """The categories, in the provider's order."""
    asked = categories_pb2.ListCategoriesRequest(customer_id=current_user.customer_id)
    found = call(clients().tickets.categories.ListCategories, asked)
    return render_template("portal/tickets/choose.html", categories=found.categories)


@portal.route("/zgloszenia/nowe/<uuid:category_id>", methods=["GET", "POST"])
@takes_file(attachments.FILE_BYTES_MAX)
def new_ticket(category_id: UUID) -> tuple[str, int] | Response:
    """The form of a category; afterwards the case."""
    category = case_fields.category_of(str(category_id), customer_id=current_user.customer_id)
    if category is None:
        raise NotFound(category_id=str(category_id))
    choices = case_fields.offered(category, current_user.customer_id)
    form = Form.of_request(initial=take_all_kept())
    if form.sent:
        if not may_write():
            raise PermissionDenied
        opened = _open(form, category, choices)
        if opened is not None:
            return redirect(url_for("portal.ticket", ticket_id=opened.ticket_id), code=303)
    page = render_template("portal/tickets/new.html", form=form, category=category, choices=choices)
    return page, form.status


def _open(
    form: Form, category: categories_pb2.Category, choices: case_fields.Offered
) -> tickets_pb2.Ticket | None:
    """Send what was typed; None when the form comes back with what is wrong."""
    written = case_fields.read_case(form, category, choices, current_user.customer_id)
    if not form.ok:
        return None
    wanted = tickets_pb2.OpenTicketRequest(
        customer_id=current_user.customer_id,
        request_id=form.request_id,
        category_id=category.category_id,
        subject=written.subject,
        body=written.body,
        commodity=written.commodity,
        answers=written.answers,
        attachment_ids=written.attachment_ids,
    )
    try:
        opened: tickets_pb2.Ticket = call(clients().tickets.tickets.OpenTicket, wanted).ticket
    except Refusal as refusal:
        case_fields.refuse_case(form, refusal, category)
        return None
    term = ""
    if opened.HasField("clock"):
        term = _("We will answer %(day)s at the latest.", day=on_day(opened.clock.due_at))
    notices.ok(_("Case %(number)s is sent.", number=opened.number), term)
    return opened
