"""What identity tells of access that was taken away."""

from datetime import datetime

from ebok.identity.v1 import events_pb2

from chassis import wire
from chassis.database import Transaction, asking_in
from chassis.messaging import outbox


def access_revoked(transaction: Transaction, subject_id: str, *, revoked_before: datetime) -> None:
    """Tokens given to the subject before count no more."""
    event = events_pb2.AccessRevoked(subject_id=subject_id, revoked_before=wire.pack_instant(revoked_before))
    outbox.announce_plainly(asking_in(transaction).run, event, key=subject_id)
