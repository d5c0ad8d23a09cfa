"""The inbox: each event is handled once, however often and in whatever order it arrives.

The event's id goes into the inbox table in the same transaction as the handler's work. A service declares the
table, `InboxRow = inbox.table(Base)`, and its handlers::

    handlers = inbox.Handlers()

    @handlers.on(events_pb2.PaymentSettled)
    def on_payment_settled(session: Session, event: events_pb2.PaymentSettled, *, now: datetime) -> None:
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

from google.protobuf.message import DecodeError, Message
from sqlalchemy import DateTime, Index, Text, Uuid, func
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from chassis import tracing
from chassis.database import Database
from chassis.errors import Invalid

EventType = TypeVar("EventType", bound=Message)
Handler = Callable[..., None]


class InboxMixin:
    """The columns of the inbox, the same in every service."""

    __tablename__ = "inbox"

    event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class _ChassisBase(DeclarativeBase):
    """Never creates a table: lets the chassis write to whichever service's inbox it is connected to."""


class _AnyInbox(InboxMixin, _ChassisBase):
    """The inbox of the database at hand."""


ANY_INBOX: SqlTable = _AnyInbox.metadata.tables["inbox"]


def table(base: type[DeclarativeBase]) -> Any:
    """Declare the inbox in a service's metadata and answer its mapped class."""
    received = Index("inbox_received", "received_at")
    return type(
        "InboxRow", (InboxMixin, base), {"__module__": base.__module__, "__table_args__": (received,)}
    )


class Envelope(NamedTuple):
    """One event on its way, whichever carrier brings it; the attributes are those of CloudEvents."""

    event_id: UUID
    type: str
    source: str
    time: datetime
    key: str
    traceparent: str
    payload: bytes


class EventMalformed(Invalid):
    """The payload is not a message of the type it claims to be."""

    reason = "EVENT_MALFORMED"


class _Handles(Protocol):
    def __call__(self, session: Session, event: Any, *, now: datetime) -> None: ...


HandlesType = TypeVar("HandlesType", bound=_Handles)


class Handlers:
    """What a service does about the events it listens to."""

    def __init__(self) -> None:
        self._by_type: dict[str, tuple[type[Message], list[_Handles]]] = {}

    def on(self, event_class: type[Message]) -> Callable[[HandlesType], HandlesType]:
        """Call the function for each event of the class; all handlers of one event share one transaction."""

        def register(handler: HandlesType) -> HandlesType:
            name = event_class.DESCRIPTOR.full_name
            self._by_type.setdefault(name, (event_class, []))[1].append(handler)
            return handler

        return register

    def include(self, other: "Handlers") -> None:
        """Take over the handlers of another module."""
        for name, (event_class, handlers) in other._by_type.items():
            self._by_type.setdefault(name, (event_class, []))[1].extend(handlers)

    @property
    def types(self) -> frozenset[str]:
        """Full names of the events listened to."""
        return frozenset(self._by_type)

    def deliver(self, database: Database, envelope: Envelope, *, now: datetime) -> bool:
        """Handle an event in a transaction of its own; false when it had been handled before or is not for
        us.

        Whatever a handler raises leaves here: nothing was kept, the event may come again.
        """
        found = self._by_type.get(envelope.type)
        if found is None:
            return False
        event_class, handlers = found
        try:
            event = event_class.FromString(envelope.payload)
        except DecodeError:
            raise EventMalformed(type=envelope.type) from None
        with tracing.trace(envelope.traceparent), database.transaction() as session:
            if not _remember(session, envelope):
                return False
            for handler in handlers:
                handler(session, event, now=now)
        return True


def _remember(session: Session, envelope: Envelope) -> bool:
    """Insert the id. Of two deliveries at once the second waits here, until it sees that it is the second."""
    statement = (
        insert(ANY_INBOX)
        .values(event_id=envelope.event_id, type=envelope.type)
        .on_conflict_do_nothing()
        .returning(ANY_INBOX.c.event_id)
    )
    return session.execute(statement).first() is not None
