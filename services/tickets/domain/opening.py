"""Opening a case: what its category says now is frozen in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from chassis.actors import Actor
from chassis.clock import warsaw_date
from chassis.errors import FailedPrecondition, Invalid, RateLimited, Violation, refuse_if
from chassis.ids import new_id
from services.tickets.domain import categories, clocks, steps, threads, urgency
from services.tickets.domain.cases import CustomerNotFound
from services.tickets.domain.categories import CategoryNotFound
from services.tickets.domain.threads import Writing
from services.tickets.domain.words import words_of
from services.tickets.outbox import tickets as announce
from services.tickets.storage import categories as stored_categories
from services.tickets.storage import customers, searches
from services.tickets.storage import tickets as stored
from services.tickets.storage import workflows as stored_workflows
from services.tickets.storage.categories import Category, FieldType
from services.tickets.storage.kinds import Channel, TicketKind, TicketStatus
from services.tickets.storage.tickets import Ticket
from services.tickets.storage.workflows import WorkflowVersion

OPENED_A_DAY_MAX = 20
ONE_DAY = timedelta(days=1)
YES_NO_TEXTS = {
    "yes": {"pl": "tak", "en": "yes", "uk": "так"},
    "no": {"pl": "nie", "en": "no", "uk": "ні"},
}


class CategoryClosed(FailedPrecondition):
    """The category is not offered, or not to customers."""

    reason = "CATEGORY_CLOSED"


class TooManyTickets(RateLimited):
    """As many cases were opened in a day as may be."""

    reason = "TOO_MANY_TICKETS"


@dataclass(frozen=True)
class Wish:
    """A case as it is asked for. `answers` are the category's fields as they were filled in."""

    customer_id: UUID
    request_id: UUID
    category_id: UUID
    subject: str
    body: str
    commodity: str = ""
    answers: Sequence[tuple[str, str]] = ()
    attachment_ids: Sequence[UUID] = ()
    channel: Channel = Channel.PORTAL


def open_ticket(session: Session, wish: Wish, *, by: Actor, now: datetime) -> Ticket:
    """Open a case, or find the one that the same request opened before.

    Refuses CATEGORY_NOT_FOUND, CATEGORY_CLOSED, CUSTOMER_NOT_FOUND (to staff), TOO_MANY_TICKETS, and what is wrong with
    the answers, field by field; ATTACHMENT_NOT_FOUND, TOO_MANY_ATTACHMENTS.
    """
    stored.lock_customer(session, wish.customer_id)
    opened = _find_opened(session, wish)
    if opened is not None:
        return opened  # A repeated call finds its work already done.
    category = _offered(session, wish, by=by)
    workflow = stored_workflows.current_version(session, category.workflow_id)
    _check_limits(session, wish, by=by, now=now)
    given = _filled_in(category, wish.answers)

    ticket = _new(wish, category, workflow, by=by, now=now)
    ticket.answers = frozen_answers(category, given)
    return _add(session, ticket, wish, by=by, now=now)


def open_successor(
    session: Session, closed: Ticket, *, request_id: UUID, body: str, by: Actor, now: datetime
) -> Ticket:
    """Open a new case that goes on from a closed one, whose time to be opened again is over.

    Refuses CATEGORY_NOT_FOUND, TOO_MANY_TICKETS.
    """
    wish = Wish(
        customer_id=closed.customer_id,
        request_id=request_id,
        category_id=closed.category_id,
        subject=closed.subject,
        body=body,
        commodity=closed.commodity,
    )
    stored.lock_customer(session, wish.customer_id)
    opened = _find_opened(session, wish)
    if opened is not None:
        return opened
    category = stored_categories.get_category(session, closed.category_id)
    if category is None:
        raise CategoryNotFound
    _check_limits(session, wish, by=by, now=now)
    workflow = stored_workflows.current_version(session, category.workflow_id)
    ticket = _new(wish, category, workflow, by=by, now=now)
    ticket.answers = list(closed.answers)
    ticket.follows_ticket_id, ticket.follows_number = closed.ticket_id, closed.number
    return _add(session, ticket, wish, by=by, now=now)


def frozen_answers(category: Category, given: Mapping[str, str]) -> list[dict[str, Any]]:
    """What was filled in, in the order of the fields, with the words of this day."""
    frozen = []
    for field in category.fields:
        value = given.get(field.key, "")
        if not value:
            continue
        texts = YES_NO_TEXTS.get(value, {}) if field.type is FieldType.YES_NO else {}
        if field.type is FieldType.CHOICE:
            texts = next((dict(choice.labels) for choice in field.choices if choice.key == value), {})
        if field.type is FieldType.NUMBER and field.unit:
            texts = {language: f"{_printed(value, language)} {field.unit}" for language in field.labels}
        frozen.append({"key": field.key, "value": value, "labels": dict(field.labels), "texts": dict(texts)})
    return frozen


def _filled_in(category: Category, answers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """What was filled in, without the spaces around it. Refuses what does not fit, field by field."""
    given: dict[str, str] = {}
    faults = []
    for key, value in answers:
        if key in given:
            faults.append(Violation(f"answers.{key}", "DUPLICATE"))
        given[key] = value.strip()
    refuse_if(faults)
    categories.check_answers(category, given)
    return given


def _printed(number: str, language: str) -> str:
    return number if language == "en" else number.replace(".", ",")


def _find_opened(session: Session, wish: Wish) -> Ticket | None:
    return stored.find_by_request(session, wish.customer_id, wish.request_id)


def _offered(session: Session, wish: Wish, *, by: Actor) -> Category:
    """The category, when this person may choose it."""
    staff = by.is_of_provider
    if staff and customers.get_customer(session, wish.customer_id) is None:
        raise CustomerNotFound
    category = stored_categories.get_category(session, wish.category_id)
    if category is None:
        raise CategoryNotFound
    if not category.is_active or not (staff or category.for_customers):
        raise CategoryClosed
    known = category.commodities
    if wish.commodity and wish.commodity not in known:
        raise Invalid(violations=[Violation("commodity", "NOT_A_CHOICE")])
    if len(known) > 1 and not wish.commodity:
        raise Invalid(violations=[Violation("commodity", "REQUIRED")])
    return category


def _check_limits(session: Session, wish: Wish, *, by: Actor, now: datetime) -> None:
    if by.is_of_provider:
        return
    opened = stored.count_opened(session, wish.customer_id, since=now - ONE_DAY, by=by.actor_id)
    if opened >= OPENED_A_DAY_MAX:
        raise TooManyTickets(retry_after_s=3600, maximum=str(OPENED_A_DAY_MAX))


def _new(wish: Wish, category: Category, workflow: WorkflowVersion, *, by: Actor, now: datetime) -> Ticket:
    """A case in the first state of its workflow; its number comes last: others wait for the series."""
    days = category.days
    only = category.commodities[0] if len(category.commodities) == 1 else ""
    ticket = Ticket(
        ticket_id=new_id(),
        customer_id=wish.customer_id,
        request_id=wish.request_id,
        kind=TicketKind(category.kind),
        category_id=category.category_id,
        category_names=dict(category.names),
        workflow_id=category.workflow_id,
        workflow_version=workflow.version,
        subject=wish.subject,
        commodity=wish.commodity or only,
        channel=wish.channel,
        opened_at=now,
        opened_by=by.actor_id,
        follows_number="",
        changed_at=now,
        status=TicketStatus.NEW,
        reopen_days=category.reopen_days,
        rating=0,
        rating_comment="",
        days=days,
        working_days=category.working_days,
        sentences=dict(category.sentences),
        due_at=clocks.due_at(now, days, working_days=category.working_days) if days else None,
        waited_days=0,
        warned=0,
        **dict.fromkeys(_COUNTERS, 0),
        assignee_name="",
        version=1,
        state_version=1,
        assignee_version=1,
    )
    steps.begin(ticket, workflow, now=now)
    ticket.urgency = urgency.place_of(ticket)
    ticket.warn_at = urgency.next_warning(ticket)
    return ticket


_COUNTERS = ("last_position", "file_count", "customer_seen", "customer_unread", "staff_seen", "staff_unread")


def _add(session: Session, ticket: Ticket, wish: Wish, *, by: Actor, now: datetime) -> Ticket:
    year = warsaw_date(now).year
    ticket.number = f"ZG/{year}/{stored.next_number(session, year=year)}"
    session.add(ticket)
    session.flush()
    customer = customers.get_customer(session, ticket.customer_id)
    of_customer = (customer.number, customer.name) if customer is not None else ()
    said = [answer["value"] for answer in ticket.answers]
    searches.add_words(
        session, ticket.ticket_id, words_of(ticket.number, ticket.subject, *of_customer, *said)
    )
    writing = Writing(wish.request_id, wish.body, wish.attachment_ids, channel=wish.channel)
    threads.write(session, ticket, writing, by=by, now=now)
    announce.ticket_opened(session, ticket)
    return ticket
