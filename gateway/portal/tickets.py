"""Zgłoszenia: a customer's cases, one of them with its thread, clock and stages, what one writes into it."""

from collections.abc import Callable, Mapping
from uuid import UUID

from ebok.common.v1.paging_pb2 import PageRequest
from ebok.identity.v1 import grants_pb2
from ebok.tickets.v1 import tickets_pb2 as pb
from flask import Response, g, redirect, render_template, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from chassis.errors import Invalid, PermissionDenied, Refusal
from gateway.portal import portal
from gateway.web import attachments, case_words, notices
from gateway.web.calls import ahead, at_once, call, clients
from gateway.web.days import instant_of, now
from gateway.web.forms import Form
from gateway.web.kept import take_all_kept
from gateway.web.languages import gettext as _
from gateway.web.paging import page_links, page_request
from gateway.web.uploads import takes_file

OPEN_MAX = 50
COMMENT_LENGTH_MAX = 2_000
RATINGS = ("5", "4", "3", "2", "1")
ANSWER, RATING, REOPENING = "odpowiedz", "ocena", "wznow"

for _name, _filter in case_words.FILTERS.items():
    portal.add_app_template_filter(_filter, _name)
portal.add_app_template_global(attachments.held, "held_files")


@portal.get("/zgloszenia")
def tickets() -> str:
    """Those that are open, all at once; below them the closed ones by page."""
    stub, customer_id = clients().tickets.tickets, current_user.customer_id
    opened, page = at_once(
        (
            stub.ListTickets,
            pb.ListTicketsRequest(
                customer_id=customer_id, open_only=True, page=PageRequest(page_size=OPEN_MAX)
            ),
        ),
        (stub.ListTickets, pb.ListTicketsRequest(customer_id=customer_id, page=page_request())),
    )
    g.nav_counts = {"tickets": opened.unread_count}
    return render_template(
        "portal/tickets/list.html",
        opened=opened.tickets,
        closed=[one for one in page.tickets if one.status == pb.TICKET_STATUS_CLOSED],
        links=page_links(page.page),
    )


@portal.route("/zgloszenia/<uuid:ticket_id>", methods=["GET", "POST"])
@takes_file(attachments.FILE_BYTES_MAX)
def ticket(ticket_id: UUID) -> tuple[str, int] | AnyResponse:
    """One case; it is seen when it is opened. What one sends is an answer, a rating, or that it is not over."""
    form = Form.of_request()
    wish = form.value("form")
    if form.sent:
        if not may_write():
            raise PermissionDenied
        if wish not in ACTS:
            raise Invalid
        if leads_to := ACTS[wish](form, ticket_id):
            return redirect(url_for("portal.ticket", ticket_id=leads_to), code=303)
    return ticket_page(ticket_id, {wish: form} if form.sent else {})


def ticket_page(ticket_id: UUID, typed: Mapping[str, Form]) -> tuple[str, int]:
    """The case. `typed`: the form that was sent and refused, by its name."""
    stub, customer_id = clients().tickets.tickets, current_user.customer_id
    found = call(stub.GetTicket, pb.GetTicketRequest(customer_id=customer_id, ticket_id=str(ticket_id)))
    one: pb.Ticket = found.ticket
    seen = None
    if one.unread_count and found.messages:
        last = found.messages[-1].ticket_message_id
        asked = pb.MarkTicketReadRequest(
            customer_id=customer_id, ticket_id=one.ticket_id, ticket_message_id=last
        )
        seen = ahead(stub.MarkTicketRead, asked)
    page = render_template(
        "portal/tickets/ticket.html",
        ticket=one,
        messages=found.messages,
        stages=_stages(one),
        forms=_forms(one, typed),
        can_reopen_it=_can_reopen(one),
    )
    if seen is not None:
        seen()
    return page, max((form.status for form in typed.values()), default=200)


@portal.get("/zgloszenia/pliki/<uuid:attachment_id>")
def ticket_file(attachment_id: UUID) -> Response:
    """A file of one's own case."""
    return attachments.give(current_user.customer_id, attachment_id)


@portal.app_template_global()
def may_write() -> bool:
    """Whether the person may write for the selected customer. The service decides; pages leave the forms out."""
    return current_user.grant is not None and current_user.grant.scope == grants_pb2.SCOPE_MANAGE


def _forms(one: pb.Ticket, typed: Mapping[str, Form]) -> dict[str, Form]:
    kept = take_all_kept()
    name = next(iter(kept.get("form", ())), "")
    initial: dict[str, Mapping[str, str | list[str]]] = {
        RATING: {"ocena": str(one.rating or ""), "komentarz": one.rating_comment}
    }
    if name in ACTS:
        initial[name] = dict(kept)
    return {key: typed.get(key) or Form(initial=initial.get(key)) for key in ACTS}


def _stages(one: pb.Ticket) -> list[tuple[str, pb.Stage]]:
    """The line „where it stands”: each stage with done, now or next; those behind in the order they were reached."""
    closed = one.status == pb.TICKET_STATUS_CLOSED

    def state(stage: pb.Stage) -> str:
        if stage.is_present:
            return "done" if closed else "now"
        return "done" if stage.HasField("reached_at") else "next"

    order = {"done": 0, "now": 1, "next": 2}
    marked = [(state(stage), stage) for stage in one.stages]
    return sorted(marked, key=lambda pair: (order[pair[0]], pair[1].reached_at.ToNanoseconds()))


def _can_reopen(one: pb.Ticket) -> bool:
    """Whether the same case can be opened again; later a new one goes on from it."""
    until = instant_of(one.reopen_until)
    return until is not None and until > now()


def _sound(form: Form) -> bool:
    if form.ok and not form.has_sound_request_id:
        form.stop(_("Open the page anew, please."), status=422)
    return form.ok


def _write(form: Form, ticket_id: UUID) -> str:
    """An answer with files."""
    body = form.lines("tresc")
    files = attachments.attach(form, current_user.customer_id)
    if not _sound(form):
        return ""
    wanted = pb.WriteMessageRequest(
        customer_id=current_user.customer_id,
        ticket_id=str(ticket_id),
        request_id=form.request_id,
        body=body,
        attachment_ids=[one.attachment_id for one in files],
    )
    try:
        call(clients().tickets.tickets.WriteMessage, wanted)
    except Refusal as refusal:
        if not attachments.refuse_files(form, refusal):
            form.refuse(refusal, fields={"body": "tresc"})
        return ""
    notices.ok(_("Sent."), _("You will get a mail when we answer."))
    return str(ticket_id)


def _rate(form: Form, ticket_id: UUID) -> str:
    """How it went."""
    rating = form.choice("ocena", RATINGS)
    comment = form.lines("komentarz", required=False, length_max=COMMENT_LENGTH_MAX)
    if not form.ok:
        return ""
    wanted = pb.RateTicketRequest(
        customer_id=current_user.customer_id, ticket_id=str(ticket_id), rating=int(rating), comment=comment
    )
    try:
        call(clients().tickets.tickets.RateTicket, wanted)
    except Refusal as refusal:
        form.refuse(refusal, fields={"rating": "ocena", "comment": "komentarz"})
        return ""
    notices.ok(_("Thank you for your opinion."), _("Whoever answers for the quality of service reads it."))
    return str(ticket_id)


def _reopen(form: Form, ticket_id: UUID) -> str:
    """It is not over: the case is opened again, or its successor is."""
    body = form.lines("tresc")
    if not _sound(form):
        return ""
    wanted = pb.ReopenTicketRequest(
        customer_id=current_user.customer_id,
        ticket_id=str(ticket_id),
        request_id=form.request_id,
        body=body,
    )
    try:
        opened = call(clients().tickets.tickets.ReopenTicket, wanted).ticket
    except Refusal as refusal:
        form.refuse(refusal, fields={"body": "tresc"})
        return ""
    notices.ok(_("Case %(number)s is open.", number=opened.number), _("You will get a mail when we answer."))
    return str(opened.ticket_id)


# Each answers the id of the case to show next; empty when the form comes back.
ACTS: dict[str, Callable[[Form, UUID], str]] = {ANSWER: _write, RATING: _rate, REOPENING: _reopen}
