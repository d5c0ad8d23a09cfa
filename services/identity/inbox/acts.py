"""What every service, this one too, says of acts."""

from datetime import datetime

from ebok.common.v1 import acts_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging.inbox import Handlers
from services.identity.domain import audit
from services.identity.storage.audit import AuditEntry

handlers = Handlers()


@handlers.on(acts_pb2.ActRecorded)
def on_act_recorded(session: Session, event: acts_pb2.ActRecorded, *, now: datetime) -> None:
    """Add the act to the audit log."""
    entry = AuditEntry(
        act_id=wire.unpack_id(event.act_id, field="act_id"),
        happened_at=wire.unpack_instant(event.happened_at, field="happened_at"),
        actor_kind=event.actor_kind,
        actor_id=event.actor_id,
        actor_name=event.actor_name,
        address=event.address,
        act=event.act,
        customer_id=event.customer_id,
        subject_id=event.subject_id,
        changed=event.changed,
        trace_id=event.trace_id,
    )
    audit.keep(session, entry, now=now)
