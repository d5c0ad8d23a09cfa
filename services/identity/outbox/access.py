"""What identity tells of access that was taken away."""

from datetime import datetime

from ebok.identity.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging import outbox
from services.identity.storage.base import OutboxRow


def access_revoked(session: Session, subject_id: str, *, revoked_before: datetime) -> None:
    """Tokens given to the subject before count no more."""
    event = events_pb2.AccessRevoked(subject_id=subject_id, revoked_before=wire.pack_instant(revoked_before))
    outbox.announce(session, OutboxRow, event, key=subject_id)
