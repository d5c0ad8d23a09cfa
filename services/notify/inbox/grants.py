"""What identity says of who may act for whom: the invited get a link, inviters and delegates hear what became of it,
and who is concerned by a proof hears of it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from ebok.identity.v1 import events_pb2, grants_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.messaging.inbox import Handlers
from services.notify.documents.formats import shorten
from services.notify.domain import messages
from services.notify.storage.contacts import find_contacts
from services.notify.storage.messages import Channel, Rule

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
    """Who invited hears that it was accepted; of a proof the customer hears, and who may act already."""
    if not event.HasField("inviter"):
        _tell_of_proof(session, event, now=now)
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


@handlers.on(events_pb2.ContactChangePassedOn)
def on_contact_change_passed_on(
    session: Session, event: events_pb2.ContactChangePassedOn, *, now: datetime
) -> None:
    """The address until now hears that mail goes elsewhere, and who may manage; neither is told in full."""
    _tell_everybody(
        session,
        Rule.CONTACT_CHANGED,
        event.holders,
        customer_id=wire.unpack_id(event.customer_id, field="customer_id"),
        customer_email=event.old_email,
        but="",
        subject_id=event.change_id,
        facts={
            "customer": event.customer_name,
            "old_hint": shorten(event.old_email),
            "new_hint": shorten(event.new_email),
            "given_at": (wire.unpack_optional_instant(event.changed_at) or now).isoformat(),
        },
        now=now,
    )


def _tell_of_proof(session: Session, event: events_pb2.GrantGiven, *, now: datetime) -> None:
    """None to who gave the proof. The customer's goes where it was known at this moment: who has access from now on may
    change it."""
    customer_id = wire.unpack_id(event.customer_id, field="customer_id")
    contact = find_contacts(session, [customer_id]).get(customer_id)
    _tell_everybody(
        session,
        Rule.CUSTOMER_CLAIMED,
        event.other_holders,
        customer_id=customer_id,
        customer_email=contact.email if contact is not None else "",
        but=event.user_email,
        subject_id=event.grant_id,
        facts={
            "claimer": event.user_name,
            "claimer_hint": shorten(event.user_email),
            "customer": event.customer_name,
            "given_at": (wire.unpack_optional_instant(event.given_at) or now).isoformat(),
        },
        now=now,
    )


def _tell_everybody(
    session: Session,
    rule: Rule,
    holders: Iterable[grants_pb2.Addressee],
    *,
    customer_id: UUID,
    customer_email: str,
    but: str,
    subject_id: str,
    facts: dict[str, str],
    now: datetime,
) -> None:
    """One mail to each address: those of who may act for a customer, and the customer's own unless it is `but`."""
    told = {but.casefold()}
    for holder in holders:
        told.add(holder.email.casefold())
        messages.plan_for_user(
            session,
            rule,
            user_id=holder.user_id,
            address=holder.email,
            language=holder.language,
            subject_id=subject_id,
            facts=facts,
            now=now,
        )
    if customer_email and customer_email.casefold() not in told:
        messages.plan_for_customer(
            session,
            rule,
            customer_id=customer_id,
            subject_id=subject_id,
            facts={**facts, messages.PAYER_EMAIL: customer_email},
            now=now,
            channels=[Channel.EMAIL],
        )


def _word_of(scope: grants_pb2.Scope) -> str:
    return grants_pb2.Scope.Name(scope).removeprefix("SCOPE_")
