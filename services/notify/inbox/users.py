"""What identity says about users: mails with links, and news of what happened to an account."""

from datetime import datetime
from typing import Any

from ebok.identity.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.browsers import describe
from chassis.messaging.inbox import Handlers
from services.notify.documents.formats import shorten
from services.notify.domain import messages
from services.notify.storage.messages import Rule

handlers = Handlers()

Linked = (
    events_pb2.EmailConfirmationRequested | events_pb2.PasswordResetRequested | events_pb2.NewDeviceSignedIn
)
Told = Linked | events_pb2.RegistrationRepeated | events_pb2.PasswordChanged | events_pb2.FactorChanged


@handlers.on(events_pb2.EmailConfirmationRequested)
def on_email_confirmation_requested(
    session: Session, event: events_pb2.EmailConfirmationRequested, *, now: datetime
) -> None:
    """The link that confirms an address."""
    _plan(session, Rule.EMAIL_CONFIRMATION, event, event.request_id, now=now)


@handlers.on(events_pb2.PasswordResetRequested)
def on_password_reset_requested(
    session: Session, event: events_pb2.PasswordResetRequested, *, now: datetime
) -> None:
    """The link that sets a new password."""
    _plan(session, Rule.PASSWORD_RESET, event, event.request_id, now=now)


@handlers.on(events_pb2.RegistrationRepeated)
def on_registration_repeated(
    session: Session, event: events_pb2.RegistrationRepeated, *, now: datetime
) -> None:
    """The owner of a known address hears that somebody tried to register with it."""
    _plan(session, Rule.REGISTRATION_REPEATED, event, event.request_id, now=now)


@handlers.on(events_pb2.PasswordChanged)
def on_password_changed(session: Session, event: events_pb2.PasswordChanged, *, now: datetime) -> None:
    """The owner hears that the password is another one."""
    changed_at = wire.unpack_optional_instant(event.changed_at) or now
    facts = {"changed_at": changed_at.isoformat(), "is_staff": event.is_staff}
    _plan(session, Rule.PASSWORD_CHANGED, event, event.change_id, facts=facts, now=now)


@handlers.on(events_pb2.NewDeviceSignedIn)
def on_new_device_signed_in(session: Session, event: events_pb2.NewDeviceSignedIn, *, now: datetime) -> None:
    """The owner hears of a browser that was not seen before, with the link "it was not me"."""
    signed_in_at = wire.unpack_optional_instant(event.signed_in_at) or now
    facts = {
        "signed_in_at": signed_in_at.isoformat(),
        "browser": describe(event.user_agent),
        "address": event.address,
        "is_staff": event.is_staff,
    }
    _plan(session, Rule.NEW_DEVICE, event, event.session_id, facts=facts, now=now)


@handlers.on(events_pb2.FactorChanged)
def on_factor_changed(session: Session, event: events_pb2.FactorChanged, *, now: datetime) -> None:
    """The owner hears what the account is protected by from now on."""
    changed_at = wire.unpack_optional_instant(event.changed_at) or now
    facts = {
        "changed_at": changed_at.isoformat(),
        "change": events_pb2.FactorChange.Name(event.change).removeprefix("FACTOR_CHANGE_"),
        "codes_left": event.recovery_codes_left,
        "is_staff": event.is_staff,
    }
    _plan(session, Rule.FACTOR_CHANGED, event, event.change_id, facts=facts, now=now)


@handlers.on(events_pb2.EmailChangeRequested)
def on_email_change_requested(
    session: Session, event: events_pb2.EmailChangeRequested, *, now: datetime
) -> None:
    """The new address gets the link, the old one a notice. An address that has an account already gets nothing."""
    if event.sealed_token:
        messages.plan_for_user(
            session,
            Rule.EMAIL_CHANGE_LINK,
            user_id=event.user_id,
            address=event.new_email,
            language=event.language,
            subject_id=event.request_id,
            sealed_token=event.sealed_token,
            expires_at=wire.unpack_optional_instant(event.expires_at),
            now=now,
        )
    messages.plan_for_user(
        session,
        Rule.EMAIL_CHANGE_NOTICE,
        user_id=event.user_id,
        address=event.email,
        language=event.language,
        subject_id=event.request_id,
        now=now,
    )


@handlers.on(events_pb2.EmailChanged)
def on_email_changed(session: Session, event: events_pb2.EmailChanged, *, now: datetime) -> None:
    """The address until now hears of it, with the link "it was not me", or that the link was used. One of an earlier
    release names no such address.
    """
    if not event.old_email:
        return
    changed_at = wire.unpack_optional_instant(event.changed_at) or now
    messages.plan_for_user(
        session,
        Rule.EMAIL_SET_BACK if event.is_undone else Rule.EMAIL_CHANGED,
        user_id=event.user_id,
        address=event.old_email,
        language=event.language,
        subject_id=event.change_id,
        facts={"changed_at": changed_at.isoformat(), "email_hint": shorten(event.email)},
        sealed_token=event.sealed_token or None,
        expires_at=wire.unpack_optional_instant(event.expires_at),
        now=now,
    )


def _plan(
    session: Session,
    rule: Rule,
    event: Told,
    subject_id: str,
    *,
    now: datetime,
    facts: dict[str, Any] | None = None,
) -> None:
    """A mail to whom the event names; its link, if there is one, is sealed for us, and not worth sending once dead."""
    link = event if isinstance(event, Linked) else None
    messages.plan_for_user(
        session,
        rule,
        user_id=event.user_id,
        address=event.email,
        language=event.language,
        subject_id=subject_id,
        facts=facts,
        sealed_token=link.sealed_token if link is not None else None,
        expires_at=wire.unpack_optional_instant(link.expires_at) if link is not None else None,
        now=now,
    )
