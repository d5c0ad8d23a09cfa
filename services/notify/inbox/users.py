"""What identity says about users: mails with links, and news of what happened to an account."""

from datetime import datetime

from ebok.identity.v1 import events_pb2
from sqlalchemy.orm import Session

from chassis import wire
from chassis.browsers import describe
from chassis.messaging.inbox import Handlers
from services.notify.domain import messages
from services.notify.storage.messages import Rule

handlers = Handlers()

LinkRequested = events_pb2.EmailConfirmationRequested | events_pb2.PasswordResetRequested


@handlers.on(events_pb2.EmailConfirmationRequested)
def on_email_confirmation_requested(
    session: Session, event: events_pb2.EmailConfirmationRequested, *, now: datetime
) -> None:
    """The link that confirms an address."""
    _plan_link(session, Rule.EMAIL_CONFIRMATION, event, now=now)


@handlers.on(events_pb2.PasswordResetRequested)
def on_password_reset_requested(
    session: Session, event: events_pb2.PasswordResetRequested, *, now: datetime
) -> None:
    """The link that sets a new password."""
    _plan_link(session, Rule.PASSWORD_RESET, event, now=now)


@handlers.on(events_pb2.RegistrationRepeated)
def on_registration_repeated(
    session: Session, event: events_pb2.RegistrationRepeated, *, now: datetime
) -> None:
    """The owner of a known address hears that somebody tried to register with it."""
    messages.plan_for_user(
        session,
        Rule.REGISTRATION_REPEATED,
        user_id=event.user_id,
        address=event.email,
        language=event.language,
        subject_id=event.request_id,
        now=now,
    )


@handlers.on(events_pb2.PasswordChanged)
def on_password_changed(session: Session, event: events_pb2.PasswordChanged, *, now: datetime) -> None:
    """The owner hears that the password is another one."""
    changed_at = wire.unpack_optional_instant(event.changed_at) or now
    messages.plan_for_user(
        session,
        Rule.PASSWORD_CHANGED,
        user_id=event.user_id,
        address=event.email,
        language=event.language,
        subject_id=event.change_id,
        facts={"changed_at": changed_at.isoformat(), "is_staff": event.is_staff},
        now=now,
    )


@handlers.on(events_pb2.NewDeviceSignedIn)
def on_new_device_signed_in(session: Session, event: events_pb2.NewDeviceSignedIn, *, now: datetime) -> None:
    """The owner hears of a browser that was not seen before, with the link "it was not me"."""
    signed_in_at = wire.unpack_optional_instant(event.signed_in_at) or now
    messages.plan_for_user(
        session,
        Rule.NEW_DEVICE,
        user_id=event.user_id,
        address=event.email,
        language=event.language,
        subject_id=event.session_id,
        facts={
            "signed_in_at": signed_in_at.isoformat(),
            "browser": describe(event.user_agent),
            "address": event.address,
            "is_staff": event.is_staff,
        },
        sealed_token=event.sealed_token,
        expires_at=wire.unpack_optional_instant(event.expires_at),
        now=now,
    )


@handlers.on(events_pb2.FactorChanged)
def on_factor_changed(session: Session, event: events_pb2.FactorChanged, *, now: datetime) -> None:
    """The owner hears what the account is protected by from now on."""
    changed_at = wire.unpack_optional_instant(event.changed_at) or now
    messages.plan_for_user(
        session,
        Rule.FACTOR_CHANGED,
        user_id=event.user_id,
        address=event.email,
        language=event.language,
        subject_id=event.change_id,
        facts={
            "changed_at": changed_at.isoformat(),
            "change": events_pb2.FactorChange.Name(event.change).removeprefix("FACTOR_CHANGE_"),
            "codes_left": event.recovery_codes_left,
            "is_staff": event.is_staff,
        },
        now=now,
    )


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


def _plan_link(session: Session, rule: Rule, event: LinkRequested, *, now: datetime) -> None:
    """A mail whose link is sealed for us, and not worth sending once it is dead."""
    messages.plan_for_user(
        session,
        rule,
        user_id=event.user_id,
        address=event.email,
        language=event.language,
        subject_id=event.request_id,
        sealed_token=event.sealed_token,
        expires_at=wire.unpack_optional_instant(event.expires_at),
        now=now,
    )
