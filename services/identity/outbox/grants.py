"""What identity tells of grants."""

from ebok.identity.v1 import events_pb2, grants_pb2
from sqlalchemy.orm import Session

from chassis.messaging import outbox
from services.identity.storage.base import OutboxRow
from services.identity.storage.grants import Grant, Scope

_SCOPES: dict[Scope, grants_pb2.Scope] = {
    Scope.VIEW: grants_pb2.SCOPE_VIEW,
    Scope.PAY: grants_pb2.SCOPE_PAY,
    Scope.MANAGE: grants_pb2.SCOPE_MANAGE,
}


def grant_given(session: Session, grant: Grant) -> None:
    """A user may act for a customer."""
    event = events_pb2.GrantGiven(
        grant_id=str(grant.grant_id),
        user_id=str(grant.user_id),
        customer_id=str(grant.customer_id),
        scope=_SCOPES[grant.scope],
    )
    outbox.announce(session, OutboxRow, event, key=event.user_id)
