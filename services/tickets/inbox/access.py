"""What identity says of access that was taken away."""

from datetime import datetime

from ebok.identity.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import revocations, wire
from chassis.messaging.inbox import Handlers

handlers = Handlers()


@handlers.on(events_pb2.AccessRevoked)
def on_access_revoked(session: Session, event: events_pb2.AccessRevoked, *, now: datetime) -> None:
    """The gate refuses tokens of the subject that are older."""
    before = wire.unpack_instant(event.revoked_before, field="revoked_before")
    revocations.keep(session, event.subject_id, revoked_before=before, now=now)
