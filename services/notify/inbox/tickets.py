"""What tickets says about cases. A mail says that there is an answer; what was written stays in the portal."""

from datetime import datetime
from typing import Any

from ebok.tickets.v1 import events_pb2, tickets_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging.inbox import Handlers
from services.notify.domain import messages
from services.notify.storage.messages import Rule

TicketEvent = (
    events_pb2.TicketOpened | events_pb2.TicketAnswered | events_pb2.TicketAdvanced | events_pb2.TicketClosed
)
handlers = Handlers()


@handlers.on(events_pb2.TicketOpened)
def on_ticket_opened(session: Session, event: events_pb2.TicketOpened, *, now: datetime) -> None:
    """The customer hears that the case arrived, under which number, and until when there is an answer."""
    due_at = wire.unpack_optional_instant(event.due_at, field="due_at")
    facts = {"kind": _word_of(event.kind), "due_at": due_at.isoformat() if due_at is not None else ""}
    _plan(session, Rule.TICKET_OPENED, event, event.ticket_id, facts, now=now)


@handlers.on(events_pb2.TicketAnswered)
def on_ticket_answered(session: Session, event: events_pb2.TicketAnswered, *, now: datetime) -> None:
    """The customer hears of each answer, and whether we wait for something or the case is over with it."""
    facts = {"asks": event.asks, "reopen_until": ""}
    if event.HasField("reopen_until"):
        facts["reopen_until"] = wire.unpack_instant(event.reopen_until, field="reopen_until").isoformat()
    _plan(session, Rule.TICKET_ANSWERED, event, event.ticket_message_id, facts, now=now)


@handlers.on(events_pb2.TicketAdvanced)
def on_ticket_advanced(session: Session, event: events_pb2.TicketAdvanced, *, now: datetime) -> None:
    """The customer hears where the case stands, where its workflow says so."""
    if event.tells_customer:
        facts = {"state_names": dict(event.state_names)}
        _plan(session, Rule.TICKET_ADVANCED, event, event.step_id, facts, now=now)


@handlers.on(events_pb2.TicketClosed)
def on_ticket_closed(session: Session, event: events_pb2.TicketClosed, *, now: datetime) -> None:
    """The customer hears that it is over, until when it can be opened again, and is asked how it went.

    Where an answer closed it, that is said with the answer: both events plan the same mail, whichever comes first.
    """
    until = wire.unpack_instant(event.reopen_until, field="reopen_until").isoformat()
    if event.ticket_message_id:
        facts = {"asks": False, "reopen_until": until}
        _plan(session, Rule.TICKET_ANSWERED, event, event.ticket_message_id, facts, now=now)
    else:
        _plan(session, Rule.TICKET_CLOSED, event, event.step_id, {"reopen_until": until}, now=now)


def _plan(
    session: Session, rule: Rule, event: TicketEvent, subject_id: str, facts: dict[str, Any], *, now: datetime
) -> None:
    ticket_id = wire.unpack_id(event.ticket_id, field="ticket_id")
    messages.plan_for_customer(
        session,
        rule,
        customer_id=wire.unpack_id(event.customer_id, field="customer_id"),
        subject_id=str(wire.unpack_id(subject_id, field="subject_id")),
        facts={
            "ticket_id": str(ticket_id),
            "number": event.number,
            "ticket_subject": event.subject,
            **facts,
        },
        now=now,
    )


def _word_of(kind: "tickets_pb2.TicketKind") -> str:
    """`COMPLAINT`; empty for one that is newer than this code."""
    known = tickets_pb2.TicketKind.values()
    return tickets_pb2.TicketKind.Name(kind).removeprefix("TICKET_KIND_") if kind in known else ""
