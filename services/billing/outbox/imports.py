"""What billing tells others of imports."""

from ebok.billing.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis.messaging import outbox
from services.billing.storage.base import OutboxRow
from services.billing.storage.imports import Import


def import_finished(session: Session, import_: Import) -> None:
    """An import was closed."""
    event = events_pb2.ImportFinished(
        import_id=str(import_.import_id),
        done_count=import_.done_count,
        rejected_count=import_.rejected_count,
    )
    outbox.announce(session, OutboxRow, event, key=event.import_id)
