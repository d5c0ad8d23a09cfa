"""What identity says of who may act for whom: the invited get a link, inviters and delegates hear what became of it."""

from datetime import datetime

from ebok.identity.v1 import events_pb2, grants_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging.inbox import Handlers
from services.notify.domain import messages
from services.notify.storage.messages import Rule

handlers = Handlers()


@handlers.on(events_pb2.DelegateInvited)
def on_delegate_invited(session: Session, event: events_pb2.DelegateInvited, *, now: datetime) -> None:
    """The link, to an address that may have no account yet: the invitation stands for the person."""
    messages.plan_for_user(
        session,
        Rule.DELEGATE_INVITED,
        user_id=event.invitation_id,
        address=event.email,
        language=event.language,
        subject_id=event.invitation_id,
        facts={
            "inviter": event.inviter_name,
            "customer": event.customer_name,
            "scope": _word_of(event.scope),
            "ends_on": wire.unpack_date(event.ends_on, field="ends_on").isoformat(),
        },
        sealed_token=event.sealed_token,
        expires_at=wire.unpack_optional_instant(event.expires_at),
        now=now,
    )


@handlers.on(events_pb2.GrantGiven)
def on_grant_given(session: Session, event: events_pb2.GrantGiven, *, now: datetime) -> None:
    """Who invited hears that it was accepted; a grant by proof is told to nobody."""
    if not event.HasField("inviter"):
        return
    messages.plan_for_user(
        session,
        Rule.GRANT_GIVEN,
        user_id=event.inviter.user_id,
        address=event.inviter.email,
        language=event.inviter.language,
        subject_id=event.grant_id,
        facts={
            "delegate": f"{event.user_name} ({event.user_email})",
            "customer": event.customer_name,
            "scope": _word_of(event.scope),
            "ends_on": wire.unpack_date(event.ends_on, field="ends_on").isoformat(),
        },
        now=now,
    )


@handlers.on(events_pb2.GrantRevoked)
def on_grant_revoked(session: Session, event: events_pb2.GrantRevoked, *, now: datetime) -> None:
    """Who had access hears that it is over."""
    messages.plan_for_user(
        session,
        Rule.GRANT_REVOKED,
        user_id=event.holder.user_id,
        address=event.holder.email,
        language=event.holder.language,
        subject_id=event.grant_id,
        facts={"customer": event.customer_name, "ended_by": event.ended_by},
        now=now,
    )


def _word_of(scope: grants_pb2.Scope) -> str:
    return grants_pb2.Scope.Name(scope).removeprefix("SCOPE_")
